package token

import (
	"strconv"
	"strings"
	"time"

	"authdance/flows/jose"
	"authdance/ui/pane"
)

// life is the time in which a token counts.
type life struct {
	name     string
	from, to time.Time
}

// livesOf are the life of the token in view and, for comparison, that of the
// other tokens of the run whose end is known.
func livesOf(e pane.Env, t tab, tok jose.Token) []life {
	var out []life
	add := func(t tab, tok jose.Token) {
		if l, ok := lifeOf(e, t, tok); ok {
			out = append(out, l)
		}
	}
	add(t, tok)
	if t == pastedToken || len(out) == 0 { // the life of another token would be taken for this one's
		return out
	}
	for _, other := range [...]tab{idToken, accessToken} {
		if text := e.Snap.State.Vars[other.variable()].Raw(); other != t && text != "" {
			add(other, jose.Decode(text))
		}
	}
	return out
}

// lifeOf reads iat (or nbf) and exp. An opaque access token lives for
// expires_in seconds from the moment its answer came (RFC 6749 §5.1).
func lifeOf(e pane.Env, t tab, tok jose.Token) (life, bool) {
	l := life{name: t.String()}
	tok = core(tok)
	if a := tok.Assertion; a != nil {
		l.from, l.to = a.NotBefore, a.NotOnOrAfter
	}
	for _, claim := range jose.Times(tok) {
		switch {
		case claim.At.IsZero():
		case claim.Claim == "iat", claim.Claim == "nbf" && l.from.IsZero():
			l.from = claim.At
		case claim.Claim == "exp":
			l.to = claim.At
		}
	}
	if t == accessToken && l.to.IsZero() {
		s := e.Snap.State
		seconds, err := strconv.ParseInt(s.Vars["expires_in"].Raw(), 10, 32)
		for i, r := range s.Results {
			if i < s.Step && r.Set["access_token"] == s.Vars["access_token"] && err == nil && seconds > 0 {
				l.from, l.to = r.Ended, r.Ended.Add(time.Duration(seconds)*time.Second)
			}
		}
	}
	return l, !l.from.IsZero() && l.to.After(l.from)
}

// timeLines draw the lives as bars, at most h of them. Several share one scale.
func (p Pane) timeLines(e pane.Env, h int) []string {
	now, lives := e.Snap.Now, p.sheet.lives
	if len(lives) == 0 || h < 1 || now.IsZero() {
		return nil
	}
	lives = lives[:min(len(lives), h)]
	lo, hi := now, now
	name, left := 0, 0
	for _, l := range lives {
		if l.from.Before(lo) {
			lo = l.from
		}
		if l.to.After(hi) {
			hi = l.to
		}
		name, left = max(name, len(l.name)), max(left, len(l.left(now)))
	}
	out := make([]string, len(lives))
	for i, l := range lives {
		out[i] = l.line(e, p.ink, lo, hi, name, left)
	}
	return out
}

// left is how long the token still counts.
func (l life) left(now time.Time) string {
	switch {
	case now.Before(l.from):
		return "begins in " + span(l.from.Sub(now))
	case now.Before(l.to):
		return span(l.to.Sub(now)) + " left"
	}
	return "expired " + span(now.Sub(l.to)) + " ago"
}

func (l life) status(now time.Time) string {
	switch {
	case now.Before(l.from):
		return "warn"
	case now.Before(l.to):
		return "pass"
	}
	return "fail"
}

// line is one bar: ● issued and ends, ↓ now, ═ the time that is left.
func (l life) line(e pane.Env, k ink, lo, hi time.Time, name, left int) string {
	sign, style := k.status(l.status(e.Snap.Now))
	out := line{}
	out.gap(1).put(style, sign).gap(1)
	room := e.W - 4 - left
	if room >= name+1+30 {
		out.put(pane.Brush{}, l.name).gap(name + 1 - len(l.name))
		room -= name + 1
	}
	open, end := "iat ", " exp"
	if room < 30 {
		open, end = "", ""
	}
	if room -= len(open) + len(end) + 1; room >= 8 {
		out.put(k.muted, open).put(k.text, l.bar(e, lo, hi, room)).put(k.muted, end).gap(1)
	}
	return out.put(k.text, cut(l.left(e.Snap.Now), e.W-out.n)).b.String()
}

func (l life) bar(e pane.Env, lo, hi time.Time, w int) string {
	sym, now := e.Styles.Sym, e.Snap.Now
	at := func(t time.Time) int {
		return int(float64(w-1) * (float64(t.Sub(lo)) / float64(max(hi.Sub(lo), 1))))
	}
	from, to, here := at(l.from), at(l.to), at(now)
	if here == from && now.After(l.from) && from+1 < to {
		here++
	}
	var b strings.Builder
	for i := range w {
		switch {
		case i == here:
			b.WriteString(sym.Down)
		case i == from || i == to:
			b.WriteString(sym.Inside)
		case i < from || i > to:
			b.WriteString(sym.Dot)
		case i < here:
			b.WriteString(sym.Rule)
		default:
			b.WriteString(sym.Band)
		}
	}
	return b.String()
}
