package cli

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"authdance/flows"
	"authdance/flows/files"
	"authdance/flows/record"
	"authdance/flows/wire"
)

// listeners are told every fact of a run as it happens, and how it ended.
type listeners struct {
	c         *console
	desk      labDesk
	f         *runFlags
	shown     *record.Redactor // of what is printed; nil with --reveal
	hide      *record.Redactor // of what is written to a file
	file      io.WriteCloser   // --record
	fileError error
	simulated bool // no person signs in
	slips     *slips
	text      *narrator // the lines for people; nil for --json and --jsonl
}

func (c *console) listeners(f *runFlags, t *target, shown, hide *record.Redactor) (*listeners, error) {
	l := &listeners{c: c, f: f, desk: labDesk{t.lab}, simulated: t.user != "", shown: shown, hide: hide, slips: &slips{c: c}}
	if f.record != "" {
		dir := filepath.Dir(f.record)
		if info, err := os.Stat(dir); err != nil || !info.IsDir() {
			return nil, usage("--record %s: there is no directory %s; make it first", wire.Safe(f.record), wire.Safe(dir))
		}
		file, err := files.Create(f.record)
		if errors.Is(err, fs.ErrExist) {
			return nil, usage("--record %s: there is a file already; authdance does not overwrite it", wire.Safe(f.record))
		}
		if err != nil {
			return nil, usage("--record: %v", err)
		}
		l.file = file
	}
	if !f.json && !f.jsonl {
		l.text = &narrator{c: c, shown: shown, target: t}
	}
	return l, nil
}

func (l *listeners) close() {
	if l.file != nil {
		_ = l.file.Close()
	}
}

// entry writes one fact: to the file at once, so that a killed run leaves all
// that happened until then.
func (l *listeners) entry(en flows.Entry) {
	if l.file != nil && l.fileError == nil {
		l.fileError = writeLine(l.file, l.hide.Entry(en))
	}
	// The redactor learns every fact before any of it is printed: a server may
	// repeat what it was sent. Beside a document only what had no answer is
	// worth a line: that no browser opened, say.
	said := l.shown.Entry(en)
	if o, ok := said.Event.(flows.Observed); ok && o.Note != "" && (l.text != nil || l.f.json && o.Exchange.Response.Status == 0) {
		who := ""
		if l.simulated {
			who = "simulated browser, "
		}
		l.c.say("    %s %s%s", l.c.styles.Sym.Dot, who, wire.Safe(o.Note))
	}
	l.slips.entry(en)
	if l.f.jsonl {
		_ = writeLine(l.c.out, said) // stdout remembers its own error
	}
	if l.text != nil {
		l.text.entry(en)
	}
}

func writeLine(w io.Writer, en flows.Entry) error {
	b, err := en.MarshalJSON()
	if err != nil {
		return err
	}
	_, err = w.Write(append(wire.EscapeJSON(b), '\n'))
	return err
}

// end tells how the run ended.
func (l *listeners) end(s flows.State) error {
	if l.file != nil && l.fileError == nil {
		l.fileError = l.file.Close()
		l.file = nil
	}
	var err error
	switch {
	case l.f.json:
		err = l.c.runDocument(s, l.desk, l.shown)
	case l.text != nil:
		err = l.text.end(s)
	}
	if err == nil && l.fileError != nil {
		return &outcome{exitOutput, "the recording could not be written: " + wire.Safe(l.fileError.Error())}
	}
	return err
}
