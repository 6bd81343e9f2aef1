package jose

import (
	"time"

	"authdance/flows/wire"
)

// Expect is what the client knows: its own configuration and the values of this
// run. An empty field means "not known" and makes the checks that need it
// Unknown, unless the token does not need them.
type Expect struct {
	Issuer   string // the issuer, exactly as in the metadata
	ClientID string // for an ID token the audience; for an access token client_id

	// TrustedAudiences are further readers of an ID token that the client
	// trusts, beside itself.
	TrustedAudiences []string
	// Audience is who reads an access token (RFC 9068 §4): the resource
	// indicator of the API.
	Audience string

	Algs []string // allow list, see Policy
	Alg  string   // the registered algorithm, see Policy

	Nonce   string // as sent in the authorization request
	NoNonce bool   // it is known that none was sent
	// Refreshed: the ID token came with a refresh. It needs no nonce, but one
	// that is there must be the first one (OIDC Core §12.2).
	Refreshed bool

	AccessToken  wire.Secret // that came with the ID token, for at_hash
	Code         wire.Secret // that came with the ID token, for c_hash
	State        string      // as sent, for s_hash
	FrontChannel bool        // the ID token came from the authorization endpoint

	MaxAge       *time.Duration // the max_age that was requested; nil: none
	ACR          []string       // the acr values that were requested
	ACREssential bool           // acr was requested as an essential claim

	// Leeway is allowed between two clocks. 0 means 60 s, negative means none,
	// more than 300 s means 300 s.
	Leeway time.Duration
	// IatWindow is how long ago a token may have been issued; 0: no limit.
	IatWindow time.Duration
	// ServerDate is the Date header of the answer that brought the token, on
	// the same clock tick as now; zero: not known.
	ServerDate time.Time
}

func (e Expect) policy() Policy { return Policy{Algs: e.Algs, Alg: e.Alg} }

// Verdict is the answer to "would a careful client accept this token?".
type Verdict string

// The verdicts, see Report.
const (
	Valid       Verdict = "valid"
	Invalid     Verdict = "invalid"
	Unverified  Verdict = "unverified"
	NotReadable Verdict = "malformed"
)

// What a token was checked as (Report.As).
const (
	AsIDToken     = "id_token"
	AsAccessToken = "access_token"
	AsUserInfo    = "userinfo"
	AsJWT         = "jwt"
	AsResponse    = "jarm"
)

// Report is the judgement of a token: one check per rule, in a fixed order.
//
// Verdict is malformed when the token cannot be read; else invalid when a check
// failed; else unverified when a check could not be made; and valid only when
// every mandatory rule was evaluated and held. It hides nothing: the token
// shows its content whatever the verdict.
type Report struct {
	As      string
	Verdict Verdict
	Checks  []wire.Check
	Key     *Key // whose signature verified; nil: none
}

// Count returns how many checks have this status.
func (r Report) Count(s wire.Status) int {
	n := 0
	for _, c := range r.Checks {
		if c.Status == s {
			n++
		}
	}
	return n
}

// mandatory are the rules without which no token is valid, by the ids that the
// passing check may carry. It is a second lock: whatever the checks above do,
// a token is not valid unless these stand in the report as passed (or, for
// exp, within the leeway).
func mandatory(as string) [][]string {
	rules := [][]string{{"structure"}, {"alg_not_allowed"}, {"alg_symmetric"}, {"alg_key_mismatch"}, {"key_use"}, {"weak_key"},
		{"signature_length"}, {"signature_invalid"}}
	if as == AsUserInfo {
		return rules
	}
	rules = append(rules, []string{"iss_mismatch"}, []string{"aud_mismatch"}, []string{"expired", "exp_within_leeway"})
	if as != AsJWT && as != AsResponse {
		rules = append(rules, []string{"typ_confusion"})
	}
	if as == AsIDToken {
		rules = append(rules, []string{"sub_too_long"}, []string{"iat_in_future"})
	}
	return rules
}

// judge gives the verdict for a readable token.
func (r *Report) judge() {
	switch {
	case r.Count(wire.Fail) > 0:
		r.Verdict = Invalid
	case r.Count(wire.Unknown) > 0 || r.Key == nil || !r.evaluated():
		r.Verdict = Unverified
	default:
		r.Verdict = Valid
	}
}

func (r *Report) evaluated() bool {
	for _, ids := range mandatory(r.As) {
		if !r.held(ids) {
			return false
		}
	}
	return true
}

func (r *Report) held(ids []string) bool {
	for _, c := range r.Checks {
		if oneOf(ids, c.ID) && (c.Status == wire.Pass || c.ID == "exp_within_leeway" && c.Status == wire.Warn) {
			return true
		}
	}
	return false
}

// unreadable finishes the report of a text that is no JWT. false: it is one.
func (r *Report) unreadable(tok Token) bool {
	switch {
	case tok.Kind == Opaque:
		r.Verdict = Unverified
	case tok.Kind == Malformed:
		r.Verdict = NotReadable
	case tok.Kind == JWE:
		r.Checks = append(r.Checks, unknown("signature_invalid", "RFC 7516 §1", "the token is encrypted: without its key nothing inside can be checked"))
		r.judge()
	case !isObject(tok.Claims):
		r.Checks = append(r.Checks, row(wire.Fail, "json", "RFC 7519 §7.2", "a JWT carries its claims as a JSON object", kindOf(tok.Claims), "an object"))
		r.Verdict = NotReadable
	default:
		return false
	}
	return true
}
