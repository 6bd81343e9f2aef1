package lab

import (
	"errors"
	"fmt"
	"html/template"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/luikyv/go-oidc/pkg/goidc"
)

// When a session ends, the applications that used it are told: through frames
// in the browser (OpenID Connect Front-Channel Logout 1.0) and directly
// (Back-Channel Logout 1.0).

const (
	typeLogoutToken     = "logout+jwt" // Back-Channel Logout §2.4
	logoutEvent         = "http://schemas.openid.net/event/backchannel-logout"
	logoutTokenLifetime = 2 * time.Minute // §2.4: preferably not longer
	// logoutPause is how long the frames have before the browser goes on, in
	// seconds. There is a link for people who do not want to wait.
	logoutPause = "3"
)

// LogoutURIs are where a client hears that a session is over.
type LogoutURIs struct {
	Frontchannel string // frontchannel_logout_uri, loaded by the browser
	Backchannel  string // backchannel_logout_uri, on loopback
}

// check: the browser loads the first, so it must be the client's own place
// (Front-Channel Logout §2); the lab itself sends to the second.
func (l LogoutURIs) check(c Client) problem {
	switch {
	case l.Frontchannel != "" && !slices.ContainsFunc(c.RedirectURIs, func(uri string) bool { return sameOrigin(uri, l.Frontchannel) }):
		return metadataFrontchannel
	case l.Backchannel != "" && !goodLoopback(l.Backchannel):
		return metadataBackchannel
	}
	return ""
}

// sameOrigin compares scheme, host and port; the port of loopback is free, as
// it is in redirect URIs.
func sameOrigin(a, b string) bool {
	one, err1 := url.Parse(withoutPort(a))
	other, err2 := url.Parse(withoutPort(b))
	return err1 == nil && err2 == nil && one.Scheme == other.Scheme && one.Host == other.Host && other.Host != "" && other.User == nil && other.Fragment == ""
}

// sidOf is the name of a browser session in tokens. The cookie cannot be found
// from it.
func sidOf(loginID string) string { return "lab_" + fullHash("sid " + loginID)[:22] }

// sid is the session that a grant came from; empty when no browser was there.
func sid(g *goidc.Grant) string {
	if id, ok := g.Store[keptLogin].(string); ok && id != "" {
		return sidOf(id)
	}
	return ""
}

// endSession signs a browser session out and tells the applications that took
// part in it. It returns the frames that the browser has to load.
func (t *tenant) endSession(id string, l login) []string {
	t.logins.put(t.now(), id, login{}) // at is zero: over long ago
	var frames []string
	for _, clientID := range slices.Sorted(maps.Keys(l.agreed)) {
		c, ok := t.store.registry.client(clientID)
		if !ok {
			continue
		}
		if uri := c.Logout.Backchannel; uri != "" {
			t.sendLogoutToken(c, uri, l.subject, sidOf(id))
		}
		if uri := c.Logout.Frontchannel; uri != "" {
			frames = append(frames, t.logoutFrame(uri, sidOf(id)))
		}
	}
	return frames
}

// logoutFrame adds iss and sid to a frontchannel_logout_uri, which may have a
// query of its own (Front-Channel Logout §2).
func (t *tenant) logoutFrame(uri, sid string) string {
	joint := "?"
	if strings.Contains(uri, "?") {
		joint = "&"
	}
	return uri + joint + url.Values{"iss": {t.issuer}, "sid": {sid}}.Encode()
}

// sendLogoutToken sends a logout token, Back-Channel Logout §2.4 and §2.5. It is
// signed, and encrypted, as the ID tokens of the client are. It has no nonce,
// so that it is never taken for one.
func (t *tenant) sendLogoutToken(c Client, uri, subject, sid string) {
	d := Delivery{Kind: "backchannel_logout", ClientID: c.ID, URI: uri}
	now := t.now()
	out, err := t.sealed(c.ID, SealIDToken, typeLogoutToken, map[string]any{
		"iss": t.issuer, "sub": subject, "aud": c.ID, "iat": now.Unix(), "exp": now.Add(logoutTokenLifetime).Unix(), "jti": t.lab.random.text(),
		"events": map[string]any{logoutEvent: map[string]any{}}, "sid": sid, "x_lab": true,
	})
	var compact string
	if err == nil {
		compact, err = out.sign(t.keys)
	}
	if err != nil {
		d.At, d.Problem = now, err.Error()
		t.deliveries.add(d)
		return
	}
	t.deliver(d, http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, []byte(url.Values{"logout_token": {compact}}.Encode()))
}

// signedOutPage loads the frames. Where the browser goes on to, it does after a
// moment, or at once by a link: the page works without script.
func signedOutPage(frames []string, target string, header http.Header) *page {
	p := &page{Kind: "signed-out", Title: "You are signed out", Frames: frames, Continue: template.URL(target)}
	if target != "" {
		header.Set("Refresh", logoutPause+";url="+target)
	}
	return p
}

// frameSources are the origins that a page may frame, for its policy.
func frameSources(frames []string) string {
	var list []string
	for _, uri := range frames {
		list = append(list, formTarget(uri))
	}
	slices.Sort(list)
	return strings.Join(slices.Compact(list), " ")
}

// announceLogout writes what applications are told into the metadata:
// Front-Channel Logout §3, Back-Channel Logout §2.1.
func announceLogout(m map[string]any) {
	for _, way := range []string{"frontchannel", "backchannel"} {
		m[way+"_logout_supported"], m[way+"_logout_session_supported"] = true, true
	}
}

// SetClientLogout chooses where a client hears that a session is over, as its
// registration would. An unknown client, or an address that is not acceptable, is
// an error: the front channel needs the origin of a redirect URI of the client,
// the back channel a loopback address.
func (t Tenant) SetClientLogout(clientID string, uris LogoutURIs) error {
	reg := t.t.store.registry
	c, ok := reg.entry(clientID)
	if !ok {
		return fmt.Errorf("lab: no client is called %q", clientID)
	}
	if bad := uris.check(c.Client); bad != "" {
		return errors.New("lab: " + bad.refusal().description)
	}
	c.Logout = uris
	reg.put(c)
	return nil
}
