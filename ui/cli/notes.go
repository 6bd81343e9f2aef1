package cli

import (
	"io"
	"os"
	"path/filepath"
	"strings"

	"authdance/catalog"
	"authdance/flows/wire"
)

// maxNote is how much of a note is read, in bytes.
const maxNote = 256 << 10

// notesDir is where a person's own notes are: Markdown files.
func (c *console) notesDir() string { return filepath.Join(c.configDir(), "notes") }

// notes reads the notes. What cannot be read is left out and named in trouble.
func (c *console) notes() (out []catalog.Note, trouble []string) {
	entries, err := os.ReadDir(c.notesDir())
	if err != nil {
		if !os.IsNotExist(err) {
			trouble = append(trouble, "The notes cannot be read: "+wire.Safe(err.Error()))
		}
		return nil, trouble
	}
	for _, e := range entries {
		name, is := strings.CutSuffix(e.Name(), ".md")
		if !is || name == "" || !e.Type().IsRegular() {
			continue
		}
		text, err := head(filepath.Join(c.notesDir(), e.Name()), maxNote)
		if err != nil {
			trouble = append(trouble, "The note "+wire.Safe(e.Name())+" cannot be read: "+wire.Safe(err.Error()))
			continue
		}
		out = append(out, catalog.Note{Name: wire.Safe(name), Text: safeLines(string(text))})
	}
	return out, trouble
}

// safeLines keeps the lines of a text and nothing that moves a terminal.
func safeLines(text string) string {
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		lines[i] = wire.Safe(strings.ReplaceAll(strings.TrimSuffix(l, "\r"), "\t", "    "))
	}
	return strings.Join(lines, "\n")
}

// head is the beginning of a file, up to limit bytes.
func head(path string, limit int64) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	return io.ReadAll(io.LimitReader(file, limit))
}
