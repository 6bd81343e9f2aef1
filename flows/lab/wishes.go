package lab

import (
	"encoding/json"
	"reflect"
	"slices"

	"github.com/luikyv/go-oidc/pkg/goidc"
)

// What a client can ask for beyond scopes: tokens for one resource (RFC 8707)
// and rights in detail (RFC 9396). Both end up as claims of the access token.

// detailTypes are the types of authorization_details that the lab knows, with
// the member that each must have.
func detailTypes() map[string]string {
	return map[string]string{"payment": "amount", "notes": "actions"}
}

// resources are the audiences that tokens can be issued for. The first is the
// one of tokens without a wish.
func (l *Lab) resources() []string {
	list := []string{l.API(), l.API() + mcpPath}
	if origin := l.MTLS(); origin != "" {
		list = append(list, origin, origin+mcpPath)
	}
	return list
}

// checkWishes checks resource and authorization_details of any request.
func (x *exchange) checkWishes() problem {
	for _, r := range x.form["resource"] {
		if !slices.Contains(x.lab.resources(), r) {
			return targetUnknown
		}
	}
	if x.form.Has("resource") {
		x.pass(checkTarget)
	}
	details, bad := readDetails(x.form.Get("authorization_details"))
	if bad == "" && details != nil {
		x.pass(checkDetails)
	}
	return bad
}

// readDetails reads authorization_details, RFC 9396 §2: a list of objects, each
// of a known type.
func readDetails(text string) ([]goidc.AuthDetail, problem) {
	if text == "" {
		return nil, ""
	}
	var list []goidc.AuthDetail
	if json.Unmarshal([]byte(text), &list) != nil || len(list) == 0 {
		return nil, detailsMalformed
	}
	for _, d := range list {
		member, known := detailTypes()[string(d.Type())]
		switch {
		case !known:
			return nil, detailsType
		case d[member] == nil:
			return nil, detailsMember
		}
	}
	return list, ""
}

// grantBehind is the grant that a token request refers to by a code or a
// refresh token.
func (x *exchange) grantBehind() (goidc.Grant, bool) {
	s := x.tenant.store
	var id string
	switch x.form.Get("grant_type") {
	case "authorization_code":
		id, _ = s.codes.get(x.form.Get("code"))
	case "refresh_token":
		id, _ = s.refresh.get(x.form.Get("refresh_token"))
	}
	return s.grants.get(id)
}

// applyWishes turns the wishes of a token request into claims. It may ask for
// less than what was granted, not for more: RFC 8707 §2.2, RFC 9396 §6.1.
func (x *exchange) applyWishes() problem {
	if bad := x.checkWishes(); bad != "" {
		return bad
	}
	g, _ := x.grantBehind()
	granted, resources := g.AuthParams.Resources, x.form["resource"]
	for _, r := range resources {
		if len(granted) > 0 && !slices.Contains(granted, r) {
			return targetNotGranted
		}
	}
	if len(resources) == 0 {
		resources = granted
	}
	details, _ := readDetails(x.form.Get("authorization_details"))
	for _, d := range details {
		fromGrant := g.ID != ""
		if fromGrant && !slices.ContainsFunc(g.AuthParams.AuthDetails, func(had goidc.AuthDetail) bool { return reflect.DeepEqual(had, d) }) {
			return detailsNotGranted
		}
	}
	if details == nil {
		details = g.AuthParams.AuthDetails
	}
	x.claimWishes(resources, details)
	return ""
}

// claimWishes writes what was granted into the access tokens to come.
func (x *exchange) claimWishes(resources []string, details []goidc.AuthDetail) {
	switch len(resources) {
	case 0:
	case 1:
		x.addClaim("aud", resources[0])
	default:
		x.addClaim("aud", resources)
	}
	if len(details) > 0 {
		x.addClaim("authorization_details", details)
	}
}
