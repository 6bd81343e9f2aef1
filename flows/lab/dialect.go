package lab

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
)

// dialects in which a tenant can refuse token requests: RFC 6749 §5.2, and the
// ways of products that people meet. The protocol stays the same.
func dialects() []string { return []string{"rfc", "entra", "github", "google"} }

// SetDialect makes the refusals of the tenant's token endpoint look like those
// of a product: "rfc" (the default), "entra", "github" or "google". Another
// name is an error.
func (t Tenant) SetDialect(name string) error {
	if !slices.Contains(dialects(), name) {
		return fmt.Errorf("lab: no dialect is called %q; there are %s", name, joined(dialects()))
	}
	t.t.dialect.Store(&name)
	return nil
}

// translate says a refusal of the token endpoint in the tenant's dialect.
func (x *exchange) translate(p problem, out reply) reply {
	dialect := x.tenant.dialect.Load()
	if dialect == nil || x.route.name != routeToken && x.route.name != routeDevice {
		return out
	}
	switch *dialect {
	case "entra":
		x.speakEntra(p, out.json)
	case "github":
		// An error is a success there, and a form unless JSON is asked for.
		out.status, out.json["error"] = http.StatusOK, githubCode(p, out.json["error"])
		out.header.Del("WWW-Authenticate")
		out.header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
		out.rewrite = formEncoded
	case "google":
		switch p {
		case devicePending:
			out.status = http.StatusPreconditionRequired
		case deviceSlowDown, deviceDenied:
			out.status = http.StatusForbidden
		}
	}
	return out
}

// speakEntra adds what Microsoft Entra ID adds: a number that people search
// for, and identifiers that its support asks for.
func (x *exchange) speakEntra(p problem, members map[string]any) {
	number := entraNumber(p)
	at := x.now().UTC().Format("2006-01-02 15:04:05Z")
	trace, correlation := x.lab.random.text(), x.lab.random.text()
	members["error_description"] = fmt.Sprintf("AADSTS%d: %v Trace ID: %s Correlation ID: %s Timestamp: %s", number, members["error_description"], trace, correlation, at)
	members["error_codes"] = []int{number}
	members["timestamp"], members["trace_id"], members["correlation_id"] = at, trace, correlation
	members["error_uri"] = "https://login.microsoftonline.com/error?code=" + strconv.Itoa(number)
}

// entraNumber is the AADSTS number of a problem; 9002313 is a request that is
// wrong in some other way.
func entraNumber(p problem) int {
	switch p {
	case codeReplayed, codeBurnt:
		return 54005
	case codeExpired, refreshExpired, refreshRevoked:
		return 70008
	case codeUnknown, codeOtherClient, refreshUnknown, refreshOtherClient:
		return 70000
	case clientUnknown:
		return 700016
	case clientWrongSecret:
		return 7000215
	case clientNoSecret, clientNoAssertion:
		return 7000218
	case clientPublicSecret:
		return 700025
	case verifierMismatch, verifierLength:
		return 501481
	case redirectDiffers:
		return 500112
	case grantMissing, codeMissing, redirectOmitted, verifierMissing, refreshMissing, clientMissing:
		return 900144
	case grantUnknown:
		return 70003
	case scopeUnknown, scopeNotAllowed, scopeNotGranted:
		return 70011
	case passwordWrong:
		return 50126
	case devicePending:
		return 70016
	case deviceExpired:
		return 70019
	}
	return 9002313
}

// githubCode is GitHub's own word for a problem, where it has one.
func githubCode(p problem, usual any) any {
	switch p {
	case clientUnknown, clientWrongSecret, clientNoSecret:
		return "incorrect_client_credentials"
	case codeUnknown, codeExpired, codeReplayed, codeBurnt, codeOtherClient:
		return "bad_verification_code"
	case redirectDiffers:
		return "redirect_uri_mismatch"
	case refreshUnknown, refreshExpired, refreshRevoked, refreshReused:
		return "bad_refresh_token"
	case deviceCodeUnknown:
		return "incorrect_device_code"
	}
	return usual
}
