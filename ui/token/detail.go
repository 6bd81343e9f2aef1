package token

import (
	"strings"
	"unicode/utf8"

	"authdance/catalog"
	"authdance/flows/jose"
	"authdance/flows/wire"
	"authdance/ui/keys"
	"authdance/ui/pane"
)

// detail explains the marked row; with none marked, what matters most.
func (p Pane) detail(e pane.Env) []string {
	m, ok := p.marked()
	if !ok {
		return p.overview(e)
	}
	switch m.kind {
	case checkRow:
		return p.explainCheck(m, e)
	case breakRow:
		return append(p.snippet(m, e), p.qa("Wanted", wire.Safe(m.where.Want), e)...)
	case tokenRow:
		return p.explainToken(m, e)
	case partRow:
		return p.explainPart(m, e)
	case factRow:
		return p.explainFact(m, e)
	case choiceRow:
		var out []string
		for i := 0; i+1 < len(m.about); i += 2 {
			out = append(out, p.qa(m.about[i], m.about[i+1], e)...)
		}
		return out
	}
	return p.explainClaim(m, e)
}

// overview is what matters most about the token as a whole.
func (p Pane) overview(e pane.Env) []string {
	if p.face.lists() {
		return nil
	}
	switch m := p.worst(); m.kind {
	case breakRow:
		return append(p.snippet(m, e), p.qa("Wanted", wire.Safe(m.where.Want), e)...)
	case checkRow:
		out := p.explainCheck(m, e)
		if strings.HasSuffix(p.sheet.verdict.text, wire.Safe(m.check.Message)) { // the verdict says it already
			out = out[len(p.qa("Rule", wire.Safe(m.check.Message), e)):]
		}
		return out
	}
	var out []string
	for _, l := range pane.Wrap(p.about(), e.W-2) {
		out = append(out, " "+p.ink.text.Put(l))
	}
	if key := e.Keys.Key(keys.Down); key != "" {
		line := " " + p.ink.key.Put(key) + " " + p.ink.hint.Put("explains a line")
		if other := e.Keys.Key(keys.Checks); other != "" && len(p.sheet.checks) > 0 {
			line += "   " + p.ink.key.Put(other) + " " + p.ink.hint.Put("the checks")
		}
		out = append(out, line)
	}
	return out
}

// worst is the row behind a bad verdict, a heading when the verdict is not bad.
func (p Pane) worst() row {
	v := p.sheet.verdict
	if v.status != "fail" && v.status != "unknown" {
		return row{}
	}
	for _, r := range p.sheet.claims {
		if r.kind == breakRow {
			return r
		}
	}
	for _, r := range p.sheet.checks {
		if r.kind == checkRow && r.status == v.status {
			return r
		}
	}
	return row{}
}

// about says what kind of thing the token is.
func (p Pane) about() string {
	opaque := p.sheet.tok.Kind == jose.Opaque
	switch {
	case p.tab == idToken:
		return "An ID token says who signed in. It is meant for this client alone, which is what aud says: an API must not take it."
	case p.tab == accessToken && opaque:
		return "An access token opens an API, like a key card: whoever has it can use it. This one is opaque, a random reference. " +
			"Only the server that made it knows what it stands for, and an API asks that server (introspection)."
	case p.tab == accessToken:
		return "An access token opens an API, like a key card: whoever has it can use it. The API checks it. A client should not read it: " +
			"the server may change what is inside, or make it opaque, without a word."
	case p.tab == refreshToken:
		return "A refresh token gets new access tokens without the person. Only the server that made it reads it, so a client keeps it safe and sends it nowhere else."
	case opaque && p.sheet.tok.Shape.Hint != "":
		return "This is an opaque token: only the server that made it knows what it stands for. " + p.sheet.tok.Shape.Hint
	case p.sheet.tok.Kind == jose.SAML:
		return "A SAML assertion says in XML who signed in. Only a signature that covers exactly this assertion proves it."
	case p.sheet.tok.Kind == jose.JWE:
		return "The header is open, the content is encrypted for the one who has the key."
	case p.sheet.tok.Kind == jose.SDJWT:
		return "An SD-JWT is signed with hashes in the place of claims. Its holder chooses which claims to show, and each is checked against its hash."
	case opaque:
		return "This is an opaque token, a random reference: only the server that made it knows what it stands for. Its introspection endpoint can tell."
	}
	return "A signed token shows its content to everybody. Only the checks say whether it may be believed."
}

func (p Pane) explainCheck(r row, e pane.Env) []string {
	c := r.check
	out := p.qa("Rule", wire.Safe(c.Message), e)
	if c.Got == c.Want {
		out = append(out, p.qa("Both", wire.Safe(c.Got), e)...)
	} else {
		out = append(out, p.qa("Got", wire.Safe(c.Got), e)...)
		out = append(out, p.qa("Wanted", wire.Safe(c.Want), e)...)
	}
	out = append(out, p.qa("Skipped?", jose.Gains(c.ID), e)...)
	return append(out, p.qa("Read", dotted(wire.Safe(c.Ref), e), e)...)
}

func (p Pane) explainClaim(r row, e pane.Env) []string {
	out := p.whole(r, e)
	if !r.when.IsZero() {
		out = append(out, p.qa("Time", dotted(joined(r.when.UTC().Format("2006-01-02 15:04:05 UTC"), wire.Safe(clip(r.whole(), 40))+" seconds", relative(r.when, e.Snap.Now)), e), e)...)
		if c, ok := serverClockOf(e); ok && p.tab != pastedToken {
			out = append(out, p.qa("Clocks", c.String(), e)...)
		}
	}
	for _, c := range p.sheet.checks {
		if c.kind == checkRow && c.status != "na" && c.status != "pass" && related(r, c) {
			sign, _ := p.ink.status(c.status)
			out = append(out, p.qa("Check", sign+" "+c.value, e)...)
		}
	}
	if r.depth > 0 {
		out = append(out, p.qa("Part of", wire.Safe(r.top), e)...)
	}
	if e.Catalog == nil {
		return append(out, " The catalog is still being read.")
	}
	c, ok := e.Catalog.Claim(r.top)
	if !ok {
		return append(out, p.qa("Means", "The catalog has no entry for this name: it is the server's own, and the server's documents say what it means.", e)...)
	}
	out = append(out, p.qa("Means", c.Meaning, e)...)
	for _, c := range p.sheet.checks {
		if c.status == "pass" && related(r, c) {
			sign, _ := p.ink.status(c.status)
			out = append(out, p.qa("Check", sign+" "+c.value, e)...)
			break
		}
	}
	out = append(out, p.qa("From", c.ComesFrom, e)...)
	out = append(out, p.qa("Trouble", c.GoesWrong, e)...)
	return append(out, p.qa("Read", strings.Join(c.Refs, " "+e.Styles.Sym.Dot+" "), e)...)
}

// whole is the value in full, when the list had to shorten it.
func (p Pane) whole(r row, e pane.Env) []string {
	w := e.W
	list := p.sheet.all
	if p.split(e) {
		w, list = leftWidth(e.W), p.sheet.claims
	}
	if r.short != "" || width(r.value) <= columnsOf(list, w).value {
		return nil
	}
	return p.qa("Value", r.value, e)
}

func (p Pane) explainFact(r row, e pane.Env) []string {
	out := p.whole(r, e)
	if e.Catalog == nil {
		return out
	}
	entry, ok := e.Catalog.Parameter(r.top)
	if !ok {
		return out
	}
	out = append(out, p.qa("Means", entry.What, e)...)
	out = append(out, p.qa("From", "The answer that brought the token. It stands beside the token, not in it.", e)...)
	out = append(out, p.qa("Trouble", entry.Wrong, e)...)
	return append(out, p.qa("Read", strings.Join(entry.Refs, " "+e.Styles.Sym.Dot+" "), e)...)
}

func (p Pane) explainPart(r row, e pane.Env) []string {
	means := "A part of the token that is not JSON."
	switch r.part.Name {
	case "signature":
		means = "It proves that the holder of the key signed exactly this header and this payload. It hides nothing: everybody can read them."
	case "payload":
		means = "The content is not a JSON object, so this is a signed message and not a JWT."
	case "encrypted_key":
		means = "The key of the content, encrypted for the one who may read it."
	case "iv":
		means = "A random start value, so that equal contents look different."
	case "ciphertext":
		means = "The content, encrypted."
	case "tag":
		means = "It shows whether the encrypted content was changed."
	}
	out := p.qa("Means", means, e)
	for _, c := range p.sheet.checks {
		if c.kind == checkRow && related(r, c) {
			sign, _ := p.ink.status(c.status)
			out = append(out, p.qa("Check", sign+" "+c.value, e)...)
		}
	}
	return out
}

func (p Pane) explainToken(r row, e pane.Env) []string {
	if !e.Snap.Reveal {
		text := "Masked, because whoever has it can use it. " + e.Keys.Key(keys.Reveal) + " shows it, " + e.Keys.Key(keys.CopyAll) + " copies it whole."
		out := p.qa("Hidden", text, e)
		if t, ok := p.trail(e); ok {
			out = append(out, p.qa("Way", t.String()+". "+e.Keys.Key(keys.Follow)+" follows it.", e)...)
		}
		return append(out, p.found(e)...)
	}
	out := []string{}
	for _, l := range broken(r.value, e.W-2) {
		out = append(out, " "+p.ink.secret.Put(l))
	}
	return append(p.found(e), out...)
}

// found says where in a pasted text the token was, and what was taken off.
func (p Pane) found(e pane.Env) []string {
	if p.tab != pastedToken {
		return nil
	}
	t := p.sheet.tok
	out := p.qa("From", wire.Safe(p.mine.from), e)
	out = append(out, p.qa("Found as", wire.Safe(t.RecognisedAs), e)...)
	return append(out, p.qa("Removed", wire.Safe(strings.Join(t.Normalised, ", ")), e)...)
}

// page is the catalog page about the marked row.
func (p Pane) page(e pane.Env) (catalog.Page, bool) {
	m, ok := p.marked()
	if !ok || e.Catalog == nil {
		return catalog.Page{}, false
	}
	switch m.kind {
	case checkRow:
		return e.Catalog.ForCheck(m.check.ID)
	case claimRow:
		return e.Catalog.Page("claim/" + m.top)
	case factRow:
		return e.Catalog.Page("parameter/" + m.top)
	case partRow:
		if m.part.Name == "signature" {
			return e.Catalog.ForCheck("signature_invalid")
		}
	case breakRow:
		return e.Catalog.ForCheck(m.where.ID)
	}
	return catalog.Page{}, false
}

// snippet shows the exact place of a break, with the text around it.
func (p Pane) snippet(r row, e pane.Env) []string {
	src, secret := string(r.part.Bytes), r.part.Name != inHeader && r.part.Name != inPayload
	if r.where.In == "raw" {
		src = r.part.Raw
	}
	at := max(0, min(r.where.Offset, len(src)))
	before, after := src[:at], src[at:]
	long := max(min(40, e.W/2), 4)
	if secret && !e.Snap.Reveal {
		long = 4
	}
	left, right := tail(before, long), clip(after, long)
	lead := ""
	if len(left) < len(before) {
		lead = e.Styles.Sym.Ellipsis
	}
	lead += wire.Safe(left)
	var out []string
	for _, l := range pane.Wrap(r.name+", "+r.value+": "+wire.Safe(r.where.Got), e.W-2) {
		out = append(out, " "+p.ink.fail.Put(l))
	}
	col := min(width(lead), max(e.W-3, 0))
	return append(out, " "+p.ink.code.Put(cut(lead+wire.Safe(right), e.W-2)), " "+strings.Repeat(" ", col)+p.ink.fail.Put(p.ink.sym.Up))
}

// tail is the end of a text, at most n bytes of it.
func tail(s string, n int) string {
	if len(s) <= n {
		return s
	}
	s = s[len(s)-n:]
	for s != "" && !utf8.RuneStart(s[0]) {
		s = s[1:]
	}
	return s
}

// qa is one question with its answer, hanging from its label.
func (p Pane) qa(question, answer string, e pane.Env) []string {
	const label = 9
	if answer == "" {
		return nil
	}
	w := e.W - label - 2
	if w < 10 { // no room for a hanging label
		return pane.Wrap(question+": "+bare(answer), e.W)
	}
	lines := pane.Wrap(bare(answer), w)
	for i, l := range lines {
		lead := strings.Repeat(" ", label+1)
		if i == 0 {
			lead = " " + p.ink.muted.Put(question) + strings.Repeat(" ", label-len(question))
		}
		lines[i] = lead + p.ink.text.Put(l)
	}
	return lines
}
