package lab

import (
	"context"
	"net/http"
	"net/url"
)

// The ways a client can authenticate, as registered: RFC 7591 §2.
const (
	authNone       = "none"
	authBasic      = "client_secret_basic"
	authPost       = "client_secret_post"
	authSecretJWT  = "client_secret_jwt"
	authPrivateKey = "private_key_jwt"
)

// authMethods are those of the lab. The ones by certificate need its TLS address.
func (l *Lab) authMethods() []string {
	methods := []string{authBasic, authPost, authSecretJWT, authPrivateKey, authSAML, authNone}
	if l.MTLS() != "" {
		methods = append(methods, authTLS, authSelfSigned)
	}
	return methods
}

const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// atTheDoor is the secret under which the library knows every client that was
// let in here, by whatever method. It is no client's real secret.
const atTheDoor = "authenticated at the door"

// method is how the client has to authenticate. A client with a secret and
// nothing else registered may send it in the header or in the body.
func (c Client) method() string {
	switch {
	case c.Auth != "":
		return c.Auth
	case c.Secret != "":
		return authBasic
	}
	return authNone
}

func (c Client) public() bool { return c.method() == authNone }

// sendsSecret tells whether the client sends its secret over the wire.
func (c Client) sendsSecret() bool { return c.method() == authBasic || c.method() == authPost }

// authenticateClient finds out who asks, RFC 6749 §2.3. However it was done,
// the library sees a secret in the body and nothing else.
func (x *exchange) authenticateClient(r *http.Request) problem {
	header := r.Header.Get("Authorization")
	_, _, basic := r.BasicAuth()
	var c Client
	var bad problem
	switch {
	case header != "" && !basic:
		return clientHeader
	case x.form.Has("client_assertion") && (basic || x.form.Has("client_secret")):
		return clientAssertionAndSecret
	case basic && x.form.Has("client_secret"):
		return clientTwoMethods
	case x.form.Has("client_assertion") || x.form.Has("client_assertion_type"):
		c, bad = x.clientByAssertion(r.Context())
	default:
		c, bad = x.clientBySecret(r, basic)
	}
	if bad != "" {
		return bad
	}
	x.client = c
	x.pass(checkClientAuth)
	x.saw(checkClientAuth, c.method(), c.method())
	r.Header.Del("Authorization")
	r.PostForm.Del("client_assertion")
	r.PostForm.Del("client_assertion_type")
	r.PostForm.Set("client_id", c.ID)
	r.PostForm.Set("client_secret", atTheDoor)
	return ""
}

// namesClient tells whether the request says anything about its client.
func (x *exchange) namesClient(r *http.Request) bool {
	return r.Header.Get("Authorization") != "" || x.form.Has("client_id") || x.form.Has("client_assertion")
}

// clientBySecret checks a secret in the header or in the body, or that a public
// client sends none.
func (x *exchange) clientBySecret(r *http.Request, basic bool) (Client, problem) {
	id, secret := x.form.Get("client_id"), x.form.Get("client_secret")
	if basic {
		// RFC 6749 §2.3.1: both are form-urlencoded before they become Basic.
		user, password, _ := r.BasicAuth()
		var err1, err2 error
		user, err1 = url.QueryUnescape(user)
		secret, err2 = url.QueryUnescape(password)
		if err1 != nil || err2 != nil {
			return Client{}, clientHeader
		}
		if id != "" && id != user {
			return Client{}, clientTwoIDs
		}
		id = user
	}
	if x.fails(clientMissing, id == "") {
		return Client{}, clientMissing
	}
	sent := basic || x.form.Has("client_secret")
	c, bad := x.knownClient(r.Context(), id)
	switch {
	case bad != "":
		return c, bad
	case c.public() && sent:
		return c, clientPublicSecret
	case c.public():
		return c, ""
	case !c.sendsSecret() && sent:
		return c, clientWrongMethod
	case c.byCertificate():
		return c, x.checkCertificate(c)
	case !c.sendsSecret():
		return c, clientNoAssertion
	case !sent:
		return c, clientNoSecret
	case c.Auth == authBasic && !basic:
		return c, clientWantsBasic
	case c.Auth == authPost && basic:
		return c, clientWantsPost
	case !sameText(secret, c.Secret):
		return c, clientWrongSecret
	}
	return c, ""
}

// clientByAssertion checks an assertion of one of the two kinds, RFC 7521 §4.2.
func (x *exchange) clientByAssertion(ctx context.Context) (Client, problem) {
	switch x.form.Get("client_assertion_type") {
	case assertionType:
		return x.clientByJWT(ctx)
	case authSAML:
		return x.clientBySAML(ctx)
	}
	return Client{}, assertionTypeWrong
}

// clientByJWT checks a JWT that the client signed, RFC 7523 §3: with its
// secret (client_secret_jwt) or with its private key (private_key_jwt).
func (x *exchange) clientByJWT(ctx context.Context) (Client, problem) {
	j, bad := readForeign(clientAssertion, x.form.Get("client_assertion"))
	if bad != "" {
		return Client{}, bad
	}
	id := x.form.Get("client_id")
	if id == "" {
		id = j.text("sub")
	}
	x.pass(checkClientNamed)
	c, bad := x.knownClient(ctx, id)
	switch {
	case bad != "":
		return c, bad
	case c.method() == authSecretJWT:
		bad = j.verify([]byte(c.Secret), macAlgs())
	case c.must(mustName) && !j.namesCertificate():
		bad = thumbprintMissing
	case c.method() == authPrivateKey:
		bad = x.verifyByClient(j, c)
	default:
		return c, clientWrongMethod
	}
	switch {
	case bad != "":
		return c, bad
	case j.text("iss") != id:
		return c, j.kind.flaw(flawIssuer)
	case j.text("sub") != id:
		return c, j.kind.flaw(flawSubject)
	}
	if bad = j.checkAudience(x.tenant.issuer, x.tenant.issuer+"/token", x.address()); bad != "" {
		return c, bad
	}
	if bad = j.checkTimes(x.now()); bad != "" {
		return c, bad
	}
	return c, j.once(x.tenant.store, true)
}

// verifyByClient checks a signature against the registered keys of a client.
func (x *exchange) verifyByClient(j foreignJWT, c Client) problem {
	if j.unsigned() && x.has(weakNone) {
		x.lookedAway(checkOf(j.kind.flaw(flawUnsigned)), weakNone)
		return ""
	}
	key, bad := j.pick(x.tenant.store.registry.keys(c.ID))
	if bad != "" {
		return bad
	}
	return j.verify(key, foreignAlgs())
}
