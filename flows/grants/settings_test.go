package grants

import (
	"slices"
	"strings"
	"testing"
)

func names(list []Setting) string {
	var out []string
	for _, s := range list {
		out = append(out, s.Name)
	}
	return strings.Join(out, " ")
}

func TestEveryOptionOfEveryGrantIsASettingWithWords(t *testing.T) {
	for _, g := range List() {
		rows := Settings(g.ID)
		for name, choices := range Options(g.ID) {
			i := slices.IndexFunc(rows, func(s Setting) bool { return s.Name == name })
			if i < 0 || !slices.Equal(rows[i].Choices, choices) {
				t.Errorf("%s: the option %s is not a setting with its choices", g.ID, name)
			}
		}
		for _, s := range rows {
			if s.What == "" || s.Ref == "" || strings.HasSuffix(s.What, ".") {
				t.Errorf("%s: %s says %q (%s)", g.ID, s.Name, s.What, s.Ref)
			}
		}
	}
}

// What a grant sends is read from its requests.
func TestTheValuesOfAGrantAreThoseItSends(t *testing.T) {
	for grant, want := range map[string]string{
		"client_credentials": "client_auth client_assertion_aud dpop mtls scope resource audience",
		"revoke":             "client_auth client_assertion_aud token_type_hint",
		"password":           "client_auth client_assertion_aud dpop mtls scope",
		"discovery":          "",
	} {
		if got := names(Settings(grant)); got != want {
			t.Errorf("%s: %s, want %s", grant, got, want)
		}
	}
	code := names(Settings("authorization_code"))
	for _, want := range []string{"scope", "resource", "prompt", "max_age", "acr_values", "claims", "authorization_details"} {
		if !strings.Contains(code, want) {
			t.Errorf("authorization_code has no setting %s: %s", want, code)
		}
	}
	if ciba := names(Settings("ciba")); strings.Contains(ciba, " login_hint ") || !strings.Contains(ciba, "binding_message") {
		t.Errorf("ciba: %s; login_hint is what it begins with", ciba)
	}
}

func TestAValueThatCannotBeMeantIsExplained(t *testing.T) {
	for name, v := range map[string]string{"max_age": "an hour", "claims": "[]", "authorization_details": "{}", "prompt": "none login"} {
		if err := CheckValue(name, v); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s %q: %v", name, v, err)
		}
	}
	for name, v := range map[string]string{"max_age": "0", "claims": `{"userinfo":{}}`, "authorization_details": "[]", "prompt": "login consent", "scope": "any thing"} {
		if err := CheckValue(name, v); err != nil {
			t.Errorf("%s %q: %v", name, v, err)
		}
	}
}
