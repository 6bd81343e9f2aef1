package lab_test

import (
	"net/url"
	"strings"
	"testing"
)

func TestDialectsOfTheTokenEndpoint(t *testing.T) {
	b := newBench(t)
	tenant, err := b.lab.Tenant("default")
	if err != nil {
		t.Fatal(err)
	}
	speak := func(name string) {
		if err := tenant.SetDialect(name); err != nil {
			t.Fatal(err)
		}
	}
	speak("entra")
	form := b.tokenForm(t)
	b.send(t, b.lab.Issuer()+"/token", form)
	a := b.send(t, b.lab.Issuer()+"/token", form)
	codes, _ := a.json["error_codes"].([]any)
	if a.status != 400 || a.str("error") != "invalid_grant" || !strings.HasPrefix(a.str("error_description"), "AADSTS54005: This code was used before") ||
		len(codes) != 1 || codes[0] != 54005.0 || a.str("trace_id") == "" || a.str("timestamp") != "2031-05-06 07:08:09Z" {
		t.Errorf("entra = %d %s", a.status, a.text)
	}
	speak("github")
	a = b.send(t, b.lab.Issuer()+"/token", form)
	got, err := url.ParseQuery(a.text)
	if err != nil || a.status != 200 || got.Get("error") != "bad_verification_code" || got.Get("error_description") == "" {
		t.Errorf("github = %d %s", a.status, a.text)
	}
	speak("google")
	if a := b.poll(t, b.askDevice(t).str("device_code")); a.status != 428 || a.str("error") != "authorization_pending" {
		t.Errorf("google = %d %s", a.status, a.text)
	}
	speak("rfc")
	wantRefusal(t, b.send(t, b.lab.Issuer()+"/token", form), 400, "invalid_grant", "used before")
	if tenant.SetDialect("klingon") == nil {
		t.Error("an unknown dialect was accepted")
	}
}
