package lab_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"net/http"
	"net/url"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"authdance/flows/lab"

	"golang.org/x/oauth2"
)

// From nothing to three open ports that answer.
func BenchmarkStart(b *testing.B) {
	var took []time.Duration
	for b.Loop() {
		begin := time.Now()
		l, err := lab.Start(lab.Options{})
		if err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(begin))
		l.Close()
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "ms/median")
}

// The first TLS connection waits for the authority and the certificates; the
// token request of a client with a certificate is in it.
func BenchmarkStartToFirstCertificate(b *testing.B) {
	for b.Loop() {
		w := newTLSBench(b)
		own := w.showing(b, w.certificate(b, "workshop-mtls"))
		if a := own.send(b, w.lab.MTLS()+"/default/token", credentialsForm("workshop-mtls")); a.status != http.StatusOK {
			b.Fatal(a.text)
		}
		own.rt.(*http.Transport).CloseIdleConnections()
		w.lab.Close()
	}
}

// Token requests over one TLS connection that shows a certificate.
func BenchmarkCertificateClient(b *testing.B) {
	w := newTLSBench(b)
	own := w.showing(b, w.certificate(b, "workshop-mtls"))
	for b.Loop() {
		if a := own.send(b, w.lab.MTLS()+"/default/token", credentialsForm("workshop-mtls")); a.status != http.StatusOK {
			b.Fatal(a.text)
		}
	}
}

// ceiling compares what the lab does with the signatures that this takes, on
// all cores: no server of this machine can be faster than they are. The two take
// turns, so that whatever else the machine does slows both down.
func ceiling(b *testing.B, bare, whole func() error) {
	b.Helper()
	for _, warm := range []func() error{bare, whole} { // an RSA key is made when it is first needed
		if err := warm(); err != nil {
			b.Fatal(err)
		}
	}
	var took [2]atomic.Int64
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			for i, one := range []func() error{bare, whole} {
				begin := time.Now()
				if err := one(); err != nil {
					b.Error(err)
				}
				took[i].Add(int64(time.Since(begin)))
			}
		}
	})
	var rate [2]float64
	for i := range took {
		rate[i] = float64(b.N) / (time.Duration(took[i].Load()).Seconds() / float64(runtime.GOMAXPROCS(0)))
	}
	b.ReportMetric(rate[0], "bare/s")
	b.ReportMetric(rate[1], "lab/s")
	b.ReportMetric(rate[1]/rate[0], "of-ceiling")
	b.ReportMetric(0, "ns/op")
}

// signatures are made as the lab makes them for one answer.
func signatures(b *testing.B, algs ...string) func() error {
	b.Helper()
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	rs, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		b.Fatal(err)
	}
	keys := map[string]crypto.Signer{"ES256": ec, "RS256": rs}
	sum := sha256.Sum256([]byte("signing input"))
	return func() error {
		for _, alg := range algs {
			if _, err := keys[alg].Sign(rand.Reader, sum[:], crypto.SHA256); err != nil {
				return err
			}
		}
		return nil
	}
}

// Token requests for an access token, and for one with an ID token of either algorithm.
func BenchmarkTokenRequests(b *testing.B) {
	for _, c := range []struct {
		name, alg, scope string
		signs            []string
	}{
		{"access", "ES256", "read", []string{"ES256"}},
		{"ES256", "ES256", "openid read", []string{"ES256", "ES256"}},
		{"RS256", "RS256", "openid read", []string{"ES256", "RS256"}},
	} {
		b.Run(c.name, func(b *testing.B) {
			l, err := lab.New(lab.Options{})
			if err != nil {
				b.Fatal(err)
			}
			defer l.Close()
			if err := l.SetIDTokenAlg("workshop-legacy", c.alg); err != nil {
				b.Fatal(err)
			}
			w := &bench{lab: l, rt: l.Transport()}
			form := url.Values{"grant_type": {"password"}, "client_id": {"workshop-legacy"}, "username": {"alice"}, "password": {"password"}, "scope": {c.scope}}
			ceiling(b, signatures(b, c.signs...), func() error {
				if a := w.send(b, l.Issuer()+"/token", form); a.status != http.StatusOK {
					return errors.New(a.text)
				}
				return nil
			})
		})
	}
}

// Authorization request, sign-in, consent, token request.
func BenchmarkCodeFlow(b *testing.B) {
	for _, alg := range []string{"ES256", "RS256"} {
		b.Run(alg, func(b *testing.B) {
			l, err := lab.New(lab.Options{})
			if err != nil {
				b.Fatal(err)
			}
			defer l.Close()
			if err := l.SetIDTokenAlg("workshop-spa", alg); err != nil {
				b.Fatal(err)
			}
			verifier := oauth2.GenerateVerifier()
			ceiling(b, signatures(b, "ES256", alg), func() error {
				w := &bench{lab: l, rt: l.Transport(), browser: newBrowser(l.Transport())}
				form := w.authorizeForm()
				form.Set("code_challenge", oauth2.S256ChallengeFromVerifier(verifier))
				back, err := w.browser.visit(l.Issuer() + "/authorize?" + form.Encode())
				if err != nil {
					return err
				}
				a := w.send(b, l.Issuer()+"/token", url.Values{"grant_type": {"authorization_code"}, "client_id": {"workshop-spa"},
					"code": {back.Get("code")}, "redirect_uri": {callback}, "code_verifier": {verifier}})
				if a.status != http.StatusOK {
					return errors.New(a.text)
				}
				return nil
			})
		})
	}
}
