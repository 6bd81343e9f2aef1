package lab

import (
	"crypto"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/lestrrat-go/jwx/v3/jwk"
)

const (
	typeProof = "dpop+jwt"
	// proofLifetime is how old a proof may be, by its iat.
	proofLifetime = 5 * time.Minute
	// nonceStep is how often the server's nonces change; a nonce is good for
	// two to three of them.
	nonceStep = time.Minute
)

// proof is a DPoP proof, RFC 9449 §4.2, that was checked. Without one it is zero.
type proof struct {
	sent bool
	jkt  string // thumbprint of its key, RFC 7638
}

// checkProof checks the DPoP header of a request as RFC 9449 §4.3 asks. token
// is the access token that it must name, empty at the token endpoint. at says
// whose nonces count.
func (x *exchange) checkProof(r *http.Request, target, token, at string) (proof, problem) {
	headers := r.Header.Values("DPoP")
	switch len(headers) {
	case 0:
		return proof{}, ""
	case 1:
	default:
		return proof{}, proofTwice
	}
	j, bad := readForeign(dpopProof, headers[0])
	if bad != "" {
		return proof{}, bad
	}
	if j.header["typ"] != typeProof {
		return proof{}, proofType
	}
	raw, _ := json.Marshal(j.header["jwk"])
	key, err := jwk.ParseKey(raw)
	if err != nil || key.KeyType().String() == "oct" {
		return proof{}, proofKey
	}
	if private, err := jwk.IsPrivateKey(key); err != nil || private {
		return proof{}, proofKey
	}
	if bad := j.verify(key, foreignAlgs()); bad != "" {
		return proof{}, bad
	}
	thumb, err := key.Thumbprint(crypto.SHA256)
	if err != nil {
		return proof{}, proofKey
	}
	switch {
	case j.text("htm") != r.Method:
		return proof{}, proofMethod
	case !sameTarget(j.text("htu"), target):
		return proof{}, proofURI
	}
	if bad := x.checkProofTime(j, at); bad != "" {
		return proof{}, bad
	}
	if token != "" && j.text("ath") != fullHash(token) {
		return proof{}, proofToken
	}
	return proof{true, base64.RawURLEncoding.EncodeToString(thumb)}, j.once(x.tenant.store, true)
}

// checkProofTime checks iat and, where the server wants one, the nonce.
func (x *exchange) checkProofTime(j foreignJWT, at string) problem {
	iat, ok := j.claims["iat"].(float64)
	age := float64(x.now().Unix()) - iat
	switch {
	case !ok || age > proofLifetime.Seconds():
		return j.kind.flaw(flawExpired)
	case age < -foreignLeeway.Seconds():
		return j.kind.flaw(flawFuture)
	case !x.client.must(mustNonce):
		return ""
	case j.claims["nonce"] == nil:
		return proofNonce
	case !x.tenant.goodNonce(j.text("nonce"), at):
		return proofNonceOld
	}
	return ""
}

// sameTarget compares htu with the address of the request. Query and fragment
// do not count, nor does the case of scheme and host (§4.3).
func sameTarget(htu, target string) bool {
	u, err := url.Parse(htu)
	if err != nil || u.RawQuery != "" || u.Fragment != "" {
		return false
	}
	return strings.ToLower(u.Scheme)+"://"+strings.ToLower(u.Host)+u.EscapedPath() == target
}

// fullHash is ath: the SHA-256 hash of an access token, RFC 9449 §4.2.
func fullHash(value string) string {
	sum := sha256.Sum256([]byte(value))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// nonce is the one that at, the server or the API, hands out now. It needs no
// memory: it is the hash of a time that only the lab could make.
func (t *tenant) nonce(at string, before time.Duration) string {
	m := hmac.New(sha256.New, []byte(t.nonceKey))
	step := t.now().Add(-before).Unix() / int64(nonceStep.Seconds())
	m.Write([]byte(at + " " + strconv.FormatInt(step, 10)))
	return "lab_" + base64.RawURLEncoding.EncodeToString(m.Sum(nil)[:18])
}

func (t *tenant) goodNonce(nonce, at string) bool {
	for before := range 3 {
		if sameText(nonce, t.nonce(at, time.Duration(before)*nonceStep)) {
			return true
		}
	}
	return false
}

// bindToProof checks the proof of a token request and ties what is
// issued to its key.
func (x *exchange) bindToProof(r *http.Request) problem {
	got, bad := x.checkProof(r, x.address(), "", routeToken)
	switch {
	case bad != "":
		return bad
	case !got.sent && x.client.must(mustProve):
		return proofMissing
	}
	if x.proof = got; got.sent {
		x.pass(checkProof)
		x.saw(checkProof, got.jkt, "")
		x.confirm("jkt", got.jkt)
	}
	return ""
}

// pushedKey ties a pushed request, and the code that comes of it, to the key of
// its proof: RFC 9449 §10.1.
func (x *exchange) pushedKey(got proof) problem {
	switch jkt := x.form.Get("dpop_jkt"); {
	case !got.sent:
		return ""
	case jkt != "" && jkt != got.jkt:
		return proofJKT
	}
	x.pass(checkProof)
	x.form.Set("dpop_jkt", got.jkt)
	return ""
}

// checkBinding compares the key of the proof with the one that a code or a
// refresh token is tied to: RFC 9449 §10 and §5.
func (x *exchange) checkBinding() problem {
	g, ok := x.grantBehind()
	jkt, bound := g.Store[keptKey].(string)
	switch {
	case !ok:
	case x.form.Has("code") && g.AuthParams.DPoPJKT != "" && g.AuthParams.DPoPJKT != x.proof.jkt:
		return codeOtherKey
	case x.form.Has("refresh_token") && bound && jkt != x.proof.jkt:
		return refreshOtherKey
	case bound || g.AuthParams.DPoPJKT != "":
		x.pass(checkKeyBinding)
	}
	return x.checkCertificateBinding()
}

// offerNonce puts the nonce for the next proof into an answer.
func (x *exchange) offerNonce(out *reply, at string) {
	if out.header == nil {
		out.header = http.Header{}
	}
	out.header.Set("DPoP-Nonce", x.tenant.nonce(at, 0))
}
