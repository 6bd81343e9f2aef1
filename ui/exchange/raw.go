package exchange

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"authdance/flows"
	"authdance/flows/wire"
)

// rawTab is the text of both messages, one after the other, with every byte
// that is no plain text shown as an escape.
func (w *writer) rawTab() {
	m, ok := w.k.message()
	if !ok {
		w.nothing()
		return
	}
	start := len(w.rows)
	if m.kind == planned {
		text := "Not sent yet."
		switch {
		case w.k.later:
			text = w.k.meanwhile(w.e)
		case w.k.step.In != nil:
			text = "Not read yet."
		}
		w.say(w.e.Styles.Later.Render(w.e.Styles.Sym.Later), text)
	}
	w.copies(start, "the request", w.rawRequest(m.req))
	if m.kind != answered {
		return
	}
	w.gap()
	start = len(w.rows)
	w.copies(start, "the answer", w.rawResponse(m.x.Response))
}

// copies makes every line from start on stand for the whole message.
func (w *writer) copies(start int, what string, raw rawText) {
	for i := start; i < len(w.rows); i++ {
		w.rows[i].item = item{raw: raw.text, what: what, hidden: raw.hidden}
	}
}

// rawText is a message for copying, with its credentials masked.
type rawText struct {
	text   string
	hidden int
}

func (w *writer) rawRequest(r flows.Request) rawText {
	bare := r
	bare.Query = nil
	target := bare.Target()
	query, hidden := w.pairs(r.Query)
	if query != "" {
		base, frag, hasFrag := strings.Cut(target, "#")
		sep := "?"
		if strings.Contains(base, "?") {
			sep = "&"
		}
		target = base + sep + query
		if hasFrag {
			target += "#" + frag
		}
	}
	text, n := w.k.veil.text(wire.Untrusted(target))
	hidden += n
	path, host := pathOf(text.Raw())
	head := []string{r.Method + " " + path + " HTTP/1.1"}
	hosts, rest := split(r.Header, "Host")
	if len(hosts) == 0 && host != "" { // not sent yet: it is added on the way out
		hosts = []flows.Param{{Name: "Host", Value: wire.Untrusted(host)}}
	}
	head, n = w.headerLines(head, slices.Concat(hosts, rest))
	hidden += n
	if r.Form != nil {
		form, n := w.pairs(r.Form)
		return w.rawMessage(head, wire.Untrusted(form), hidden+n)
	}
	body, n := w.k.unreadable(r.Body)
	return w.rawMessage(head, body, hidden+n)
}

// split takes the headers of one name out of a list.
func split(list []flows.Param, name string) (named, rest []flows.Param) {
	for _, h := range list {
		if strings.EqualFold(h.Name, name) {
			named = append(named, h)
			continue
		}
		rest = append(rest, h)
	}
	return named, rest
}

// pairs is form-encoded text. A masked value is not encoded: the escapes of a
// mask would say nothing to anybody.
func (w *writer) pairs(list []flows.Param) (text string, hidden int) {
	parts := make([]string, len(list))
	for i, p := range list {
		parts[i] = flows.Encode(list[i : i+1])
		switch {
		case w.k.veil.secret(p) && !(p.Edited && w.k.readyMade(p.Name, p.Value)):
			name, _, _ := strings.Cut(parts[i], "=")
			parts[i] = name + "=" + wire.Mask(p.Value.Raw())
			hidden++
		default:
			masked, n := w.k.veil.values(parts[i])
			parts[i] = masked
			hidden += n
		}
	}
	return strings.Join(parts, "&"), hidden
}

func (w *writer) headerLines(head []string, list []flows.Param) ([]string, int) {
	hidden := 0
	for _, h := range list {
		if w.k.veil.secret(h) {
			hidden++
		}
		head = append(head, w.k.veil.header(h))
	}
	return head, hidden
}

func (w *writer) rawResponse(res flows.Response) rawText {
	proto := res.Proto
	if proto == "" {
		proto = "HTTP/1.1"
	}
	head := []string{strings.TrimSpace(proto + " " + strconv.Itoa(res.Status) + " " + http.StatusText(res.Status))}
	head, hidden := w.headerLines(head, res.Header)
	body, n := w.k.unreadable(res.Body)
	raw := w.rawMessage(head, body, hidden+n)
	if res.Truncated {
		w.say(w.e.Styles.Warn.Render(w.e.Styles.Sym.Warn), "The body went on past the limit and was cut here.")
	}
	return raw
}

func (w *writer) rawMessage(head []string, body wire.Untrusted, hidden int) rawText {
	for _, h := range head {
		w.long(wire.Safe(h), item{})
	}
	w.add("", item{})
	more := len(body) - mostBody
	shown := body
	if more > 0 {
		shown = body[:mostBody]
	}
	for _, l := range shown.Lines() {
		w.long(l, item{})
	}
	if more > 0 {
		w.say(w.e.Styles.Warn.Render(w.e.Styles.Sym.Warn), count(more, "more byte")+" not shown here.")
	}
	return rawText{strings.Join(head, "\r\n") + "\r\n\r\n" + body.Raw(), hidden}
}
