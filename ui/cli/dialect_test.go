package cli

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"authdance/catalog"
	"authdance/flows/lab"
)

// Whoever pastes a refusal of the lab, in the words of any product, is led to
// a page; where the product has a code of its own, to that code.
func TestTheCatalogRecognisesTheRefusalsOfEveryDialect(t *testing.T) {
	book, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	l, err := lab.New(lab.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	send := func(dialect, at string, form url.Values) string {
		method := http.MethodGet
		if form != nil {
			method = http.MethodPost
		}
		req, _ := http.NewRequest(method, at, strings.NewReader(form.Encode()))
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set(lab.DialectHeader, dialect)
		res, err := l.Transport().RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		raw, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(raw) + strings.Join(res.Header["Location"], " ")
	}
	code := url.Values{"grant_type": {"authorization_code"}, "client_id": {"workshop-spa"}, "code": {"x"}, "redirect_uri": {"http://127.0.0.1/callback"}}
	secret := url.Values{"grant_type": {"client_credentials"}, "client_id": {"workshop-service"}, "client_secret": {"x"}}
	refresh := url.Values{"grant_type": {"refresh_token"}, "client_id": {"workshop-spa"}, "refresh_token": {"x"}}
	silent := l.Issuer() + "/authorize?client_id=workshop-spa&response_type=code&scope=openid&prompt=none&redirect_uri=http://127.0.0.1/callback" +
		"&code_challenge_method=S256&code_challenge=" + strings.Repeat("A", 43)
	const atAPI = 4
	own := map[string][]string{ // what must be found of the product's own words
		"entra": {"AADSTS70000", "AADSTS7000215", "AADSTS70000", "AADSTS50058", ""},
		"okta":  {"", "", "", "", "E0000011"},
	}
	for _, d := range lab.Dialects() {
		for i, text := range []string{
			send(d.Name, l.Issuer()+"/token", code), send(d.Name, l.Issuer()+"/token", secret), send(d.Name, l.Issuer()+"/token", refresh),
			send(d.Name, silent, nil), send(d.Name, l.API()+"/api/profile", nil),
		} {
			hits := book.Recognise(text)
			if i == atAPI && own[d.Name] == nil {
				continue // a bare message of an API names nothing
			}
			if len(hits) == 0 {
				t.Errorf("%s %d: nothing recognised in %s", d.Name, i, text)
				continue
			}
			if want := own[d.Name]; want != nil && want[i] != "" && hits[0].Code != want[i] {
				t.Errorf("%s %d: found %+v in %s, want %s first", d.Name, i, hits[0], text, want[i])
			}
		}
	}
}
