package flows

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"time"
)

// kinds is the file format's vocabulary: a renamed event is a format change.
func kinds() map[string]Event {
	return map[string]Event{
		"started": Started{}, "advanced": Advanced{}, "edited": Edited{}, "guessed": Guessed{}, "cancelled": Cancelled{},
		"drawn": Drawn{}, "received": Received{}, "redirected": Redirected{}, "observed": Observed{}, "elapsed": Elapsed{},
		"signed": Signed{}, "decrypted": Decrypted{}, "arrived": Arrived{}, "published": Published{}, "broke": Broke{},
	}
}

// KindOf is the name that an event has in files and in --jsonl.
func KindOf(e Event) string {
	for kind, zero := range kinds() {
		if reflect.TypeOf(zero) == reflect.TypeOf(e) {
			return kind
		}
	}
	return ""
}

type line struct {
	At   time.Time       `json:"at"`
	Kind string          `json:"kind"`
	Data json.RawMessage `json:"data"`
}

// MarshalJSON writes an entry as one JSON object: at, kind, data.
func (en Entry) MarshalJSON() ([]byte, error) {
	kind := KindOf(en.Event)
	if kind == "" {
		return nil, fmt.Errorf("flows: no kind for %T", en.Event)
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(en.Event); err != nil {
		return nil, err
	}
	return json.Marshal(line{en.At, kind, b.Bytes()})
}

// DecodeEntry reads what MarshalJSON wrote. build makes the grant of a Started
// entry from its Spec; its error is returned.
func DecodeEntry(b []byte, build func(Spec) (Grant, error)) (Entry, error) {
	var l line
	if err := json.Unmarshal(b, &l); err != nil {
		return Entry{}, fmt.Errorf("not a log entry: %w", err)
	}
	zero, ok := kinds()[l.Kind]
	if !ok {
		return Entry{}, fmt.Errorf("unknown kind of entry %q: this file may come from a newer authdance", l.Kind)
	}
	ptr := reflect.New(reflect.TypeOf(zero))
	if err := json.Unmarshal(l.Data, ptr.Interface()); err != nil {
		return Entry{}, fmt.Errorf("entry %q: %w", l.Kind, err)
	}
	en := Entry{At: l.At, Event: ptr.Elem().Interface().(Event)}
	if st, ok := en.Event.(Started); ok {
		g, err := build(st.Spec)
		if err != nil {
			return Entry{}, fmt.Errorf("entry %q: %w", l.Kind, err)
		}
		st.Grant = g
		en.Event = st
	}
	return en, nil
}
