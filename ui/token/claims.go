package token

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"authdance/flows"
	"authdance/flows/jose"
	"authdance/flows/wire"
	"authdance/ui/pane"
)

// Bounds on what a hostile token can make of the list.
const (
	maxRows  = 500
	maxDepth = 6
)

// layer lays a token out as rows.
type layer struct {
	e      pane.Env
	tight  bool // little room: fewer headings, and what matters most first
	dates  dates
	tok    jose.Token
	checks []wire.Check
	times  map[string]jose.Time
	worst  map[string]string // section and member → the worst that a check says of it
	out    []row
	left   int // rows that were not made
}

func newLayer(e pane.Env, d dates, tok jose.Token, checks []wire.Check) layer {
	l := layer{e: e, tight: tight(e), dates: d, tok: tok, checks: checks, times: map[string]jose.Time{}, worst: map[string]string{}}
	for _, t := range jose.Times(core(tok)) {
		l.times[t.Claim] = t
	}
	for _, c := range checks {
		section, names := concerns(c.ID)
		for _, name := range names {
			if at := section + " " + name; rank(string(c.Status)) > rank(l.worst[at]) {
				l.worst[at] = string(c.Status)
			}
		}
	}
	return l
}

func (l *layer) add(r row) { l.out = append(l.out, r) }

// claims are the rows of what the token says, and of what came beside it.
func (l layer) claims(t tab) []row {
	l.breaks()
	if l.tight {
		l.payload()
		l.headers()
	} else {
		l.headers()
		l.payload()
	}
	l.disclosed()
	if t == accessToken {
		l.answer()
	}
	l.parts()
	if l.left > 0 {
		l.out = append(l.out, row{kind: heading, name: fmt.Sprintf("and %d more, see the JSON", l.left)})
	}
	return l.out
}

// title adds a heading that can be done without where there is little room.
func (l *layer) title(name string) {
	if !l.tight {
		l.add(row{kind: heading, name: name})
	}
}

// core is the innermost token: the one whose claims count.
func core(tok jose.Token) jose.Token {
	for tok.Inner != nil {
		tok = *tok.Inner
	}
	return tok
}

// headers are the header that the checks are about, and what is around it.
func (l *layer) headers() {
	if l.tok.Inner != nil {
		l.section("OUTER HEADER", outer, l.tok.Header)
		l.section("INNER HEADER", inHeader, core(l.tok).Header)
	} else {
		l.section("HEADER", inHeader, l.tok.Header)
	}
	l.section("HEADER, NOT PROTECTED", outer+" unprotected", l.tok.Unprotected)
	for i, s := range l.tok.Signatures {
		l.section("HEADER OF SIGNATURE "+strconv.Itoa(i+1), outer+" "+strconv.Itoa(i), s.Header)
	}
}

func (l *layer) payload() {
	tok := core(l.tok)
	title := "PAYLOAD"
	switch {
	case l.tok.Kind == jose.SAML:
		title = "ASSERTION"
	case l.tok.Plaintext != nil:
		title = "DECRYPTED"
	}
	switch {
	case tok.Claims.Kind == wire.Object:
		l.section(title, inPayload, tok.Claims)
	case tok.Plaintext != nil:
		l.title(title)
		l.add(row{kind: partRow, id: "part plaintext", name: "content", value: wire.Safe(clip(string(tok.Plaintext), 200)), gloss: "no JSON object", raw: string(tok.Plaintext)})
	case tok.Kind == jose.JWS:
		l.title(title)
		part := tok.Segment("payload")
		l.add(row{kind: partRow, id: "part payload", name: "payload", value: wire.Safe(clip(string(part.Bytes), 200)),
			gloss: "no JSON object", raw: string(part.Bytes), part: part})
	}
}

// disclosed are the claims that the holder of an SD-JWT chose to show, each with
// the place of its hash in the signed part, and the holder's own proof.
func (l *layer) disclosed() {
	for i, d := range l.tok.Disclosures {
		if i == 0 {
			l.add(row{kind: heading, name: "DISCLOSED"})
		}
		name, place, status := wire.Safe(clip(d.Name, 200)), "its hash stands in "+wire.Safe(clip(d.Place, 200)), "pass"
		if name == "" {
			name = "an element"
		}
		if d.Place == "" {
			place, status = "its hash stands nowhere in the signed part", "fail"
		}
		l.add(row{kind: claimRow, id: "disclosed/" + strconv.Itoa(i), status: status, name: name, value: l.shown(wire.Member{Name: d.Name, Value: d.Value}, "disclosed", 1), gloss: place,
			of: "disclosed", top: d.Name, val: d.Value})
	}
	if kb := l.tok.KeyBinding; kb != nil {
		l.section("PROOF OF THE HOLDER", "holder", kb.Header)
		l.section("WHAT IT SAYS", "holder says", kb.Claims)
	}
}

// section adds the members of header or payload. A claim that had to be there
// and is not gets a row too, because its absence is what matters.
func (l *layer) section(title, section string, v wire.Value) {
	if v.Kind != wire.Object {
		return
	}
	if section != inPayload {
		l.add(row{kind: heading, name: title})
	} else {
		l.title(title)
	}
	for i, m := range v.Members {
		l.member(m, section, section+"/"+strconv.Itoa(i)+"/"+clip(m.Name, 80), m.Name, 0)
	}
	for _, c := range l.checks {
		of, names := concerns(c.ID)
		missing := strings.HasPrefix(c.ID, "claim_missing:") || strings.HasSuffix(c.ID, "_missing")
		if of == section && missing && (c.Status == wire.Fail || c.Status == wire.Warn) && !l.has(of, names[0]) {
			name := wire.Safe(names[0])
			l.add(row{kind: claimRow, id: section + "/missing/" + name, status: string(c.Status), name: name, value: "not in the token", raw: "no " + names[0],
				gloss: l.meaning(names[0]), of: section, top: names[0]})
		}
	}
}

func (l *layer) has(section, name string) bool {
	v := core(l.tok).Claims
	if section == inHeader {
		v = core(l.tok).Header
	}
	_, ok := v.Get(name)
	return ok
}

// member adds one member and, below it, what it holds.
func (l *layer) member(m wire.Member, section, id, top string, depth int) {
	if len(l.out) >= maxRows {
		l.left++
		return
	}
	r := row{kind: claimRow, id: id, name: wire.Safe(clip(m.Name, 200)), depth: depth, of: section, top: top, val: m.Value}
	if depth == 0 {
		r.status, r.gloss = l.worst[section+" "+m.Name], l.meaning(m.Name)
	}
	nested := m.Value.Kind == wire.Object && len(m.Value.Members) > 0 || m.Value.Kind == wire.Array && !scalars(m.Value.Items)
	if nested && depth < maxDepth {
		r.value = sized(m.Value)
		l.add(r)
		for i, child := range m.Value.Members {
			l.member(child, section, id+"/"+strconv.Itoa(i), top, depth+1)
		}
		for i, item := range m.Value.Items {
			l.member(wire.Member{Name: "[" + strconv.Itoa(i) + "]", Value: item}, section, id+"/"+strconv.Itoa(i), top, depth+1)
		}
		return
	}
	r.value = l.shown(m, section, depth)
	if t, ok := l.times[m.Name]; ok && section == inPayload && depth == 0 && !t.At.IsZero() && !l.e.Snap.Now.IsZero() {
		if r.short, r.when = relative(t.At, l.e.Snap.Now), t.At; l.dates == numbers {
			r.short = t.Raw
		}
	}
	l.add(r)
}

// shown is a value on one line.
func (l *layer) shown(m wire.Member, section string, depth int) string {
	v := m.Value
	if !l.e.Snap.Reveal && v.Kind == wire.String && v.Text != "" && flows.Sensitive(m.Name) {
		return wire.Mask(v.Text)
	}
	if section == inPayload && depth == 0 {
		if t, ok := l.times[m.Name]; ok {
			note := ""
			if t.Note != "" {
				note = " (" + t.Note + ")"
			}
			if t.At.IsZero() {
				return clip(t.Raw, 200) + note
			}
			return l.dates.write(t.At, t.Raw, l.e.Snap.Now) + note
		}
		if n, err := strconv.ParseInt(v.Text, 10, 64); m.Name == "updated_at" && v.Kind == wire.Number && err == nil && n > 1e9 && n < 1e10 {
			return l.dates.write(time.Unix(n, 0), v.Text, l.e.Snap.Now)
		}
	}
	switch v.Kind {
	case wire.String:
		if v.Text == "" {
			return `""`
		}
		return wire.Safe(clip(v.Text, 2000))
	case wire.Array:
		items := make([]string, 0, len(v.Items))
		for _, item := range v.Items[:min(len(v.Items), 50)] {
			items = append(items, wire.Safe(clip(rawOf(item), 200)))
		}
		if len(v.Items) > 50 {
			items = append(items, fmt.Sprintf("and %d more", len(v.Items)-50))
		}
		return "[" + strings.Join(items, ", ") + "]"
	}
	return wire.Safe(clip(strings.Join(strings.Fields(veiled(v, l.e.Snap.Reveal).Indent()), " "), 2000))
}

// rank orders what checks say; what does not apply says nothing.
func rank(status string) int {
	return slices.Index([]string{string(wire.Pass), string(wire.Warn), string(wire.Unknown), string(wire.Fail)}, status)
}

// meaning is the catalog's first words about a claim.
func (l *layer) meaning(name string) string {
	if l.e.Catalog == nil {
		return ""
	}
	c, ok := l.e.Catalog.Claim(name)
	if !ok {
		return ""
	}
	return opening(c.Meaning)
}

// opening is a sentence up to its first stop.
func opening(text string) string {
	text = bare(text)
	// A colon or comma often begins what only a long answer needs.
	if i := strings.IndexAny(text, ".:;,"); i > 0 {
		text = text[:i]
	}
	return text
}

// bare takes the marks of inline code out of a catalog sentence.
func bare(text string) string { return strings.ReplaceAll(text, "`", "") }

// answer adds what the token response said beside the access token.
func (l *layer) answer() {
	vars := l.e.Snap.State.Vars
	names := [...][2]string{{"token_type", "token_type"}, {"expires_in", "expires_in"}, {"granted_scope", "scope"}}
	first := true
	for _, n := range names {
		v := vars[n[0]]
		if v == "" {
			continue
		}
		if first {
			l.add(row{kind: heading, name: "CAME WITH IT"})
			first = false
		}
		r := row{kind: factRow, id: "fact " + n[1], name: n[1], value: v.Safe(), top: n[1], raw: v.Raw()}
		if n[1] == "expires_in" {
			r.value += " s"
		}
		if l.e.Catalog != nil {
			if entry, ok := l.e.Catalog.Parameter(n[1]); ok {
				r.gloss = opening(entry.What)
			}
		}
		l.add(r)
	}
}

// parts adds the segments that hold no JSON, and the token itself.
func (l *layer) parts() {
	first := true
	all := l.tok.Segments
	if l.tok.Inner != nil {
		all = append(slices.Clip(all), core(l.tok).Segments...)
	}
	for i, s := range all {
		if s.Name == inHeader && l.tok.Header.Kind == wire.Object || s.Name == inPayload && l.tok.Kind != jose.Malformed || s.Name == inPayload && l.tok.Claims.Kind == wire.Object || i >= len(l.tok.Segments) && s.Name == inHeader {
			continue
		}
		if first {
			l.title(map[bool]string{true: "SIGNATURE", false: "OTHER PARTS"}[l.tok.Kind == jose.JWS || l.tok.Kind == jose.SDJWT])
			first = false
		}
		r := row{kind: partRow, id: "part " + strconv.Itoa(i) + " " + s.Name, name: wire.Safe(s.Name), value: counts(len(s.Bytes), "byte"), raw: s.Raw, part: s}
		if s.Name == "signature" {
			r.of, r.top = "signature", "signature"
			r.status, r.gloss = l.signature()
		}
		l.add(r)
	}
	text := l.tok.Text
	if text == "" {
		return
	}
	l.title("THE TOKEN ITSELF")
	shown := wire.Mask(text)
	if l.e.Snap.Reveal {
		shown = wire.Safe(clip(text, 4000))
	}
	l.add(row{kind: tokenRow, id: "token", name: "token", value: shown, gloss: counts(len(text), "character"), raw: text})
}

// signature says how the signature fared, in words that cannot be taken for
// more than was proved.
func (l *layer) signature() (status, words string) {
	for _, c := range l.checks {
		if c.ID == "not_signed" && c.Status == wire.Fail {
			return "fail", "not signed"
		}
		if c.ID == "signature_invalid" {
			switch c.Status {
			case wire.Pass:
				return "pass", "verified"
			case wire.Fail:
				return "fail", "does not fit"
			}
		}
	}
	return "unknown", "not verified"
}

// breaks adds the places where the token leaves its format.
func (l *layer) breaks() {
	first := true
	for _, s := range l.tok.Segments {
		for i, b := range s.Breaks {
			if first {
				l.add(row{kind: heading, name: "WHERE IT BREAKS"})
				first = false
			}
			at := fmt.Sprintf("character %d of the token", s.Offset+b.Offset+1)
			if b.In != "raw" {
				at = fmt.Sprintf("byte %d when decoded", b.Offset+1)
			}
			l.add(row{kind: breakRow, id: fmt.Sprintf("break %s %d", wire.Safe(s.Name), i), status: "fail", name: wire.Safe(s.Name), value: at,
				gloss: wire.Safe(b.Got), raw: fmt.Sprintf("%s: %s: got %s, want %s", s.Name, at, b.Got, b.Want), part: s, where: b})
		}
	}
}

// veiled masks the credentials in a value unless they are to be shown.
func veiled(v wire.Value, reveal bool) wire.Value {
	if reveal {
		return v
	}
	return v.Veil(flows.Sensitive)
}

func rawOf(v wire.Value) string {
	if v.Kind == wire.String {
		return v.Text
	}
	return v.Indent()
}

func scalars(items []wire.Value) bool {
	return !slices.ContainsFunc(items, func(v wire.Value) bool { return v.Kind == wire.Object || v.Kind == wire.Array })
}

func sized(v wire.Value) string {
	if v.Kind == wire.Array {
		return counts(len(v.Items), "item")
	}
	return counts(len(v.Members), "member")
}

func counts(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}

// clip bounds foreign text before it is made safe: no line shows more of it.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xc0 == 0x80 { // not inside a character
		n--
	}
	return s[:n] + "…"
}
