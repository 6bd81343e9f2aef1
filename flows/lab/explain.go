package lab

import (
	"errors"
	"strings"

	"github.com/luikyv/go-oidc/pkg/goidc"
)

// explain finds the problem behind an error of the library. The library's
// public descriptions are two words long; the reason is the innermost error,
// and its text is fixed because the library's version is. A test walks through
// the refusals, so a new version that says something else is noticed.
func (x *exchange) explain(err error) problem {
	if x.why != "" {
		return x.why
	}
	reason := innermost(err)
	switch reason {
	case "not found", "could not load the grant by refresh token: not found":
		switch x.form.Get("grant_type") {
		case "authorization_code":
			return damage(x.form.Get("code"))
		case "refresh_token":
			return refreshUnknown
		}
	case "the authorization code has already been redeemed":
		return codeReplayed
	case "grant was revoked":
		return codeBurnt
	case "the authorization code belongs to a different client":
		return codeOtherClient
	case "the authorization code has expired":
		return codeExpired
	case "the redirect_uri does not match the authorization code":
		return redirectDiffers
	case "the code_verifier does not match the SHA-256 code_challenge":
		return verifierMismatch
	case "code_verifier was informed in the request, but no code_challenge was provided previously":
		return verifierUnasked
	case "the grant associated to the refresh token was revoked":
		return refreshRevoked
	case "the pushed authorization request identified by request_uri was not found":
		return requestURIUnknown
	case "the request_uri has expired":
		return requestURIExpired
	case "the request_uri has already been used":
		return requestURIUsed
	case "the request_uri belongs to a different client":
		return requestURIForeign
	case "the token belongs to a different client":
		return tokenOtherClient
	case "the authentication session was not found", "the authentication session has expired":
		return signInGone
	case "the access token does not include the openid scope":
		return tokenScopeOpenID
	}
	for _, known := range [...]struct {
		begins, ends string
		problem      problem
	}{
		{"code_verifier length ", "", verifierLength},
		{"the refresh token belongs to client ", "", refreshOtherClient},
		{"the refresh token expired at ", "", refreshExpired},
		{"scope ", " does not match any available scope", scopeUnknown},
		{"scope ", " is not allowed for the client", scopeNotAllowed},
		{"scope ", " is not granted", scopeNotGranted},
	} {
		if strings.HasPrefix(reason, known.begins) && strings.HasSuffix(reason, known.ends) {
			return known.problem
		}
	}
	return ""
}

// innermost is the text of the error at the bottom of the chain.
func innermost(err error) string {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			break
		}
		err = inner
	}
	var coded goidc.Error
	if errors.As(err, &coded) {
		return coded.Description
	}
	return err.Error()
}
