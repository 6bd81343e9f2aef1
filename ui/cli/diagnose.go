package cli

import (
	"bytes"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"authdance/flows"
	"authdance/flows/diagnose"
	"authdance/flows/grants"
	"authdance/flows/wire"
)

// maxRecording is how much of a recorded run is read, in bytes.
const maxRecording = 32 << 20

type diagnoseDoc struct {
	Schema   int                 `json:"schema"`
	Input    string              `json:"input"` // run, or text
	Step     string              `json:"step"`  // that failed, "" when it is not known
	Said     string              `json:"said"`
	Causes   []diagnose.Cause    `json:"causes"`
	RuledOut []diagnose.Evidence `json:"ruled_out"`
	Needs    []string            `json:"needs"` // what would make it surer
	Page     string              `json:"page"`  // about the problem itself
}

type diagnoseFlags struct{ json bool }

func diagnoseCommand(c *console) *cobra.Command {
	f := &diagnoseFlags{}
	cmd := &cobra.Command{
		Use: "diagnose FILE|-", Short: "Say why a recorded run, or a pasted error, failed",
		Long: "Read a run that was recorded (authdance run --record FILE) and say why it failed: the causes, how sure they are,\n" +
			"on what evidence, and what was ruled out. An error answer, a callback URL, a log or a page works too; it proves\n" +
			"less, so what would make it surer is listed. Nothing is sent anywhere.",
		Example: "authdance run authorization_code --record run.jsonl\nauthdance diagnose run.jsonl\nauthdance diagnose - <error.json",
		Args:    cobra.ExactArgs(1),
		RunE:    func(_ *cobra.Command, args []string) error { return c.diagnose(f, args[0]) },
	}
	cmd.Flags().BoolVar(&f.json, "json", false, "one JSON document")
	return cmd
}

func (c *console) diagnose(f *diagnoseFlags, from string) error {
	text, err := c.evidence(from)
	if err != nil {
		return err
	}
	book, err := c.book()
	if err != nil {
		return err
	}
	s, is, err := recorded(text)
	if err != nil {
		return err
	}
	d := diagnoseDoc{Schema: schema, Input: "text"}
	failed := true
	if is {
		rep := diagnose.Explain(s, book)
		_, failed = rep.Best()
		d = diagnoseDoc{Schema: schema, Input: "run", Step: rep.Step, Said: rep.Said, Causes: rep.Causes, RuledOut: rep.RuledOut, Page: rep.Page}
		if !failed {
			d.Causes = diagnose.Warnings(s, book)
		}
	} else {
		d.Causes, d.Needs = diagnose.Text(string(text), book)
		failed = len(d.Causes) > 0
	}
	return c.diagnosed(f, d, failed)
}

// diagnosed prints the answer. A run that failed, and an error that is known,
// end with 1, as the run itself does.
func (c *console) diagnosed(f *diagnoseFlags, d diagnoseDoc, failed bool) error {
	if f.json {
		for i := range d.Causes {
			d.Causes[i].Evidence = append([]diagnose.Evidence{}, d.Causes[i].Evidence...)
		}
		d.Causes, d.RuledOut, d.Needs = append([]diagnose.Cause{}, d.Causes...), append([]diagnose.Evidence{}, d.RuledOut...), append([]string{}, d.Needs...)
		if err := c.document(d); err != nil {
			return err
		}
	} else {
		c.diagnosis(d, failed)
	}
	if failed || d.Input == "text" {
		return ends(exitRefused)
	}
	return nil
}

func (c *console) diagnosis(d diagnoseDoc, failed bool) {
	switch {
	case d.Input == "run" && !failed && len(d.Causes) == 0:
		c.printf("%s Nothing failed in this run.", c.sign("ok"))
	case d.Input == "run" && !failed:
		c.printf("%s Nothing failed in this run. Odd in it:", c.sign("ok"))
	case len(d.Causes) == 0:
		c.printf("No cause that authdance knows is in this text.")
	case d.Step != "":
		c.printf("%s %s failed: %s", c.sign("fail"), d.Step, wire.Safe(d.Said))
	}
	for _, cause := range d.Causes {
		c.wrapped(c.printf, "Cause, "+string(cause.Confidence)+": ", cause.Sentence)
		for _, e := range cause.Evidence {
			lead := "    " + c.styles.Sym.Dot + " "
			if e.Step != "" {
				lead += e.Step + ": "
			}
			c.wrapped(c.printf, lead, wire.Safe(e.Text))
		}
		c.printf("    %s authdance explain %s", c.styles.Key.Render("NEXT:"), cause.ID)
	}
	for _, e := range d.RuledOut {
		c.wrapped(c.printf, "Ruled out: ", wire.Safe(e.Text))
	}
	for _, n := range d.Needs {
		c.wrapped(c.printf, "To be surer: ", n)
	}
}

// evidence reads the file, or stdin.
func (c *console) evidence(from string) ([]byte, error) {
	if from == "-" {
		text, err := c.pasted("the error or the recorded run", maxRecording)
		switch {
		case err != nil:
			return nil, usage("stdin cannot be read: %s", wire.Safe(err.Error()))
		case strings.TrimSpace(text) == "":
			return nil, usage("nothing came on stdin; pipe a recorded run or an error text into authdance diagnose -")
		}
		return []byte(text), nil
	}
	file, err := os.Open(from)
	if err != nil {
		return nil, usage("%s cannot be read: %s; give a recorded run, a file with an error text, or - for stdin", wire.Safe(from), wire.Safe(err.Error()))
	}
	defer func() { _ = file.Close() }()
	text, err := io.ReadAll(io.LimitReader(file, maxRecording))
	if err != nil {
		return nil, usage("%s cannot be read: %s", wire.Safe(from), wire.Safe(err.Error()))
	}
	if len(bytes.TrimSpace(text)) == 0 {
		return nil, usage("%s is empty", wire.Safe(from))
	}
	return text, nil
}

// recorded folds a recording. is says that the text is one; then an error says
// which line cannot be read.
func recorded(text []byte) (s flows.State, is bool, err error) {
	first, _, _ := bytes.Cut(bytes.TrimSpace(text), []byte("\n"))
	doc, _, _ := wire.ParseJSON(first, wire.Limits{})
	if doc.Str("kind") != "started" {
		return s, false, nil
	}
	n := 0
	for line := range bytes.Lines(text) {
		n++
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		entry, err := flows.DecodeEntry(line, grants.Build)
		if err != nil {
			return s, true, usage("line %d of the recording cannot be read: %s", n, wire.Safe(err.Error()))
		}
		if started, is := entry.Event.(flows.Started); is {
			started.Grant = diagnose.Recorded(started.Grant)
			entry.Event = started
		}
		s, _ = flows.Apply(s, entry)
	}
	return s, true, nil
}
