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

	Nonce   string // as sent in the authorization request; for a DPoP proof the server's nonce
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

	HTM string // the method of the request that a DPoP proof came with
	HTU string // its URL; query and fragment do not count

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

	AsLogoutToken     = "logout_token"
	AsDPoP            = "dpop"
	AsClientAssertion = "client_assertion"
	AsRequestObject   = "request_object"
	AsMessage         = "jws" // a signed or encrypted message that is no JWT
	AsSAML            = "saml"
	AsKeyBinding      = "kb+jwt" // the proof of the holder of an SD-JWT
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
	signed := [][]string{{"structure"}, {"alg_not_allowed"}, {"alg_symmetric"}, {"alg_key_mismatch"}, {"key_use"}, {"weak_key"},
		{"signature_length"}, {"signature_invalid"}}
	claims := [][]string{{"iss_mismatch"}, {"aud_mismatch"}, {"expired", "exp_within_leeway"}}
	typ, iat := []string{"typ_confusion"}, []string{"iat_in_future"}
	switch as {
	case AsSAML:
		return append(claims, []string{"structure"}, []string{"signature_invalid"})
	case AsUserInfo, AsMessage:
		return signed
	case AsDPoP:
		return append(signed, typ, iat, []string{"htm_mismatch"}, []string{"htu_mismatch"}, []string{"iat_out_of_window"})
	case AsKeyBinding:
		return append(signed, typ, iat, []string{"aud_mismatch"}, []string{"nonce_mismatch"}, []string{"sd_hash_mismatch"})
	case AsJWT, AsResponse:
		return append(signed, claims...)
	case AsIDToken:
		return append(append(signed, claims...), typ, iat, []string{"sub_too_long"})
	case AsLogoutToken:
		return append(append(signed, claims...), typ, iat)
	}
	return append(append(signed, claims...), typ)
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

// begin starts the report of a token: its structure, layer by layer, and its
// form. core is the token whose claims count; done: there is nothing to judge.
func begin(as string, tok Token, keys KeySet, p Policy) (r Report, core Token, done bool) {
	r.As = as
	core = r.open(tok, keys, p)
	if r.unreadable(core) {
		return r, core, true
	}
	if tok.serial != "" && isObject(core.Claims) {
		status := wire.Fail
		if as == AsMessage {
			status = wire.Warn
		}
		r.add(row(status, "not_compact", "RFC 7519 §1", "this is the JSON serialisation; a JWT is always compact", tok.Format, Compact))
	}
	return r, core, false
}

// verify adds the checks of the signature to the report.
func (r *Report) verify(tok Token, keys KeySet, p Policy) {
	checks, key := Verify(tok, keys, p)
	r.Key = key
	r.add(checks...)
}

// unreadable finishes the report of a text that is no JWT. false: it is one.
func (r *Report) unreadable(tok Token) bool {
	switch {
	case tok.Kind == Opaque:
		r.Verdict = Unverified
	case tok.Kind == Malformed:
		r.Verdict = NotReadable
	case tok.Kind == SAML && r.As != AsSAML:
		r.add(row(wire.Fail, "typ_confusion", "RFC 8725 §3.12", "this is a SAML assertion, not a JWT", "SAML", r.As))
		r.Verdict = Invalid
	case tok.Kind == JWE && tok.Plaintext == nil:
		r.Checks = append(r.Checks, unknown("signature_invalid", "RFC 7516 §1", "the token is encrypted: without its key nothing inside can be checked"))
		r.judge()
	case r.As == AsMessage || r.As == AsSAML:
		return false
	case !isObject(tok.Claims) && unencoded(tok.Header):
		r.add(b64Check(tok.Header, false))
		r.judge()
	case !isObject(tok.Claims):
		r.Checks = append(r.Checks, row(wire.Fail, "json", "RFC 7519 §7.2", "a JWT carries its claims as a JSON object", kindOf(tok.Claims), "an object"))
		r.Verdict = NotReadable
	default:
		return false
	}
	return true
}
