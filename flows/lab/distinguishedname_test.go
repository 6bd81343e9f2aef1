package lab

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"testing"
)

// RFC 4514 §4 and what people paste: which texts name the same subject.
func TestDistinguishedNamesAreComparedByTheirParts(t *testing.T) {
	der := func(n pkix.Name) pkix.RDNSequence {
		raw, err := asn1.Marshal(n.ToRDNSequence())
		if err != nil {
			t.Fatal(err)
		}
		var dn pkix.RDNSequence
		if _, err := asn1.Unmarshal(raw, &dn); err != nil {
			t.Fatal(err)
		}
		return dn
	}
	subject := pkix.Name{CommonName: "Lučić, the app", Organization: []string{"ACME  Inc."}, Country: []string{"HR"}}
	for text, same := range map[string]bool{
		subject.String(): true,
		`CN=Lu\C4\8Di\C4\87\, the app,O=ACME Inc.,C=HR`:          true,
		`cn=lučić\2C The App, o=acme inc., c=hr`:                 true,
		`2.5.4.3=Lučić\, the app,2.5.4.10=ACME Inc.,C=#13024852`: true,
		`C=HR,O=ACME Inc.,CN=Lučić\, the app`:                    false, // the order counts
		`CN=Lučić\, the app,O=ACME Inc.`:                         false,
		`CN=Lučić, the app,O=ACME Inc.,C=HR`:                     false,
		`CN=Lučić\, the app+O=ACME Inc.,C=HR`:                    false,
	} {
		dn, ok := parseDN(text)
		if got := ok && sameDN(dn, der(subject)); got != same {
			t.Errorf("%s: same = %v, want %v (%v)", text, got, same, dn)
		}
	}
	for _, bad := range []string{"", "workshop", "CN", "=x", "CN=", "NAME=x", `CN=a\`, `CN=a\z1`, `CN="a"`, "CN=#zz", "CN=#30", "1=x", "-1.2=x", "CN=a,,O=b"} {
		if dn, ok := parseDN(bad); ok {
			t.Errorf("%q was read as %v", bad, dn)
		}
	}
}

func FuzzDistinguishedName(f *testing.F) {
	f.Add(`CN=a\, b+OU=c,O=#13024852`)
	f.Fuzz(func(t *testing.T, text string) {
		if dn, ok := parseDN(text); ok && !sameDN(dn, dn) {
			t.Errorf("%q is not itself", text)
		}
	})
}
