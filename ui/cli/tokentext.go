package cli

import (
	"encoding/json"
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

// tokenDoc is the document of token --json.
type tokenDoc struct {
	Schema       int               `json:"schema"`
	Kind         string            `json:"kind"`
	Format       string            `json:"format"`
	Verdict      jose.Verdict      `json:"verdict"`
	As           string            `json:"as"` // what it was checked as
	Header       json.RawMessage   `json:"header"`
	Claims       json.RawMessage   `json:"claims"`
	Raw          map[string]string `json:"raw"` // the segments; the one that makes it usable is masked
	Checks       []wire.Check      `json:"checks"`
	Normalised   []string          `json:"normalised"`
	RecognisedAs string            `json:"recognised_as"`
}

// lastSegment is what makes a token usable: the signature, or the tag.
func lastSegment(name string) bool { return name == "signature" || name == "tag" }

func (c *console) tokenDocument(tok jose.Token, r jose.Report, reveal bool) error {
	d := tokenDoc{Schema: schema, Kind: tok.Kind, Format: tok.Format, Verdict: r.Verdict, As: r.As, Header: rawJSON(tok.Header), Claims: rawJSON(tok.Claims),
		Raw: map[string]string{}, Checks: append([]wire.Check{}, r.Checks...), Normalised: append([]string{}, tok.Normalised...), RecognisedAs: tok.RecognisedAs}
	for _, s := range tok.Segments {
		d.Raw[s.Name] = s.Raw
		if lastSegment(s.Name) && !reveal && s.Raw != "" {
			d.Raw[s.Name] = wire.Mask(s.Raw)
		}
	}
	return c.document(d)
}

// rawJSON is a JSON value as it came, names repeated and all; null when there
// is none, or when it is too broken to stand in a document.
func rawJSON(v wire.Value) json.RawMessage {
	if v.Kind != wire.Object {
		return json.RawMessage("null")
	}
	text := []byte(v.Indent())
	if !json.Valid(text) {
		return json.RawMessage("null")
	}
	return text
}

// printToken prints a token for people: what it is, what it says, what was
// checked, and the verdict.
func (c *console) printToken(tok jose.Token, r jose.Report, now time.Time, reveal bool) error {
	book, err := c.book()
	if err != nil {
		return err
	}
	st := c.styles
	what := map[string]string{jose.JWS: "a signed token (JWS)", jose.JWE: "an encrypted token (JWE)", jose.Opaque: "an opaque token: only its server can read it", jose.Malformed: "not a token"}[tok.Kind]
	if tok.Format != "" && tok.Format != jose.Compact {
		what += ", JSON serialization"
	}
	c.printf("%s", st.Title.Render("This is "+what+"."))
	if tok.RecognisedAs != "" {
		c.wrapped(c.printf, "  ", "Found as "+wire.Safe(tok.RecognisedAs)+".")
	}
	for _, n := range tok.Normalised {
		c.wrapped(c.printf, "  "+c.sign("warn")+" ", "cleaned: "+wire.Safe(n))
	}
	c.members("HEADER", tok.Header, book, nil)
	times := map[string]jose.Time{}
	for _, t := range jose.Times(tok) {
		times[t.Claim] = t
	}
	c.members("CLAIMS", tok.Claims, book, func(name string) string {
		t, ok := times[name]
		if !ok {
			return ""
		}
		if t.At.IsZero() {
			return t.Note
		}
		return strings.TrimSpace(t.At.Format("2006-01-02 15:04:05 UTC") + ", " + distanceOf(t.At, now) + " " + t.Note)
	})
	for _, s := range tok.Segments {
		if lastSegment(s.Name) && s.Raw != "" {
			shown := wire.Mask(s.Raw)
			if reveal {
				shown = wire.Safe(s.Raw)
			}
			c.printf("\n%s\n  %s", st.Title.Render(strings.ToUpper(s.Name)), st.Secret.Render(shown))
		}
	}
	if len(r.Checks) > 0 {
		c.printf("\n%s", st.Title.Render("CHECKS"))
	}
	width := 0
	for _, k := range r.Checks {
		width = max(width, len(k.ID))
	}
	for _, k := range r.Checks {
		text := k.Message
		if k.Status == wire.Fail || k.Status == wire.Warn {
			if k.Got != "" || k.Want != "" {
				text += fmt.Sprintf(" (got %s, want %s)", orNothing(k.Got), orNothing(k.Want))
			}
		}
		c.wrapped(c.printf, "  "+c.sign(string(k.Status))+" "+padded(k.ID, width)+" ", text)
	}
	c.verdict(tok, r)
	return nil
}

func orNothing(s string) string {
	if s == "" {
		return "nothing"
	}
	return s
}

// members lists the members of a header or of claims, each with its meaning.
func (c *console) members(title string, v wire.Value, book *catalog.Catalog, note func(string) string) {
	if v.Kind != wire.Object {
		return
	}
	c.printf("\n%s", c.styles.Title.Render(title))
	width := 0
	for _, m := range v.Members {
		width = max(width, min(ansi.StringWidth(wire.Safe(m.Name)), 24))
	}
	for _, m := range v.Members {
		value := m.Value.Text
		if m.Value.Kind == wire.Array || m.Value.Kind == wire.Object {
			value = strings.Join(strings.Fields(m.Value.Indent()), " ")
		}
		line := wire.Safe(value)
		if note != nil {
			if n := note(m.Name); n != "" {
				line += "  " + c.styles.Muted.Render(n)
			}
		}
		c.wrapped(c.printf, "  "+c.styles.Key.Render(padded(wire.Safe(m.Name), width))+" ", line)
		if claim, ok := book.Claim(m.Name); ok {
			c.wrapped(func(f string, a ...any) { c.printf("%s", c.styles.Muted.Render(fmt.Sprintf(f, a...))) }, strings.Repeat(" ", width+3), claim.Meaning)
		}
	}
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
