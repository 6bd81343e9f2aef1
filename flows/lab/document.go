package lab

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
)

// Client ID metadata documents (draft-ietf-oauth-client-id-metadata-document):
// a client that nobody registered is known by an address, and what stands there
// describes it.

const (
	// documentLimit is the size that the draft recommends (§6.6), in bytes.
	documentLimit = 5 << 10
	// documentsLimit bounds the clients that are remembered.
	documentsLimit = 200
	documentPath   = "/client.json"
)

// ClientDocument is a client_id that is the address of its own description. The
// lab's API serves it, so that there is one to try.
func (l *Lab) ClientDocument() string { return l.API() + documentPath }

// isDocumentID tells whether a client_id is an address.
func isDocumentID(id string) bool {
	return strings.HasPrefix(id, "https://") || strings.HasPrefix(id, "http://")
}

// knownClient finds a client by its client_id: a registered one, or one that
// describes itself. A description is read anew where a flow begins, so that a
// change shows at once; what follows goes on with the one that was read then.
func (x *exchange) knownClient(ctx context.Context, id string) (Client, problem) {
	x.saw(checkClientKnown, id, "")
	c, ok := x.tenant.store.registry.client(id)
	begins := x.route.name == routeAuthorize || x.route.name == routePAR
	if isDocumentID(id) && (begins || !ok) {
		var bad problem
		if c, bad = x.readDocument(ctx, id); bad != "" {
			return c, bad
		}
		x.pass(checkDocument)
		ok = true
	}
	if x.fails(clientUnknown, !ok) {
		return c, clientUnknown
	}
	return c, ""
}

// readDocument fetches and checks the description of a client, and remembers it.
func (x *exchange) readDocument(ctx context.Context, id string) (Client, problem) {
	switch {
	case !goodDocumentID(id):
		return Client{}, documentURL
	case !goodLoopback(id):
		return Client{}, documentElsewhere
	}
	raw, bad := x.fetch(ctx, documentAt, id, "application/json", documentLimit, isJSON)
	if bad != "" {
		return Client{}, bad
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(raw, &members) != nil || members == nil {
		return Client{}, documentMalformed
	}
	m, bad := parseMetadata(raw)
	if bad != "" {
		return Client{}, bad
	}
	var named string
	_ = json.Unmarshal(members["client_id"], &named) // no text is no name
	if m.AuthMethod == "" {
		m.AuthMethod = authNone
	}
	c := registered{Client: Client{ID: id, Auth: m.AuthMethod}}
	switch {
	case named != id: // §4.1: simple string comparison
		return Client{}, documentID
	case members["client_secret"] != nil || members["client_secret_expires_at"] != nil || c.sendsSecret() || c.Auth == authSecretJWT:
		return Client{}, documentSecret
	}
	if bad := m.complete(x.lab.authMethods()); bad != "" {
		return Client{}, bad
	}
	if bad := c.take(m); bad != "" {
		return Client{}, bad
	}
	c.Note = "Describes itself as " + plain(m.Name) + "."
	x.tenant.store.registry.documents.put(x.now(), id, c)
	return c.Client, ""
}

// goodDocumentID checks the form of the address, §3. https is a must; http is
// taken for this machine, where there is no wire to listen on.
func goodDocumentID(id string) bool {
	u, err := url.Parse(id)
	return err == nil && u.Host != "" && u.Path != "" && u.User == nil && !strings.Contains(id, "#") && withoutDots(id) &&
		(u.Scheme == "https" || loopbackHost(u))
}

func isJSON(media string) bool {
	return media == "application/json" || strings.HasPrefix(media, "application/") && strings.HasSuffix(media, "+json")
}

// describeClient is the lab's own such client.
func (a *protectedAPI) describeClient(r *http.Request) (reply, bool) {
	if r.URL.Path != documentPath {
		return reply{}, false
	}
	return reply{status: http.StatusOK, json: map[string]any{
		"client_id": a.lab.ClientDocument(), "client_name": "authdance lab client", "redirect_uris": loopbackCallbacks(),
		"grant_types": []string{"authorization_code", "refresh_token"}, "response_types": []string{"code"},
		"scope": joined(scopeIDs()), "token_endpoint_auth_method": authNone, "x_lab": true,
	}}, true
}
