package exec

import (
	"cmp"
	"context"
	"maps"
	"testing"
	"time"

	"authdance/flows"
	"authdance/flows/grants"
	"authdance/flows/lab"
	"authdance/flows/provider"
	"authdance/flows/wire"
)

// labRuns plays grants against one lab as a headless run does: with the client
// that suits the grant, after a sign-in where the grant begins with a token.
type labRuns struct {
	t    *testing.T
	lab  *lab.Lab
	with *SignIn
}

func inTheLab(t *testing.T) *labRuns {
	t.Helper()
	l, err := lab.New(lab.Options{Tenants: []string{"partner"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return runsIn(t, l, Options{Transport: l.Transport()})
}

// onTheNetwork is a lab with ports, which its pages and its calls reach others from.
func onTheNetwork(t *testing.T) *labRuns {
	t.Helper()
	l, err := lab.Start(lab.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return runsIn(t, l, Options{})
}

func runsIn(t *testing.T, l *lab.Lab, o Options) *labRuns {
	t.Helper()
	s, err := NewSignIn(SignInOptions{Options: o, User: "alice", Password: "password", Code: lab.SecondFactor})
	if err != nil {
		t.Fatal(err)
	}
	return &labRuns{t, l, s}
}

// as lets the runs that follow use the keys of the client.
func (r *labRuns) as(clientID string) {
	r.t.Helper()
	o := r.with.o.Options
	if jwk, err := r.lab.ClientKey(clientID); err == nil {
		k, err := ParseKey(jwk)
		if err != nil {
			r.t.Fatal(err)
		}
		o.Keys = map[string]Key{ClientKey: k, DecryptKey: k}
	}
	live, err := NewLive(o)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { live.Close() })
	r.with.o.Next = live
}

// run plays a grant; more overrules what the lab's profile says.
func (r *labRuns) run(grant string, options map[string]string, more flows.Vars) flows.State {
	r.t.Helper()
	whole := provider.ForLab(r.lab.Issuer(), r.lab.API())
	return r.play(whole, whole.For(grant), grant, options, more)
}

func (r *labRuns) play(whole, p provider.Profile, grant string, options map[string]string, more flows.Vars) flows.State {
	r.t.Helper()
	vars, secrets := flows.Vars(p.Vars()), flows.Secrets{}
	maps.Copy(vars, more)
	all := map[string]string{"client_auth": p.ClientAuth()}
	maps.Copy(all, options)
	for _, c := range r.lab.Clients() {
		if c.ID == vars["client_id"].Raw() && c.Secret != "" {
			secrets["client_secret"] = wire.NewSecret(c.Secret)
		}
	}
	g, err := grants.Build(flows.Spec{Grant: grant, Options: all})
	if err != nil {
		r.t.Fatal(err)
	}
	if len(grants.Lacks(g, vars, secrets)) > 0 {
		first := r.play(whole, whole.Before(grant), "authorization_code", nil, nil)
		if first.Status != flows.Done {
			r.t.Fatalf("the sign-in before is %s: %+v", first.Status, first.Problem)
		}
		for name, v := range grants.Carry(g, first.Vars) {
			if vars[name] == "" {
				vars[name] = v
			}
		}
	}
	started, err := grants.Start(flows.Spec{Grant: grant, Options: all}, flows.Profile{ID: p.ID, Name: p.Name, Class: p.Class, Quirks: p.Quirks}, vars, secrets, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	r.as(vars["client_id"].Raw())
	log := Run(context.Background(), flows.Log{}.Append(time.Now(), started), time.Now, r.with, nil)
	s, _ := log.At(len(log.Entries))
	return s
}

func TestEveryGrantCompletesInTheLabWithItsClient(t *testing.T) {
	for _, c := range []struct {
		grant, option, value string
	}{
		{grant: "authorization_code"}, {grant: "refresh_token"}, {grant: "discovery"}, {grant: "userinfo"}, {grant: "api"},
		{grant: "step_up"}, {grant: "token_exchange"}, {grant: "on_behalf_of"}, {grant: "introspect"}, {grant: "revoke"}, {grant: "logout"}, {grant: "ciba"}, {grant: "jwt_bearer"}, {grant: "saml2_bearer"}, {grant: "native_sso"}, {grant: "id_jag"},
		{grant: "resource_metadata"}, {grant: "register"}, {"client_configuration", "action", "read"}, {"client_configuration", "action", "update"}, {"client_configuration", "action", "delete"},
		{grant: "device_code"}, {grant: "client_credentials"}, {grant: "password"}, {grant: "silent_renewal"},
		{"implicit", "response_type", "id_token token"}, {"implicit", "response_type", "id_token"}, {"implicit", "response_type", "token"},
		{"hybrid", "response_type", "code id_token"}, {"hybrid", "response_type", "code token"}, {"hybrid", "response_type", "code id_token token"},
	} {
		t.Run(c.grant+" "+c.value, func(t *testing.T) {
			options := map[string]string{}
			if c.option != "" {
				options[c.option] = c.value
			}
			r := inTheLab(t)
			more := flows.Vars{}
			if c.grant == "saml2_bearer" {
				xml, err := r.lab.SAMLAssertion(lab.AssertionOptions{})
				if err != nil {
					t.Fatal(err)
				}
				more["assertion"] = wire.Untrusted(xml)
			}
			s := r.run(c.grant, options, more)
			if s.Status != flows.Done {
				t.Errorf("%s at step %d: %+v", s.Status, s.Step, s.Problem)
			}
			// What the flow is about must have happened, not been skipped.
			about := map[string]string{"step_up": "api_again", "jwt_bearer": "assertion", "native_sso": "device_secret", "id_jag": "id_jag", "logout": "signed_out", "revoke": "api",
				"introspect": "introspect", "resource_metadata": "discovery", "register": "register", "client_configuration": cmp.Or(c.value, "read"), "ciba": "other_device", "device_code": "verify",
				"implicit": "callback", "discovery": "discovery", "userinfo": "userinfo", "api": "api"}[c.grant]
			if i := s.Grant.Index(cmp.Or(about, "token")); s.StatusOf(i) != flows.StepOK {
				t.Errorf("step %s is %s", s.Grant.Steps[i].ID, s.StatusOf(i))
			}
			for i, st := range s.Grant.Steps {
				t.Logf("%-22s %s %s", st.ID, s.StatusOf(i), s.Results[i].Skipped)
			}
			for _, c := range s.Checks() {
				if c.Status == wire.Warn || c.Status == wire.Fail || c.Status == wire.Unknown {
					t.Logf("%s %s: %s (got %s, want %s)", c.Status, c.ID, c.Message, c.Got, c.Want)
				}
			}
		})
	}
}

// In ping the lab calls us, while the person answers in the simulated browser.
func TestTheLabCallsAClientThatWaitsForItsNotification(t *testing.T) {
	r := inTheLab(t)
	tenant, err := r.lab.Tenant("default")
	if err != nil {
		t.Fatal(err)
	}
	endpoint := freeAddress(t) + "/told"
	if err := tenant.SetCIBA("workshop-ciba-ping", lab.Backchannel{Mode: "ping", Endpoint: endpoint}); err != nil {
		t.Fatal(err)
	}
	s := r.run("ciba", map[string]string{"delivery": "ping"}, flows.Vars{"client_id": "workshop-ciba-ping", "client_notification_endpoint": wire.Untrusted(endpoint)})
	if s.Status != flows.Done || s.StatusOf(s.Grant.Index("notification")) != flows.StepOK || s.StatusOf(s.Grant.Index("token")) != flows.StepOK {
		t.Errorf("%s: %+v", s.Status, s.Problem)
	}
}

// A logout tells the applications that took part, by both ways.
func TestTheLabTellsAClientOfALogout(t *testing.T) {
	for _, way := range []string{"back_channel", "front_channel"} {
		r := onTheNetwork(t)
		tenant, err := r.lab.Tenant("default")
		if err != nil {
			t.Fatal(err)
		}
		uri := freeAddress(t) + "/told"
		if err := tenant.SetClientLogout("workshop-spa", lab.LogoutURIs{Backchannel: uri, Frontchannel: uri}); err != nil {
			t.Fatal(err)
		}
		s := r.run("logout", map[string]string{"notice": way}, flows.Vars{"backchannel_logout_uri": wire.Untrusted(uri), "frontchannel_logout_uri": wire.Untrusted(uri)})
		told, judged := s.StatusOf(s.Grant.Index("logout_notice")), s.StatusOf(s.Grant.Index("logout_token"))
		if s.Status != flows.Done || told != flows.StepOK || (way == "back_channel") != (judged == flows.StepOK) {
			t.Errorf("%s: %s %+v, told %s, judged %s", way, s.Status, s.Problem, told, judged)
		}
	}
}

// freeAddress is an address of this computer that nobody listens at.
func freeAddress(t *testing.T) string {
	t.Helper()
	ls, f := listenOn("127.0.0.1", "0")
	if f != nil {
		t.Fatal(f)
	}
	defer ls[0].Close()
	return "http://" + ls[0].Addr().String()
}
