package lab_test

import (
	"net/http"
	"net/url"
	"testing"

	"authdance/flows/lab"

	"golang.org/x/oauth2"
)

// From nothing to two open ports that answer.
func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		l, err := lab.Start(lab.Options{})
		if err != nil {
			b.Fatal(err)
		}
		l.Close()
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
