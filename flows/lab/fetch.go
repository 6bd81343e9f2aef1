package lab

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// What the lab reads at an address that a client names: request objects (RFC
// 9101 §5.2) and the metadata of clients (see document.go). outbound sees to it
// that the address is on this machine.
const (
	requestAt  artefact = "request_uri"
	documentAt artefact = "client_document"

	mediaRequest     = "application/oauth-authz-req+jwt" // RFC 9101 §5.2.3
	requestFileLimit = 32 << 10                          // bytes
)

// errOwnPage keeps the lab from asking its own authorization server, which
// could ask again.
var errOwnPage = errors.New("lab: this address is the lab's own")

// get reads what stands at uri, up to limit bytes and one more.
func (o *outbound) get(ctx context.Context, from http.RoundTripper, uri, accept string, limit int64) (status int, media string, body []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, outboundTimeout)
	defer cancel()
	defer context.AfterFunc(o.ctx, cancel)() // Close ends it
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, uri, nil)
	if err != nil {
		return 0, "", nil, err
	}
	req.Header.Set("Accept", accept)
	client := o.http
	if from != nil {
		client.Transport = from
	}
	res, err := client.Do(req)
	if err != nil {
		return 0, "", nil, err
	}
	defer res.Body.Close()
	media, _, _ = mime.ParseMediaType(res.Header.Get("Content-Type"))
	body, err = io.ReadAll(io.LimitReader(res.Body, limit+1))
	return res.StatusCode, media, body, err
}

// fetch gets a document whose media type is good. What stands at the lab's own
// API is read inside the process, so that it works without ports.
func (x *exchange) fetch(ctx context.Context, kind artefact, uri, accept string, limit int64, good func(media string) bool) ([]byte, problem) {
	from, err := x.lab.sourceOf(uri)
	if err != nil {
		return nil, kind.flaw(flawUnreachable)
	}
	status, media, body, err := x.lab.outbound.get(ctx, from, uri, accept, limit)
	switch {
	case err != nil:
		return nil, kind.flaw(flawUnreachable)
	case status != http.StatusOK: // a redirect too: it is not followed
		return nil, kind.flaw(flawStatus)
	case !good(media):
		return nil, kind.flaw(flawMedia)
	case int64(len(body)) > limit:
		return nil, kind.flaw(flawTooLarge)
	}
	return body, ""
}

// sourceOf is how the lab reaches an address of its own; nil for others.
func (l *Lab) sourceOf(uri string) (http.RoundTripper, error) {
	u, err := url.Parse(uri)
	if err != nil {
		return nil, err
	}
	switch u.Host {
	case l.api.addr:
		return l.Transport(), nil
	case l.server.addr, l.secure.addr:
		return nil, errOwnPage
	}
	return nil, nil
}

// fetchRequest puts the request object that a request_uri names in its place:
// RFC 9101 §5.2. Only addresses that the client registered are asked.
func (x *exchange) fetchRequest(ctx context.Context) problem {
	uri, fragment, _ := strings.Cut(x.form.Get("request_uri"), "#")
	switch {
	case !x.form.Has("request_uri"):
		return ""
	case x.form.Has("request"):
		return requestTwice
	case len(x.client.RequestURIs) == 0:
		return requestURIRemote
	case !x.client.matchesRequestURI(uri):
		x.saw(checkRequestURI, uri, joined(x.client.RequestURIs))
		return requestURIUnregistered
	}
	body, bad := x.fetch(ctx, requestAt, uri, mediaRequest, requestFileLimit, func(media string) bool { return media == mediaRequest })
	if bad != "" {
		return bad
	}
	// OIDC Core §6.2: a fragment is the hash of what stands there.
	if sum := sha256.Sum256(body); fragment != "" && fragment != base64.RawURLEncoding.EncodeToString(sum[:]) {
		return requestURIHash
	}
	x.pass(checkRequestURI)
	x.form.Del("request_uri")
	x.form.Set("request", strings.TrimSpace(string(body)))
	return ""
}

// matchesRequestURI compares a request_uri with the registered ones. One that
// ends in a slash stands for all below it; of a loopback address the port is free.
func (c Client) matchesRequestURI(uri string) bool {
	if !goodLoopback(uri) || !withoutDots(uri) {
		return false
	}
	return slices.ContainsFunc(c.RequestURIs, func(registered string) bool {
		registered, requested := withoutPort(registered), withoutPort(uri)
		return requested == registered || strings.HasSuffix(registered, "/") && strings.HasPrefix(requested, registered)
	})
}

// withoutDots tells whether an address has no path segment that leads elsewhere.
func withoutDots(uri string) bool {
	u, err := url.Parse(uri)
	return err == nil && !slices.ContainsFunc(strings.Split(u.Path, "/"), func(s string) bool { return s == "." || s == ".." })
}
