package cli

import (
	"bytes"
	"encoding/json"

	"authdance/flows/wire"
)

// schema is the version of every JSON document.
const schema = 1

// document writes one JSON document to stdout. Nothing in it can make a
// terminal do anything.
func (c *console) document(v any) error { return c.documentVia(v, func(s string) string { return s }) }

// documentVia passes the finished text through hide before it is written.
func (c *console) documentVia(v any, hide func(string) string) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return &outcome{exitBug, "the JSON could not be made: " + err.Error()}
	}
	_, err := c.out.Write(wire.EscapeJSON([]byte(hide(b.String()))))
	return err
}
