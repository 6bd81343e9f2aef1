package exec_test

import (
	"context"
	"maps"
	"testing"
	"time"

	"authdance/flows"
	"authdance/flows/grants"
	"authdance/flows/wire"
)

// agreeing is a person who agrees to a device wherever they are sent.
type agreeing struct {
	flows.Performer
	store signingStorage
}

func (p agreeing) Perform(ctx context.Context, e flows.Effect) flows.Event {
	b, ok := e.(flows.Browse)
	if !ok {
		return p.Performer.Perform(ctx, e)
	}
	if err := p.store.CompleteDeviceAuthorization(ctx, b.Code.Raw(), "id2"); err != nil {
		return flows.Broke{ID: b.ID, Code: "browser_error_page", Message: wire.Untrusted(err.Error())}
	}
	return flows.Redirected{ID: b.ID, Via: flows.Away}
}

// after plays a flow that begins with what a login brought.
func (f foreignOP) after(t *testing.T, p flows.Performer, login flows.State, grant, auth, secret string, vars flows.Vars) flows.State {
	t.Helper()
	g, err := grants.Build(flows.Spec{Grant: grant})
	if err != nil {
		t.Fatal(err)
	}
	all := grants.Carry(g, login.Vars)
	maps.Copy(all, flows.Vars{"issuer": wire.Untrusted(f.issuer), "client_id": login.Vars["client_id"]})
	maps.Copy(all, vars)
	secrets := flows.Secrets{}
	if secret != "" {
		secrets["client_secret"] = wire.NewSecret(secret)
	}
	options := map[string]string{}
	if _, has := grants.Options(grant)["client_auth"]; has {
		options["client_auth"] = auth
	}
	started, err := grants.Start(flows.Spec{Grant: grant, Options: options}, flows.Profile{ID: "foreign", Class: "TEST"}, all, secrets, nil)
	if err != nil {
		t.Fatal(err)
	}
	s, _ := goOn(flows.Log{}.Append(time.Now(), started), p)
	return s
}

func mustGoWell(t *testing.T, s flows.State, ran ...string) {
	t.Helper()
	if s.Status != flows.Done {
		t.Fatalf("the run is %s at step %d: %+v", s.Status, s.Step, s.Problem)
	}
	for _, step := range ran {
		if i := s.Grant.Index(step); i < 0 || s.StatusOf(i) != flows.StepOK {
			t.Errorf("step %s did not run", step)
		}
	}
	for _, c := range s.Checks() {
		if c.Status == wire.Fail || c.Status == wire.Unknown {
			t.Errorf("%s %s: %s (got %q, want %q)", c.Status, c.ID, c.Message, c.Got, c.Want)
		}
	}
}

// What our client can do beside the login works at a server that none of us wrote.
func TestForeignOPDoesTheOtherGrants(t *testing.T) {
	f := startForeignOP(t, opOptions{})
	p := simulated(t)
	login, _ := goOn(f.codeFlow("client_secret_basic").begin(t), p)
	mustBeDone(t, login)
	const basic = "client_secret_basic"
	t.Run("userinfo", func(t *testing.T) {
		mustGoWell(t, f.after(t, p, login, "userinfo", "", "", flows.Vars{"scope": scope}), "userinfo")
	})
	t.Run("introspection", func(t *testing.T) {
		s := f.after(t, p, login, "introspect", basic, foreignSecret, nil)
		mustGoWell(t, s, "introspect")
		if s.Vars["token_active"] != "true" {
			t.Errorf("the token is not active: %s", s.Vars["introspection"].Safe())
		}
	})
	t.Run("token exchange", func(t *testing.T) {
		s := f.after(t, p, login, "token_exchange", basic, foreignSecret, flows.Vars{"scope": "openid",
			"actor_token": login.Vars["access_token"], "requested_token_type": "urn:ietf:params:oauth:token-type:access_token"})
		mustGoWell(t, s, "token")
		passed(t, s, "issued_token_type")
	})
	t.Run("client credentials", func(t *testing.T) {
		mustGoWell(t, f.after(t, p, login, "client_credentials", basic, "verysecret", flows.Vars{"client_id": "sid1", "scope": "openid"}), "token")
	})
	t.Run("device", func(t *testing.T) {
		mustGoWell(t, f.after(t, agreeing{p, f.store}, login, "device_code", basic, foreignSecret, flows.Vars{"client_id": "tv", "scope": "openid profile"}), "verify", "token")
	})
	t.Run("revocation", func(t *testing.T) {
		mustGoWell(t, f.after(t, p, login, "revoke", basic, foreignSecret, nil), "revoke")
		s := f.after(t, p, login, "introspect", basic, foreignSecret, nil)
		if s.Vars["token_active"] != "false" {
			t.Errorf("the token is still active: %s", s.Vars["introspection"].Safe())
		}
	})
}
