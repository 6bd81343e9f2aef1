package lab

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
)

// reply is an answer that is still made of values: a fault can change one
// claim, one parameter or one header of it. writeReply turns it into bytes.
// At most one of page, redirect and json is set; redirect and json take their
// tokens from issued at the last moment.
type reply struct {
	status   int
	header   http.Header
	page     *page
	redirect *authorizationResponse
	json     map[string]any
	issued   *issued
	body     []byte

	// wrap turns the finished JSON of a success into something signed or encrypted.
	wrap func(map[string]any) (wrapped, error)

	// rewrite, set by a fault, changes the finished body of a JSON answer.
	rewrite func([]byte) []byte
	// faults that are on, to be shown on pages.
	faults []Fault
	// cut ends the connection after so many bytes of the body; 0 never. With
	// reset it is cut off, without it is closed.
	cut   int
	reset bool
	// pace, if not nil, makes the answer slow.
	pace *pace
}

// jsonReply must not be cached: RFC 6749 §5.1.
func jsonReply(status int, members map[string]any) reply {
	out := reply{status: status, header: http.Header{}, json: members}
	out.header.Set("Cache-Control", "no-store")
	out.header.Set("Pragma", "no-cache")
	return out
}

func textReply(status int, text string) reply {
	out := reply{status: status, header: http.Header{}, body: []byte(text)}
	out.header.Set("Content-Type", "text/plain; charset=utf-8")
	return out
}

// refuse answers with a problem, in the manner of the endpoint: a page where
// people look, a Bearer challenge where an access token is wanted, and the
// JSON of RFC 6749 §5.2 everywhere else.
func (x *exchange) refuse(p problem) reply {
	x.fails(p, true)
	if x.route.name == routeUserinfo {
		return x.challenge(p, "")
	}
	return x.refuseAbout(p, p.refusal())
}

// refuseAbout is refuse with a sentence of its own.
func (x *exchange) refuseAbout(p problem, why refusal) reply {
	if x.route.isPage() {
		return x.errorPage(x.speak(p, why))
	}
	return x.translate(p, x.refuseWith(why))
}

// refuseWith is the JSON of RFC 6749 §5.2.
func (x *exchange) refuseWith(why refusal) reply {
	out := jsonReply(why.status, map[string]any{"error": why.code, "error_description": why.description})
	if why.code == "use_dpop_nonce" {
		x.offerNonce(&out, routeToken)
	}
	if why.status == http.StatusUnauthorized {
		out.header.Set("WWW-Authenticate", `Basic realm="authdance lab", charset="UTF-8"`)
	}
	return out
}

func (x *exchange) wrongMethod(method string) reply {
	allowed := x.route.methods
	x.judge(checkMethod, Failed, "")
	x.saw(checkMethod, plain(method), joined(allowed))
	out := jsonReply(http.StatusMethodNotAllowed, map[string]any{
		"error":             "invalid_request",
		"error_description": "This endpoint does not take " + plain(method) + ". It takes " + joined(allowed) + ".",
	})
	for _, m := range allowed {
		out.header.Add("Allow", m)
	}
	return out
}

// writeReply puts a reply on the wire.
func writeReply(w http.ResponseWriter, r *http.Request, out reply) {
	if out.issued != nil {
		put := func(name, value string) { out.json[name] = value }
		if out.redirect != nil {
			put = out.redirect.params.Set
		}
		if err := out.issued.finish(put); err != nil {
			out = cannotSign()
		}
	}
	if out.redirect != nil && out.redirect.seal != nil {
		sealed, err := out.redirect.seal(out.redirect.params)
		if err != nil {
			out = cannotSign()
		} else {
			out.redirect.params = sealed
		}
	}
	if out.redirect != nil {
		out = out.redirect.reply(out)
	}
	if out.page != nil {
		out.page.Faults = out.faults
		out.body = out.page.render(w.Header())
	}
	if out.wrap != nil && out.json != nil && out.status == http.StatusOK {
		if inside, err := out.wrap(out.json); err != nil {
			out = cannotSign()
		} else {
			out.json, out.body = nil, []byte(inside.text)
			w.Header().Set("Content-Type", inside.media)
		}
	}
	if out.json != nil {
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		_ = enc.Encode(out.json) // maps of plain values: cannot fail
		out.body = b.Bytes()
		if out.rewrite != nil {
			out.body = out.rewrite(out.body)
		}
		w.Header().Set("Content-Type", "application/json")
	}

	for name, values := range out.header {
		w.Header()[name] = values
	}
	if out.pace != nil && out.pace.before > 0 && !out.pace.wait(r, out.pace.before) {
		panic(http.ErrAbortHandler)
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(out.body)))
	w.WriteHeader(out.status)
	if r.Method == http.MethodHead {
		return
	}
	if out.cut > 0 && out.cut < len(out.body) {
		_, _ = w.Write(out.body[:out.cut])
		_ = http.NewResponseController(w).Flush()
		if out.reset {
			cutOff(w)
		}
		panic(http.ErrAbortHandler)
	}
	if out.pace != nil && out.pace.between > 0 {
		out.pace.drip(w, r, out.body)
		return
	}
	_, _ = w.Write(out.body)
}

// cutOff ends a connection as a firewall does: the client is told by its own
// system that the connection was reset.
func cutOff(w http.ResponseWriter) {
	if c, here := w.(*captured); here {
		c.reset = true
		return
	}
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return // closing it has to do
	}
	if c, ok := conn.(*slotConn); ok {
		c.lingerNot()
	}
	_ = conn.Close()
}

func cannotSign() reply {
	return jsonReply(http.StatusInternalServerError, map[string]any{"error": "server_error", "error_description": "The lab could not sign a token."})
}

// captured is the answer of the library, before we finish it.
type captured struct {
	status int
	header http.Header
	body   bytes.Buffer
	reset  bool // the connection was cut off in the middle
}

func (c *captured) Header() http.Header { return c.header }

func (c *captured) WriteHeader(status int) {
	if c.status == 0 {
		c.status = status
	}
}

func (c *captured) Write(b []byte) (int, error) {
	c.WriteHeader(http.StatusOK)
	return c.body.Write(b)
}

// members of a JSON object that the library wrote.
func (c *captured) members() (map[string]any, bool) {
	dec := json.NewDecoder(&c.body)
	dec.UseNumber()
	var m map[string]any
	err := dec.Decode(&m)
	return m, err == nil && m != nil
}
