package lab

import (
	"encoding/base64"
	"testing"
	"time"
)

// Foreign XML never panics, and what verify lets through is what was signed.
func FuzzSAML(f *testing.F) {
	own, err := newSAMLIdentity("idp")
	if err != nil {
		f.Fatal(err)
	}
	now := time.Unix(1_900_000_000, 0)
	o := AssertionOptions{Issuer: "idp", Subject: "alice", Audience: "as", Recipient: "as/token", Lifetime: time.Minute}
	good, err := own.assertion(o, "_id", now)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte(`<Assertion xmlns="urn:oasis:names:tc:SAML:2.0:assertion" ID="a" Version="2.0" IssueInstant="2030-01-01T00:00:00Z"><Signature xmlns="http://www.w3.org/2000/09/xmldsig#"><SignedInfo/></Signature></Assertion>`))
	f.Fuzz(func(t *testing.T, xml []byte) {
		a, bad := readSAML(samlGrant, base64.RawURLEncoding.EncodeToString(xml))
		if bad != "" {
			return
		}
		_ = samlLimits{kind: samlGrant, now: now, audiences: []string{"as"}, recipients: []string{"as/token"}}.check(a)
		if bad = a.verify(own.trusted()); bad == "" && (a.subject() != "alice" || a.id() != "_id" || a.issuer() != "idp") {
			t.Errorf("verified what nobody signed: %s", xml)
		}
	})
}

func BenchmarkSAMLVerify(b *testing.B) {
	own, err := newSAMLIdentity("idp")
	if err != nil {
		b.Fatal(err)
	}
	good, err := own.assertion(AssertionOptions{Issuer: "idp", Subject: "alice"}, "_id", time.Unix(1_900_000_000, 0))
	if err != nil {
		b.Fatal(err)
	}
	text := base64.RawURLEncoding.EncodeToString(good)
	for b.Loop() {
		a, bad := readSAML(samlGrant, text)
		if bad == "" {
			bad = a.verify(own.trusted())
		}
		if bad != "" {
			b.Fatal(bad)
		}
	}
}
