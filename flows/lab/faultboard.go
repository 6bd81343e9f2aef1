package lab

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// faultBoard is the switchboard of one lab.
type faultBoard struct {
	all []*fault
	mu  sync.RWMutex
	on  map[[2]string]string // tenant (empty: all) and key → value
}

func newFaultBoard() *faultBoard {
	return &faultBoard{all: knownFaults(), on: map[[2]string]string{}}
}

// Faults lists all faults in a fixed order, with their present state.
func (l *Lab) Faults() []Fault {
	l.faults.mu.RLock()
	defer l.faults.mu.RUnlock()
	list := make([]Fault, 0, len(l.faults.all))
	for _, f := range l.faults.all {
		shown := f.Fault
		var value string
		value, shown.On = l.faults.on[[2]string{"", f.Key}]
		if f.setting != nil {
			shown.Value = f.setting.shown(value)
		}
		list = append(list, shown)
	}
	return list
}

// SetFault switches a fault on or off for all requests that follow. A fault
// with a value takes it behind its key: "code_ttl=30"; without one it has its
// default. Another value replaces the one before. An unknown key, which the
// error answers with the nearest known one, or a value that cannot be is an error.
func (l *Lab) SetFault(key string, on bool) error { return l.faults.set("", key, on) }

// CheckFault is the error that SetFault would return, without switching anything.
func (l *Lab) CheckFault(key string) error {
	_, _, err := l.faults.parse(key)
	return err
}

// set switches a fault for one tenant, or for all with an empty name.
func (b *faultBoard) set(tenant, key string, on bool) error {
	f, value, err := b.parse(key)
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if on {
		b.on[[2]string{tenant, f.Key}] = value
	} else {
		delete(b.on, [2]string{tenant, f.Key})
	}
	return nil
}

// parse reads a key with or without a value.
func (b *faultBoard) parse(text string) (f *fault, value string, err error) {
	key, value, valued := strings.Cut(strings.TrimSpace(text), "=")
	if f = b.find(key); f == nil {
		return nil, "", fmt.Errorf("lab: there is no fault %q; the nearest is %s. authdance lab --list-faults lists them all", plain(key), b.nearest(key))
	}
	switch {
	case f.setting != nil:
		_, err = f.setting.read(f.Key, value)
	case valued:
		err = fmt.Errorf("lab: the fault %s takes no value; write its key alone", f.Key)
	}
	return f, value, err
}

func (b *faultBoard) find(key string) *fault {
	i := slices.IndexFunc(b.all, func(f *fault) bool { return f.Key == key })
	if i < 0 {
		return nil
	}
	return b.all[i]
}

// active returns the faults for a request, in the order of the list. What the
// request says for itself comes before what is set for its tenant, and that
// before what is set for all.
func (b *faultBoard) active(r *http.Request, tenant string) ([]*fault, error) {
	once, err := b.once(r.Header.Values(FaultHeader))
	if err != nil {
		return nil, err
	}
	b.mu.RLock()
	defer b.mu.RUnlock()
	if len(b.on) == 0 && len(once) == 0 {
		return nil, nil
	}
	var faults []*fault
	for _, f := range b.all {
		value, on := once[f.Key]
		for _, whose := range []string{tenant, ""} {
			if !on {
				value, on = b.on[[2]string{whose, f.Key}]
			}
		}
		if on {
			faults = append(faults, f.with(value))
		}
	}
	return faults, nil
}

// once reads what a request says for itself: key → value.
func (b *faultBoard) once(headers []string) (map[string]string, error) {
	var on map[string]string
	for _, header := range headers {
		for key := range strings.SplitSeq(header, ",") {
			if strings.TrimSpace(key) == "" {
				continue
			}
			f, value, err := b.parse(key)
			if err != nil {
				return nil, err
			}
			if on == nil {
				on = map[string]string{}
			}
			on[f.Key] = value
		}
	}
	return on, nil
}

// nearest is the known key that is the fewest changes away.
func (b *faultBoard) nearest(key string) string {
	key = key[:min(len(key), 64)]
	best, fewest := "", 1<<30
	for _, f := range b.all {
		if n := changes(key, f.Key); n < fewest {
			best, fewest = f.Key, n
		}
	}
	return best
}

// changes counts the bytes to add, drop or replace to make b out of a
// (Levenshtein distance).
func changes(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		above := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := above
			if a[i] != b[j] {
				cost++
			}
			above = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
