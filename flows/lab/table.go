package lab

import (
	"sync"
	"time"
)

// table keeps values for at least a given time and a bounded number of them,
// with O(1) work per call and without a goroutine. It holds two generations:
// when the young one is old enough or full, it becomes the old one and the
// previous old one is forgotten. A value that is written again is young again.
//
// Forgetting is not expiry: whoever reads a value still checks its times.
type table[V any] struct {
	mu         sync.Mutex
	young, old map[string]V
	since      time.Time
	keep       time.Duration
	limit      int
}

func newTable[V any](keep time.Duration, limit int) *table[V] {
	return &table[V]{keep: keep, limit: limit, young: map[string]V{}}
}

func (t *table[V]) get(key string) (V, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.lookup(key)
}

func (t *table[V]) put(now time.Time, key string, v V) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.store(now, key, v)
}

// change replaces the value of key by what edit makes of it, with no other
// call in between. edit gets the zero value and false for a new key.
func (t *table[V]) change(now time.Time, key string, edit func(V, bool) V) V {
	t.mu.Lock()
	defer t.mu.Unlock()
	v, ok := t.lookup(key)
	v = edit(v, ok)
	t.store(now, key, v)
	return v
}

func (t *table[V]) lookup(key string) (V, bool) {
	if v, ok := t.young[key]; ok {
		return v, true
	}
	v, ok := t.old[key]
	return v, ok
}

func (t *table[V]) store(now time.Time, key string, v V) {
	// The clock may be moved back; the age then simply starts again.
	if age := now.Sub(t.since); age > t.keep || age < 0 || len(t.young) >= t.limit {
		t.old, t.young, t.since = t.young, map[string]V{}, now
	}
	t.young[key] = v
}
