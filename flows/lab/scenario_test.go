package lab_test

import (
	"net/http"
	"strings"
	"testing"
)

// Faults of the authorization endpoint come back to the client or stand on a
// page; either way with their own sentence.
func TestAuthorizationScenarios(t *testing.T) {
	b := newBench(t)
	said := map[string]string{}
	redirected, shown := 0, 0
	for _, f := range b.lab.Faults() {
		if f.Step != "authorize" {
			continue
		}
		a := b.send(t, b.lab.Issuer()+"/authorize?"+b.authorizeForm().Encode(), nil, "X-Lab-Fault", f.Key)
		var words string
		switch to := a.header.Get("Location"); {
		case a.status == http.StatusSeeOther:
			redirected++
			req, _ := http.NewRequest(http.MethodGet, to, nil)
			back := req.URL.Query()
			words = back.Get("error_description")
			if back.Get("error") != f.Breaks || back.Get("state") != "s" || back.Has("code") {
				t.Errorf("%s: %v", f.Key, back)
			}
		case a.status == http.StatusBadRequest || a.status == http.StatusForbidden:
			shown++
			_, rest, _ := strings.Cut(a.text, `<p role="alert">`)
			words, _, _ = strings.Cut(rest, "</p>")
			if !strings.Contains(a.text, "<code>"+f.Breaks+"</code>") {
				t.Errorf("%s: %s", f.Key, a.text)
			}
		default:
			t.Errorf("%s: %d", f.Key, a.status)
		}
		if words == "" || said[words] != "" {
			t.Errorf("%s says %q, as %s does", f.Key, words, said[words])
		}
		said[words] = f.Key
		if back := b.try(t); back.Get("code") == "" {
			t.Fatalf("after %s nothing works: %v", f.Key, back)
		}
	}
	if redirected < 10 || shown < 10 {
		t.Errorf("%d come back, %d are shown", redirected, shown)
	}
}

func TestTokenScenariosEachSayTheirOwn(t *testing.T) {
	b := newBench(t)
	said := map[string]string{}
	for _, f := range b.lab.Faults() {
		if f.Step != "token" || f.Breaks == "connection_reset" {
			continue
		}
		a := b.send(t, b.lab.Issuer()+"/token", b.tokenForm(t), "X-Lab-Fault", f.Key)
		if a.status == 200 || a.str("error") == "" {
			continue
		}
		words := a.str("error_description")
		if words == "" || said[words] != "" {
			t.Errorf("%s says %q, as %s does", f.Key, words, said[words])
		}
		said[words] = f.Key
	}
	if len(said) < 25 {
		t.Errorf("%d refusals only", len(said))
	}
}
