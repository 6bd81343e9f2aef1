package flows

import (
	"fmt"
	"strings"
)

// Name is how a diagram labels a party.
func (p Party) Name() string {
	switch p {
	case Browser:
		return "Browser"
	case Client:
		return "Client"
	case AS:
		return "AS"
	case API:
		return "API"
	}
	return string(p)
}

// Channel says how the message travels: "front channel" through the browser,
// "back channel" straight to the server, "" for what does not cross lanes.
func (m Message) Channel() string {
	switch {
	case !m.Crosses():
		return ""
	case m.Front:
		return "front channel"
	}
	return "back channel"
}

// Sentence is the message as one line of plain words, for the clipboard, for
// screen readers and for reports. It holds no value that is masked on screen.
func (m Message) Sentence() string {
	var s string
	switch m.Kind {
	case Planned:
		s = "not yet: " + m.Label
		switch m.Status {
		case StepSkipped:
			s = "skipped: " + m.Label
		case StepStale:
			s = "old, counts no more: " + m.Label
		case StepFailed:
			s = "did not run: " + m.Label
		}
	case Call, Answer:
		s = m.From.Name() + " to " + m.To.Name() + ", " + m.Channel() + ": " + m.Label
		if m.Kind == Call && m.Status == StepRunning && m.Exchange != nil && m.Exchange.Response.Status == 0 {
			s += " (no answer yet)"
		}
	default:
		s = m.From.Name() + ": " + m.Label
	}
	if m.Edited {
		s += " (edited by hand)"
	}
	return s
}

// Transcript is the diagram without a picture: one numbered sentence per message.
func Transcript(s State) []string {
	ms := Diagram(s)
	out := make([]string, len(ms))
	for i, m := range ms {
		out[i] = fmt.Sprintf("Message %d of %d, step %d, %s", i+1, len(ms), m.Step+1, m.Sentence())
	}
	return out
}

// Mermaid is the diagram as the text of a Mermaid sequenceDiagram: dashed
// arrows are the front channel, solid ones the back channel. Labels hold names
// and codes only, so that it can be pasted anywhere.
func Mermaid(s State) string {
	var b strings.Builder
	b.WriteString("sequenceDiagram\n")
	ms := Diagram(s)
	for _, p := range Parties(ms) {
		name := p.Name()
		if p == Browser {
			name = "You + browser"
		}
		fmt.Fprintf(&b, "    participant %s as %s\n", mermaidID(p), name)
	}
	for _, m := range ms {
		text := fmt.Sprintf("%d · %s", m.Step+1, mermaidText(m.Label))
		if m.Edited {
			text += " (edited)"
		}
		switch {
		case m.Crosses() && m.Front:
			fmt.Fprintf(&b, "    %s-->>%s: %s\n", mermaidID(m.From), mermaidID(m.To), text)
		case m.Crosses():
			fmt.Fprintf(&b, "    %s->>%s: %s\n", mermaidID(m.From), mermaidID(m.To), text)
		case m.Kind == Planned && m.Status == StepSkipped:
			fmt.Fprintf(&b, "    Note over %s: (skipped) %s\n", mermaidID(Client), text)
		case m.Kind == Planned:
			fmt.Fprintf(&b, "    Note over %s: (not yet) %s\n", mermaidID(Client), text)
		default:
			fmt.Fprintf(&b, "    Note over %s: %s\n", mermaidID(m.From), text)
		}
	}
	return b.String()
}

// Parties are the lanes that a diagram needs, from left to right.
func Parties(ms []Message) []Party {
	var out []Party
	for _, p := range []Party{Browser, Client, AS, API} {
		for _, m := range ms {
			if m.From == p || m.To == p || p == Client {
				out = append(out, p)
				break
			}
		}
	}
	return out
}

// mermaidID keeps clear of Mermaid's keywords: "as" is one.
func mermaidID(p Party) string {
	if p == AS {
		return "server"
	}
	return string(p)
}

// mermaidText writes what Mermaid would read as syntax or as markup as character
// references.
func mermaidText(s string) string {
	return strings.NewReplacer("#", "#35;", ";", "#59;", "<", "#lt;", ">", "#gt;", "%%", "#37;#37;").Replace(s)
}
