package grants

import (
	"time"

	"authdance/flows"
	"authdance/flows/wire"
)

// device lets a device without a browser get tokens, RFC 8628.
var device = flows.Grant{
	ID: "device_code", Title: "Device authorization", Ref: "RFC 8628",
	About: "A device shows an address and a short code; the person types the code on a phone or a computer and agrees there. " +
		"For televisions, printers and command lines.",
	Steps: []flows.Step{
		discover,
		{ID: "device_authorization", Title: "Ask for a code to show", Ref: "RFC 8628 §3.1, §3.2", From: flows.Client, To: flows.AS, Auth: true,
			Why: "The server gives out two codes: a short one for the person, and a long one that only this device knows. " +
				"Both lead to the same decision, and both end after expires_in seconds.",
			Pages: []string{"device-flow-disabled", "client-authentication-failed", "invalid-scope", "endpoint-missing"},
			Needs: []string{"device_authorization_endpoint", "client_id"},
			Do:    post("device_authorization_endpoint", arg("scope"), several("resource"), extra),
			On:    takeDeviceCode},
		{ID: "verify", Title: "Person: type the code", Ref: "RFC 8628 §3.3", From: flows.Client, To: flows.Browser, Front: true,
			Why: "The person opens the address on any device, compares the code with the one on this screen, signs in and agrees. " +
				"The device learns nothing of it here: it has to ask.",
			Pages: []string{"device-wrong-code", "device-declined"},
			Needs: []string{"verification_uri", "user_code"},
			Do:    showCode, On: onTheWay},
		{ID: "token", Title: "Poll for the tokens", Ref: "RFC 8628 §3.4, §3.5", From: flows.Client, To: flows.AS, Auth: true,
			Why: "The device asks again and again, never faster than interval, until the person has decided. " +
				"slow_down adds five seconds for good; when the code has run out, asking is of no use any more.",
			Pages: []string{"device-authorization-pending", "device-slow-down", "device-code-expired", "device-declined", "device-code-used"},
			Needs: []string{"token_endpoint", "client_id", "device_code"},
			Until: lifetimeOf("device_authorization"),
			Do:    post("token_endpoint", lit("grant_type", "urn:ietf:params:oauth:grant-type:device_code"), arg("device_code")),
			On:    polling(takeTokens), Lost: backingOff},
		validate, userinfo, callAPI,
	},
}

func takeDeviceCode(s flows.State, e flows.Entry) flows.Verdict {
	doc, v, ok := answer(e)
	if !ok {
		return v
	}
	older := doc.Str("verification_uri") == "" && doc.Str("verification_url") != ""
	names := []string{"device_code", "user_code", "verification_uri", "?verification_uri_complete", "?interval", "?expires_in"}
	if older {
		names[2] = "?verification_uri"
	}
	v = take(names...)(s, e)
	if older {
		v.Set["verification_uri"] = wire.Untrusted(doc.Str("verification_url"))
		v.Checks = append(v.Checks, wire.Check{ID: "nonstandard_answer", Status: wire.Warn, Got: "verification_url", Want: "verification_uri", Ref: "RFC 8628 §3.2",
			Message: "the answer says verification_url, as drafts did; authdance reads it as verification_uri"})
	}
	if v.Set["expires_in"] == "" {
		v.Checks = append(v.Checks, wire.Check{ID: "expires_in_type", Status: wire.Warn, Want: "seconds", Ref: "RFC 8628 §3.2",
			Message: "the answer does not say how long the codes live; authdance polls until the server ends it"})
	}
	return v
}

// showCode sends the person to the address that has the code in it already, or
// to the plain one (RFC 8628 §3.3.1).
func showCode(s flows.State) flows.Effect {
	to := s.Vars["verification_uri_complete"]
	if to == "" {
		to = s.Vars["verification_uri"]
	}
	return flows.Browse{Request: flows.Request{Method: "GET", URL: to}, Code: s.Vars["user_code"]}
}

// onTheWay takes the fact that the person was sent: nobody comes back.
func onTheWay(_ flows.State, e flows.Entry) flows.Verdict {
	if _, ok := e.Event.(flows.Redirected); ok {
		return flows.Verdict{}
	}
	return unexpected(e)
}

// lifetimeOf ends a wait when the expires_in of the named step's answer is over.
func lifetimeOf(step string) func(flows.State) time.Time {
	return func(s flows.State) time.Time {
		r := s.ResultOf(step)
		n := seconds(r.Set["expires_in"], 0)
		if n == 0 || r.Ended.IsZero() {
			return time.Time{}
		}
		return r.Ended.Add(time.Duration(n) * time.Second)
	}
}
