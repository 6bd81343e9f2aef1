package grants

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"authdance/flows"
	"authdance/flows/wire"
)

// register makes a client at the server, RFC 7591.
var register = flows.Grant{
	ID: "register", Title: "Dynamic registration", Ref: "RFC 7591 · OIDC Registration 1.0",
	About: "The application introduces itself to the server and gets a client_id, without a person filling in a form.",
	Steps: []flows.Step{discover, registration},
}

// manage reads, changes or removes a client that registered itself, RFC 7592.
var manage = flows.Grant{
	ID: "client_configuration", Title: "Client configuration", Ref: "RFC 7592",
	About: "A client that registered itself looks after its own entry at the server: reads it, replaces it, or removes it. " +
		"Without an entry to begin with, one is made first.",
	Takes: []flows.Given{{Name: "registration_client_uri", What: "the address of the client's entry", Optional: true},
		{Name: "registration_access_token", What: "the registration access token", Optional: true}},
	Choices: map[string][]string{"action": {"read", "update", "delete"}},
	Steps: []flows.Step{
		unless(discover, hasEntry), unless(registration, hasEntry),
		{ID: "read", Title: "Read the entry", Ref: "RFC 7592 §2.1", From: flows.Client, To: flows.AS,
			Why: "The registration access token is for this one entry and for nothing else. The answer shows what the server made of the registration; " +
				"a new token in it replaces the old one at once.",
			Pages: []string{"registration-token", "dynamic-registration"},
			Needs: []string{"registration_client_uri", "registration_access_token"},
			Do:    get("registration_client_uri", bearerOf("registration_access_token")), On: readEntry},
		{ID: "update", Title: "Replace the entry", Ref: "RFC 7592 §2.2", From: flows.Client, To: flows.AS,
			Why:   "An update replaces everything: a member that is left out is gone. So the whole entry goes back, without the members that belong to the server.",
			Skip:  onlyFor("update"),
			Pages: []string{"registration-refused", "registration-redirect-uris", "registration-token"},
			Needs: []string{"registration_client_uri", "registration_access_token", "client_entry"},
			Do:    sendJSON(http.MethodPut, "registration_client_uri", changedEntry, bearerOf("registration_access_token")), On: readEntry},
		{ID: "delete", Title: "Remove the client", Ref: "RFC 7592 §2.3", From: flows.Client, To: flows.AS,
			Why:   "The client is gone with everything that was given to it: its secret, its tokens and the registration access token.",
			Skip:  onlyFor("delete"),
			Pages: []string{"registration-token", "dynamic-registration"},
			Needs: []string{"registration_client_uri", "registration_access_token"},
			Do: func(s flows.State) flows.Effect {
				fx := get("registration_client_uri", bearerOf("registration_access_token"))(s).(flows.Send)
				fx.Request.Method = http.MethodDelete
				return fx
			},
			On: func(_ flows.State, e flows.Entry) flows.Verdict {
				if rec, ok := e.Event.(flows.Received); ok && rec.Exchange.Response.Status == http.StatusNoContent {
					return flows.Verdict{Set: flows.Vars{"registration_access_token": "", "client_entry": ""}}
				}
				_, v, ok := answer(e)
				if ok {
					v.Checks = append(v.Checks, wire.Check{ID: "nonstandard_answer", Status: wire.Warn, Want: "204 and no body", Ref: "RFC 7592 §2.3", Message: "the answer to a removal has a body; authdance reads it as done"})
				}
				return v
			}},
	},
}

func hasEntry(s flows.State) string {
	if s.Vars["registration_client_uri"] != "" && s.Born["registration_client_uri"] == "" {
		return "the entry to look after is known"
	}
	return ""
}

func onlyFor(action string) func(flows.State) string {
	return func(s flows.State) string {
		if got := s.Spec.Options["action"]; got != action {
			return "this run is to " + got + " the entry"
		}
		return ""
	}
}

var registration = flows.Step{
	ID: "register", Title: "Register the client", Ref: "RFC 7591 §3", From: flows.Client, To: flows.AS,
	Why: "The client says what it is: where people may be sent back to, which grants it uses, how it will authenticate. " +
		"The server may change any of it, so the answer counts and not the question.",
	Pages: []string{"registration-refused", "registration-redirect-uris", "dynamic-registration", "endpoint-missing"},
	Needs: []string{"registration_endpoint"},
	Do:    sendJSON(http.MethodPost, "registration_endpoint", newEntry, bearerOf("initial_access_token")), On: registered,
}

// sendJSON sends a JSON document to the place that a variable names.
func sendJSON(method, place string, body func(flows.State) wire.Untrusted, header ...field) func(flows.State) flows.Effect {
	return func(s flows.State) flows.Effect {
		h := []flows.Param{{Name: "Content-Type", Value: "application/json"}, accept("application/json")}
		return flows.Send{Request: flows.Request{Method: method, URL: s.Vars[place], Header: append(h, params(s, header)...), Body: body(s)}}
	}
}

// newEntry is the metadata to register: the person's own, or that of a small
// application for the code flow. Port 0 stands for any port of a loopback
// address, which is registered without one (RFC 8252 §7.3).
func newEntry(s flows.State) wire.Untrusted {
	if own := s.Vars["client_metadata"]; own != "" {
		return own
	}
	list := func(items ...string) wire.Untrusted {
		b, _ := json.Marshal(items) // a list of strings always encodes
		return wire.Untrusted(b)
	}
	uri := strings.Replace(s.Vars["redirect_uri"].Raw(), ":0/", "/", 1)
	members := []flows.Param{
		{Name: "client_name", Value: "authdance"},
		{Name: "redirect_uris", Value: list(uri), JSON: true},
		{Name: "grant_types", Value: list("authorization_code", "refresh_token"), JSON: true},
		{Name: "response_types", Value: list("code"), JSON: true},
		{Name: "token_endpoint_auth_method", Value: orElse("token_endpoint_auth_method", "none")(s)[0].Value},
	}
	if scope := s.Vars["scope"]; scope != "" {
		members = append(members, flows.Param{Name: "scope", Value: scope})
	}
	return wire.Untrusted(flows.Object(members))
}

// registered reads the answer of RFC 7591 §3.2.1.
func registered(s flows.State, e flows.Entry) flows.Verdict {
	v := take("client_id", "?client_secret", "?client_secret_expires_at", "?registration_access_token", "?registration_client_uri")(s, e)
	rec, ok := e.Event.(flows.Received)
	if v.Problem != nil || !ok {
		return v
	}
	res := rec.Exchange.Response
	if res.Status != http.StatusCreated {
		v.Checks = append(v.Checks, wire.Check{ID: "nonstandard_answer", Status: wire.Warn, Got: fmt.Sprint(res.Status), Want: "201", Ref: "RFC 7591 §3.2.1", Message: "a new client is answered with status 201"})
	}
	if v.Set["client_secret"] != "" && v.Set["client_secret_expires_at"] == "" {
		v.Checks = append(v.Checks, wire.Check{ID: "nonstandard_answer", Status: wire.Warn, Want: "client_secret_expires_at", Ref: "RFC 7591 §3.2.1",
			Message: "the answer has a secret and does not say when it expires; 0 would mean never"})
	}
	doc, _, _ := answer(e)
	v.Set["client_entry"] = res.Body
	v.Checks = append(v.Checks, changes(rec.Exchange.Request.Body, doc)...)
	return v
}

// changes names what the server registered in another way than it was asked.
func changes(asked wire.Untrusted, got wire.Value) []wire.Check {
	want, _, err := wire.ParseJSON([]byte(asked.Raw()), wire.Limits{})
	if err != nil {
		return nil
	}
	const ref = "RFC 7591 §3.2.1"
	out := []wire.Check{}
	for _, m := range want.Members {
		other, has := got.Get(m.Name)
		if has && other.Indent() == m.Value.Indent() {
			continue
		}
		c := wire.Check{ID: "registration_changed", Status: wire.Warn, Got: wire.Safe(other.Indent()), Want: wire.Safe(m.Value.Indent()), Ref: ref,
			Message: "the server registered another " + wire.Safe(m.Name) + " than it was asked for"}
		if !has {
			c.Got, c.Message = "nothing", "the answer does not say what became of "+wire.Safe(m.Name)
		}
		out = append(out, c)
	}
	if len(out) == 0 {
		out = append(out, wire.Check{ID: "registration_changed", Status: wire.Pass, Ref: ref, Message: "everything was registered as it was asked for"})
	}
	return out
}

// readEntry takes the entry, and the new token where one came (RFC 7592 §3).
func readEntry(s flows.State, e flows.Entry) flows.Verdict {
	v := take("client_id", "?registration_access_token", "?registration_client_uri")(s, e)
	rec, ok := e.Event.(flows.Received)
	if v.Problem != nil || !ok {
		return v
	}
	for _, name := range []string{"registration_access_token", "registration_client_uri"} {
		if v.Set[name] == "" {
			delete(v.Set, name)
		}
	}
	if next := v.Set["registration_access_token"]; next != "" && next != s.Vars["registration_access_token"] {
		v.Checks = append(v.Checks, wire.Check{ID: "registration_token_replaced", Status: wire.Warn, Ref: "RFC 7592 §3", Message: "the server gave a new registration access token; the old one must not be used again"})
	}
	v.Set["client_entry"] = rec.Exchange.Response.Body
	return v
}

// changedEntry is the whole entry with another name, without what only the
// server may write (RFC 7592 §2.2).
func changedEntry(s flows.State) wire.Untrusted {
	if own := s.Vars["client_metadata"]; own != "" {
		return own
	}
	src := []byte(s.Vars["client_entry"].Raw())
	doc, _, err := wire.ParseJSON(src, wire.Limits{})
	if err != nil {
		return s.Vars["client_entry"]
	}
	members := []flows.Param{}
	for _, m := range doc.Members {
		if slices.Contains([]string{"registration_access_token", "registration_client_uri", "client_secret_expires_at", "client_id_issued_at", "client_name"}, m.Name) {
			continue
		}
		members = append(members, flows.Param{Name: m.Name, Value: wire.Untrusted(m.Value.Raw(src)), JSON: true})
	}
	return wire.Untrusted(flows.Object(append(members, flows.Param{Name: "client_name", Value: "authdance, updated"})))
}
