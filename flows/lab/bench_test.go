package lab_test

import (
	"net/http"
	"net/url"
	"slices"
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

func BenchmarkClientCredentials(b *testing.B) {
	l, err := lab.New(lab.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	w := &bench{lab: l, rt: l.Transport()}
	for b.Loop() {
		if a := w.service(b); a.status != http.StatusOK {
			b.Fatal(a.text)
		}
	}
}

// Authorization request, sign-in, consent, token request.
func BenchmarkCodeFlow(b *testing.B) {
	l, err := lab.New(lab.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	verifier := oauth2.GenerateVerifier()
	for b.Loop() {
		w := &bench{lab: l, rt: l.Transport(), browser: newBrowser(l.Transport())}
		form := w.authorizeForm()
		form.Set("code_challenge", oauth2.S256ChallengeFromVerifier(verifier))
		back, err := w.browser.visit(l.Issuer() + "/authorize?" + form.Encode())
		if err != nil {
			b.Fatal(err)
		}
		a := w.send(b, l.Issuer()+"/token", url.Values{"grant_type": {"authorization_code"}, "client_id": {"workshop-spa"},
			"code": {back.Get("code")}, "redirect_uri": {callback}, "code_verifier": {verifier}})
		if a.status != http.StatusOK {
			b.Fatal(a.text)
		}
	}
}
