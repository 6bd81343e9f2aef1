package cli

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"authdance/catalog"
	"authdance/flows/jose"
	"authdance/flows/wire"
)

// printToken prints a token for people: what it is, what it says, what was
// checked, and the verdict.
func (c *console) printToken(tok jose.Token, r jose.Report, now time.Time, f *tokenFlags) error {
	st := c.styles
	c.printf("%s", st.Title.Render("This is "+described(tok)+"."))
	if tok.RecognisedAs != "" {
		c.wrapped(c.printf, "  ", "Found as "+wire.Safe(tok.RecognisedAs)+".")
	}
	for _, n := range tok.Normalised {
		c.wrapped(c.printf, "  "+c.sign("warn")+" ", "cleaned: "+wire.Safe(n))
	}
	if len(f.others) > 0 {
		c.wrapped(c.printf, "  ", "Also in this text: "+wire.Safe(strings.Join(f.others, ", "))+". Give one alone to look at it.")
	}
	if tok.Shape.Hint != "" {
		c.wrapped(c.printf, "  ", tok.Shape.Hint)
	}
	if err := c.layer(tok, now, f.reveal, "", 0); err != nil {
		return err
	}
	c.checks(r)
	c.verdict(tok, r)
	return nil
}

// described says in a few words what a token is.
func described(tok jose.Token) string {
	what := map[string]string{jose.JWS: "a signed token (JWS)", jose.JWE: "an encrypted token (JWE)", jose.Nested: "a token inside another one", jose.SDJWT: "a signed token that shows some claims only (SD-JWT)",
		jose.SAML: "a SAML assertion", jose.Opaque: "an opaque token: only its server can read it", jose.Malformed: "not a token"}[tok.Kind]
	switch {
	case tok.Kind == jose.Opaque && tok.Shape.What != "":
		what = "opaque, by its form " + tok.Shape.What
	case tok.Format == jose.General, tok.Format == jose.Flattened:
		what += ", JSON serialization"
	}
	return what
}

// layer prints one token, and then the one that it carries.
func (c *console) layer(tok jose.Token, now time.Time, reveal bool, where string, depth int) error {
	if err := c.members(where+"HEADER", veil(tok.Header, reveal), nil); err != nil {
		return err
	}
	if err := c.members(where+"HEADER, NOT PROTECTED", veil(tok.Unprotected, reveal), nil); err != nil {
		return err
	}
	claims := tok.Claims
	if tok.Inner != nil {
		claims = wire.Value{} // they are the inner token's
	}
	title := where + "CLAIMS"
	if tok.Plaintext != nil {
		title += ", DECRYPTED"
	}
	if err := c.members(title, veil(claims, reveal), c.timesOf(tok, now)); err != nil {
		return err
	}
	switch {
	case tok.Inner != nil || claims.Kind == wire.Object:
	case tok.Plaintext != nil:
		c.part(where+"DECRYPTED CONTENT", wire.Safe(string(tok.Plaintext)))
	case tok.Kind == jose.JWS && tok.Segment("payload").Raw != "":
		c.part(where+"PAYLOAD", wire.Safe(string(tok.Segment("payload").Bytes)))
	}
	for i, d := range tok.Disclosures {
		name := wire.Safe(d.Name)
		if name == "" {
			name = "an element"
		}
		if i == 0 {
			c.printf("\n%s", c.styles.Title.Render(where+"DISCLOSED"))
		}
		place := "nowhere in the signed part"
		if d.Place != "" {
			place = "in " + wire.Safe(d.Place)
		}
		c.wrapped(c.printf, "  "+c.styles.Key.Render(name)+" ", valueLine(d.Value)+"  "+c.styles.Muted.Render(place))
	}
	for _, s := range tok.Segments {
		if lastSegment(s.Name) && s.Raw != "" {
			shown := wire.Mask(s.Raw)
			if reveal {
				shown = wire.Safe(s.Raw)
			}
			c.part(where+strings.ToUpper(s.Name), c.styles.Secret.Render(shown))
		}
	}
	if tok.KeyBinding != nil {
		if err := c.layer(*tok.KeyBinding, now, reveal, "KEY BINDING ", depth+1); err != nil {
			return err
		}
	}
	if tok.Inner != nil && depth < 8 {
		return c.layer(*tok.Inner, now, reveal, where+"INNER ", depth+1)
	}
	return nil
}

func (c *console) part(title, text string) {
	c.printf("\n%s\n  %s", c.styles.Title.Render(title), text)
}

// timesOf says of each time claim when it is, in words.
func (c *console) timesOf(tok jose.Token, now time.Time) func(name string) string {
	times := map[string]jose.Time{}
	for _, t := range jose.Times(tok) {
		times[t.Claim] = t
	}
	return func(name string) string {
		t, ok := times[name]
		if !ok {
			return ""
		}
		if t.At.IsZero() {
			return t.Note
		}
		return strings.TrimSpace(t.At.Format("2006-01-02 15:04:05 UTC") + ", " + distanceOf(t.At, now) + " " + t.Note)
	}
}

// checks prints one line for each rule; of one that did not hold also what an
// attacker gains where it is skipped.
func (c *console) checks(r jose.Report) {
	if len(r.Checks) == 0 {
		return
	}
	c.printf("\n%s", c.styles.Title.Render("CHECKS, as "+r.As))
	width := 0
	for _, k := range r.Checks {
		width = max(width, len(k.ID))
	}
	for _, k := range r.Checks {
		text := k.Message
		wrong := k.Status == wire.Fail || k.Status == wire.Warn
		if wrong && (k.Got != "" || k.Want != "") {
			text += fmt.Sprintf(" (got %s, want %s)", orNothing(k.Got), orNothing(k.Want))
		}
		if wrong && k.Ref != "" {
			text += " [" + k.Ref + "]"
		}
		c.wrapped(c.printf, "  "+c.sign(string(k.Status))+" "+padded(k.ID, width)+" ", text)
		if gain := jose.Gains(k.ID); k.Status == wire.Fail && gain != "" {
			c.wrapped(c.muted, strings.Repeat(" ", width+5), "Where it is skipped: "+gain)
		}
	}
}

func (c *console) muted(format string, a ...any) {
	c.printf("%s", c.styles.Muted.Render(fmt.Sprintf(format, a...)))
}

func orNothing(s string) string {
	if s == "" {
		return "nothing"
	}
	return s
}

// members lists the members of a header or of claims, each with its meaning.
func (c *console) members(title string, v wire.Value, note func(string) string) error {
	if v.Kind != wire.Object {
		return nil
	}
	c.printf("\n%s", c.styles.Title.Render(title))
	width := 0
	for _, m := range v.Members {
		width = max(width, min(ansi.StringWidth(wire.Safe(m.Name)), 24))
	}
	for _, m := range v.Members {
		line := valueLine(m.Value)
		if note != nil {
			if n := note(m.Name); n != "" {
				line += "  " + c.styles.Muted.Render(n)
			}
		}
		c.wrapped(c.printf, "  "+c.styles.Key.Render(padded(wire.Safe(m.Name), width))+" ", line)
		claim, ok, err := catalog.LookupClaim(m.Name)
		if err != nil {
			return &outcome{exitBug, "the catalog cannot be read: " + err.Error()}
		}
		if ok {
			c.wrapped(c.muted, strings.Repeat(" ", width+3), strings.ReplaceAll(claim.Meaning, "`", ""))
		}
	}
	return nil
}

// valueLine writes a value on one line.
func valueLine(v wire.Value) string {
	if v.Kind == wire.Array || v.Kind == wire.Object {
		return wire.Safe(strings.Join(strings.Fields(v.Indent()), " "))
	}
	return wire.Safe(v.Text)
}

func (c *console) verdict(tok jose.Token, r jose.Report) {
	state, text := "unknown", "NOT VERIFIED"
	switch {
	case tok.Kind == jose.Malformed:
		state, text = "fail", "NOT A TOKEN"
	case r.Verdict == jose.Valid:
		state, text = "pass", "VALID: every check was made and held"
	case r.Verdict == jose.Invalid:
		state, text = "fail", fmt.Sprintf("INVALID: %d checks failed", r.Count(wire.Fail))
		if r.Count(wire.Fail) == 1 {
			text = "INVALID: a check failed"
		}
	case r.Verdict == jose.NotReadable:
		state, text = "fail", "BROKEN: it cannot be read as a token"
	case tok.Kind == jose.Opaque:
		text = "NOTHING TO VERIFY: an opaque token is checked by its own server"
	default:
		text += fmt.Sprintf(": %d checks could not be made. Give the keys (--jwks, or --issuer with --fetch) and what is expected (--issuer, --client-id, …)", r.Count(wire.Unknown))
	}
	sign, style := c.styles.Status(state)
	c.printf("")
	c.wrapped(c.printf, style.Render(sign)+" ", style.Render(text))
}

// distanceOf says how far a moment is from now.
func distanceOf(t, now time.Time) string {
	d := t.Sub(now).Round(time.Second)
	if d < 0 {
		return spell(-d) + " ago"
	}
	return "in " + spell(d)
}

func spell(d time.Duration) string {
	switch {
	case d < time.Minute:
		return strconv.Itoa(int(d.Seconds())) + " s"
	case d < 2*time.Hour:
		return strconv.Itoa(int(d.Minutes())) + " min"
	case d < 48*time.Hour:
		return strconv.Itoa(int(d.Hours())) + " h"
	}
	return strconv.Itoa(int(d.Hours()/24)) + " days"
}

// statusText names an HTTP status.
func statusText(status int) string {
	return strings.TrimSpace(strconv.Itoa(status) + " " + http.StatusText(status))
}
