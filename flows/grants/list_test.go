package grants_test

import (
	"strings"
	"testing"
	"time"

	"authdance/catalog"
	"authdance/flows"
	"authdance/flows/grants"
)

// Everything that people read of a flow is there: in the list, in --help, beside
// the step, in the diagram.
func TestEveryStepSaysWhatItIsAndWhy(t *testing.T) {
	for _, bare := range grants.List() {
		g, err := grants.Build(flows.Spec{Grant: bare.ID})
		if err != nil {
			t.Fatal(err)
		}
		if g.Title == "" || g.Ref == "" || len(g.About) < 40 {
			t.Errorf("%s: title %q, ref %q, about %q", g.ID, g.Title, g.Ref, g.About)
		}
		seen := map[string]bool{}
		for _, st := range g.Steps {
			switch {
			case seen[st.ID]:
				t.Errorf("%s: two steps are called %s", g.ID, st.ID)
			case st.Title == "" || st.Ref == "" || len(st.Pages) == 0 || st.From == "" || st.To == "" || st.On == nil:
				t.Errorf("%s %s: title %q, ref %q, pages %v, from %s to %s", g.ID, st.ID, st.Title, st.Ref, st.Pages, st.From, st.To)
			case len(st.Why) < 60 || !strings.HasSuffix(st.Why, "."):
				t.Errorf("%s %s: why is %q", g.ID, st.ID, st.Why)
			}
			seen[st.ID] = true
		}
	}
}

func TestEveryOptionHasADefaultAndChoices(t *testing.T) {
	for _, g := range grants.List() {
		for name, choices := range grants.Options(g.ID) {
			for _, choice := range choices {
				options := map[string]string{name: choice}
				if strings.HasPrefix(name, "jar_") {
					options["jar"] = "signed" // how a request object is, wants one
				}
				if _, err := grants.Build(flows.Spec{Grant: g.ID, Options: options}); err != nil {
					t.Errorf("%s %s=%s: %v", g.ID, name, choice, err)
				}
			}
			if len(choices) < 2 {
				t.Errorf("%s: %s has nothing to choose from: %v", g.ID, name, choices)
			}
		}
	}
}

// Where the list of steps and the picture beside it meet, a title may take 40
// columns of the 80; the picture itself has four lanes at most. It holds with
// everything that can be added to a flow.
func TestThePlanOfEveryFlowFits80Columns(t *testing.T) {
	for _, bare := range grants.List() {
		all := []map[string]string{nil}
		for name, choices := range grants.Options(bare.ID) {
			for _, choice := range choices {
				all = append(all, map[string]string{name: choice})
			}
		}
		if len(grants.Options(bare.ID)["jar"]) > 0 {
			all = append(all, map[string]string{"client_auth": "private_key_jwt", "par": "on", "jar": "encrypted", "response_mode": "form_post.jwt", "dpop": "on", "mtls": "on"},
				map[string]string{"client_auth": "self_signed_tls_client_auth", "jar": "signed", "jar_by": "reference", "mtls": "on"})
		}
		for _, options := range all {
			started, err := grants.Start(flows.Spec{Grant: bare.ID, Options: options}, flows.Profile{}, flows.Vars{}, nil, nil)
			if err != nil {
				continue // a choice that needs another one
			}
			s, _ := flows.Log{}.Append(time.Unix(0, 0), started).At(1)
			plan := flows.Diagram(s)
			for _, m := range plan {
				if len([]rune(m.Label)) > 40 {
					t.Errorf("%s %v: %q is too long for a diagram", bare.ID, options, m.Label)
				}
			}
			if n := len(flows.Parties(plan)); n > 4 {
				t.Errorf("%s %v: %d lanes", bare.ID, options, n)
			}
			for _, st := range s.Grant.Steps {
				if len([]rune(st.Title)) > 40 {
					t.Errorf("%s %v: %q is too long for a line of the list", bare.ID, options, st.Title)
				}
			}
		}
	}
}

// plannedPages are named by steps and not written yet. Whoever writes one takes it
// out of here.
const plannedPages = `acr-mismatch auth-time-too-old c-hash-mismatch ciba ciba-binding-message ciba-login-hint ciba-notification ciba-pending ciba-user-code client-assertion
dpop dynamic-registration frontchannel-logout-blocked id-jag introspection-refused jwt-bearer-assertion logout logout-token-invalid mcp-authorization-server mcp-resource-metadata mtls
native-sso obo-assertion registration-redirect-uris registration-refused registration-token resource-metadata resource-metadata-missing revocation-refused saml-bearer
token-exchange-actor token-exchange-subject token-inactive token-typ-confusion unauthorized-api-without-challenge unsupported-token-type`

// A step names pages of the catalog. One that is not there is not offered, so a
// misspelt one would never be missed.
func TestThePagesOfEveryStepExistOrArePlanned(t *testing.T) {
	book, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, id := range strings.Fields(plannedPages) {
		known[id] = true
	}
	for _, p := range book.Pages() {
		known[p.ID] = true
	}
	for _, bare := range grants.List() {
		g, _ := grants.Build(flows.Spec{Grant: bare.ID})
		for _, st := range g.Steps {
			for _, id := range st.Pages {
				if !known[id] {
					t.Errorf("%s %s: there is no page %s", g.ID, st.ID, id)
				}
			}
		}
	}
}
