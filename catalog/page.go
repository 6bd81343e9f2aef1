package catalog

import (
	"fmt"
	"slices"
	"strings"
)

// The kinds of page, as `explain --json` and `explain --list` name them.
const (
	KindCode      = "code"
	KindArticle   = "article"
	KindParameter = "parameter"
	KindClaim     = "claim"
	KindProvider  = "provider"
	KindConcept   = "concept"
)

// Page is one page of the catalog. Its data is ready after Load; its Markdown
// is put together when asked for.
type Page struct {
	ID       string
	Kind     string
	Title    string
	Provider string // empty on pages about no single product

	// Codes are the rows behind a code page, one per place; empty elsewhere.
	Codes []Code
	// FrontMatter is filled on articles, concepts and provider pages. Code pages
	// fill what they know: Article, Errors, Steps, Sources.
	FrontMatter

	body string
	dict entry // parameter and claim pages
}

// FrontMatter is the TOML head of an article file.
type FrontMatter struct {
	Steps    []string // step ids at which this appears
	Errors   []string // OAuth error values that it explains
	Checks   []string // check ids that it explains
	Also     []string // messages and words by which people look for it
	Tags     []string // `attack`, `transport`, …: filters of the catalog pane
	Causes   []Cause  // most likely first
	Lab      Lab
	Related  []string // page ids
	Sources  []string // `RFC 7636 §4.6`
	Reviewed string   // the day of the last review, YYYY-MM-DD
	Article  string   // code pages: the page with the long story
}

// Cause is one reason behind a failure. ID is unique within its page, so that
// a diagnosis can say which one a run shows.
type Cause struct {
	ID      string `toml:"id"`
	Text    string `toml:"text"`
	Confirm string `toml:"confirm"` // how to make sure that it is this one
	Page    string `toml:"page"`    // a page that says more; may be empty
}

// Lab says how to see the thing in the lab, by hand and without the TUI.
type Lab struct {
	// Scenarios are the lab's keys of the situations that this page explains.
	Scenarios []string `toml:"scenarios"`

	Keys   string   `toml:"keys"`   // what to press, where it is more than choosing the fault
	Flow   string   `toml:"flow"`   // flow id; empty: there is nothing to run
	Edit   []string `toml:"edit"`   // values of --edit
	Fault  string   `toml:"fault"`  // value of --fault
	Args   []string `toml:"args"`   // further flags of `authdance run`
	Expect string   `toml:"expect"` // what you will see
	None   string   `toml:"none"`   // why the lab cannot show it
}

// Command is the headless line that reproduces it, or "" when there is none.
func (l Lab) Command() string {
	if l.Flow == "" {
		return ""
	}
	args := []string{"authdance", "run", l.Flow}
	if l.Fault != "" {
		args = append(args, "--fault", shellQuote(l.Fault))
	}
	for _, e := range l.Edit {
		args = append(args, "--edit", shellQuote(e))
	}
	for _, a := range l.Args {
		args = append(args, shellQuote(a))
	}
	return strings.Join(args, " ")
}

// Markdown is the page as CommonMark, without a top heading: the title is the
// caller's to show.
func (p Page) Markdown() string {
	var b strings.Builder
	switch p.Kind {
	case KindCode:
		p.writeCode(&b)
	case KindParameter, KindClaim:
		p.dict.write(&b)
	default:
		p.writeArticle(&b)
	}
	p.writeLinks(&b)
	return strings.TrimRight(b.String(), "\n") + "\n"
}

// writeArticle weaves the parts that are data (causes, lab) into the written
// text: causes and lab are used by other panes too, so they are kept once.
func (p Page) writeArticle(b *strings.Builder) {
	before, fix, hasFix := strings.Cut(p.body, "\n## Fix\n")
	b.WriteString(strings.TrimSpace(before) + "\n\n")
	if len(p.Causes) > 0 {
		b.WriteString("## Likely causes\n\n")
		for i, c := range p.Causes {
			fmt.Fprintf(b, "%d. **%s** %s\n", i+1, c.Text, c.Confirm)
		}
		b.WriteString("\n")
	}
	if hasFix {
		b.WriteString("## Fix\n\n" + strings.TrimSpace(fix) + "\n\n")
	}
	p.Lab.write(b)
}

func (l Lab) write(b *strings.Builder) {
	switch {
	case l.None != "":
		b.WriteString("## Reproduce it in the lab\n\n" + l.None + "\n\n")
	case l.Flow != "":
		b.WriteString("## Reproduce it in the lab\n\n")
		switch {
		case l.Keys != "":
			b.WriteString(l.Keys + "\n\n")
		case l.Fault != "":
			fmt.Fprintf(b, "In edit mode press `f`, choose `%s`, then `enter`.\n\n", l.Fault)
		}
		b.WriteString("```sh\n" + l.Command() + "\n```\n\n")
		if l.Expect != "" {
			b.WriteString(l.Expect + "\n\n")
		}
	}
	if more := slices.DeleteFunc(slices.Clone(l.Scenarios), func(key string) bool { return key == l.Fault }); len(more) > 0 && l.Flow != "" {
		b.WriteString("The lab has more of this kind: `" + strings.Join(more, "`, `") + "`.\n\n")
	}
}

func (p Page) writeCode(b *strings.Builder) {
	for _, c := range p.Codes {
		head := c.Where
		if c.HTTPStatus != "" {
			head += " · HTTP " + c.HTTPStatus
		}
		if c.OAuthError != "" && c.OAuthError != c.Code {
			head += " · `" + c.OAuthError + "`"
		}
		fmt.Fprintf(b, "## %s\n\n", head)
		if len(p.Codes) > 1 && c.Name != "" { // one place: the title has the name
			fmt.Fprintf(b, "**%s.** ", c.Name)
		}
		fmt.Fprintf(b, "%s\n\n", c.Meaning)
		fmt.Fprintf(b, "- **Do first:** %s\n- **Who can solve it:** %s\n- **Try again:** %s\n", c.First, c.Who, c.Retry)
		if !c.Verified {
			b.WriteString("- Generally known, not checked against the provider's own pages.\n")
		}
		b.WriteString("\n")
	}
}

func (p Page) writeLinks(b *strings.Builder) {
	related := p.Related
	if p.Article != "" {
		related = append([]string{p.Article}, related...)
	}
	if len(related) > 0 {
		b.WriteString("## Related\n\n" + strings.Join(related, " · ") + "\n\n")
	}
	if len(p.Sources) > 0 {
		b.WriteString("## Sources\n\n")
		for _, s := range p.Sources {
			if u := SourceURL(s); u != "" {
				fmt.Fprintf(b, "- [%s](%s)\n", s, u)
			} else {
				fmt.Fprintf(b, "- %s\n", s)
			}
		}
	}
}

// shellQuote quotes a word for a POSIX shell only when it needs it.
func shellQuote(s string) string {
	if s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=:/.,+@") == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
