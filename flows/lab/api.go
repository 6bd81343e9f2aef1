package lab

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
	"unicode/utf8"
)

// What one user can leave in memory.
const (
	noteLimit = 100
	noteBytes = 1000
)

// protectedAPI is the resource server of the lab. It trusts nothing but
// access tokens and tells exactly why it refuses one.
type protectedAPI struct {
	lab       *Lab
	notes     notebook
	resources []resource
}

func (a *protectedAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	allowOrigins(w.Header())
	t := a.lab.tenantOf(r)
	x := &exchange{lab: a.lab, tenant: t, route: route{name: routeAPI}, path: r.URL.Path}
	x.arrive(r)
	faults, err := a.lab.faults.active(r, t.name)
	if err != nil {
		x.answer(w, r, unknownFault(err))
		return
	}
	x.faults = faults
	x.tamper(r)
	w.Header().Set("Date", x.now().UTC().Format(http.TimeFormat))
	if out, ok := x.chooseDialect(r); !ok {
		x.answer(w, r, out)
		return
	}
	out, answered := x.intercept()
	if !answered {
		out = a.answer(x, r)
	}
	x.alter(&out)
	x.answer(w, r, out)
}

// resource is one thing that the API protects.
type resource struct {
	path, scope string
	methods     []string
	acr         string        // how the user must have signed in; empty: in any way
	maxAge      time.Duration // how long ago at most; 0: ever
	serve       func(*protectedAPI, *exchange, *http.Request, accessToken) reply
}

func apiResources() []resource {
	get, post, both := []string{"GET", "HEAD"}, []string{"POST"}, []string{"GET", "HEAD", "POST"}
	return []resource{
		{"/api/profile", "read", get, "", 0, (*protectedAPI).profile},
		{"/api/notes", "write", both, "", 0, (*protectedAPI).serveNotes},
		{"/api/vault", "read", get, acrCode, 5 * time.Minute, (*protectedAPI).profile},
		{mcpPath, mcpScope, post, "", 0, (*protectedAPI).serveMCP},
	}
}

// tenantOf is the tenant whose token a request carries: the API serves them
// all. What it says is checked later. A request without one is the default's.
func (l *Lab) tenantOf(r *http.Request) *tenant {
	_, compact, _ := presented(r, nil)
	j, _ := readForeign("", compact)
	for _, t := range l.tenants {
		if t.issuer == j.text("iss") {
			return t
		}
	}
	return l.main()
}

func (a *protectedAPI) answer(x *exchange, r *http.Request) reply {
	if isPreflight(r) {
		return preflight([]string{"GET", "HEAD", "POST"})
	}
	if out, ok := a.describeResource(x.apiOrigin(), r.URL.Path); ok {
		return out
	}
	if out, ok := a.describeClient(r); ok {
		return out
	}
	i := slices.IndexFunc(a.resources, func(res resource) bool { return res.path == r.URL.Path })
	if i < 0 {
		return a.lab.notFound(r.URL.Path)
	}
	res := a.resources[i]
	x.begun = true
	if x.route.methods = res.methods; !slices.Contains(res.methods, r.Method) {
		return x.wrongMethod(r.Method)
	}
	x.pass(checkMethod)
	x.described = metadataOf(x.apiOrigin(), res.path)
	below := ""
	if res.path == mcpPath {
		below = mcpPath
	}
	// A token for the API is good at both of its addresses.
	token, bad := x.authorized(r, x.apiOrigin()+r.URL.Path, a.lab.API()+below, x.apiOrigin()+below)
	if bad != "" {
		return x.challenge(bad, "")
	}
	x.saw(checkTokenScope, token.Scopes, res.scope)
	if !slices.Contains(fields(token.Scopes), res.scope) {
		x.fails(tokenScope, true)
		why := tokenScope.refusal()
		why.description = "The access token does not have the scope " + res.scope + "."
		return x.translate(tokenScope, x.challengeWith(why, false, res.scope))
	}
	x.pass(checkTokenScope)
	if out, no := x.insufficient(token, res.acr, res.maxAge); no {
		return out
	}
	out := res.serve(a, x, r, token)
	if x.client.must(mustNonce) {
		x.offerNonce(&out, routeAPI)
	}
	return out
}

// profile says whose token it is. A client that acts for itself is told so.
func (a *protectedAPI) profile(x *exchange, _ *http.Request, token accessToken) reply {
	answer := map[string]any{"sub": token.Subject, "client_id": token.ClientID, "scope": token.Scopes}
	if u, ok := bySubject(x.tenant.users, token.Subject); ok {
		answer["name"], answer["username"] = u.Name, u.Username
	}
	for _, name := range []string{"act", "authorization_details"} {
		if v, ok := token.extra[name]; ok {
			answer[name] = v
		}
	}
	return jsonReply(http.StatusOK, answer)
}

// serveNotes lists the notes of the token's subject, or adds {"text": "…"}.
func (a *protectedAPI) serveNotes(x *exchange, r *http.Request, token accessToken) reply {
	if r.Method != http.MethodPost {
		return jsonReply(http.StatusOK, map[string]any{"notes": a.notes.of(token.Subject)})
	}
	var sent struct {
		Text string `json:"text"`
	}
	dec := json.NewDecoder(r.Body)
	if err := dec.Decode(&sent); err != nil || !errors.Is(dec.Decode(&struct{}{}), io.EOF) {
		return x.badBody(`Send one JSON object such as {"text":"hello"}.`)
	}
	if sent.Text == "" || len(sent.Text) > noteBytes || !utf8.ValidString(sent.Text) {
		return x.badBody("A note has 1 to " + strconv.Itoa(noteBytes) + " bytes of text.")
	}
	n, ok := a.notes.add(token.Subject, sent.Text, x.now())
	if !ok {
		return jsonReply(http.StatusInsufficientStorage, map[string]any{"error": "full", "error_description": "The notebook is full. Restart the lab to empty it."})
	}
	return jsonReply(http.StatusCreated, map[string]any{"id": n.ID, "text": n.Text, "created": n.Created})
}

// badBody refuses what stands in the body of a good request.
func (x *exchange) badBody(why string) reply {
	x.denies(checkBody, why, "")
	return jsonReply(http.StatusBadRequest, map[string]any{"error": "invalid_request", "error_description": why})
}

// notebook keeps notes per subject.
type notebook struct {
	mu    sync.Mutex
	pages map[string][]note
}

type note struct {
	ID      int    `json:"id"`
	Text    string `json:"text"`
	Created string `json:"created"`
}

func (n *notebook) add(sub, text string, now time.Time) (note, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.pages == nil {
		n.pages = map[string][]note{}
	}
	list := n.pages[sub]
	if len(list) >= noteLimit {
		return note{}, false
	}
	added := note{ID: len(list) + 1, Text: text, Created: now.UTC().Format(time.RFC3339)}
	n.pages[sub] = append(list, added)
	return added, true
}

func (n *notebook) of(sub string) []note {
	n.mu.Lock()
	defer n.mu.Unlock()
	return append([]note{}, n.pages[sub]...)
}
