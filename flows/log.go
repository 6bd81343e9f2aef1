package flows

import (
	"slices"
	"time"
)

// Log is the only stored truth of a run. Rewind, fork, replay, comparison and
// recording are all reads of it.
type Log struct{ Entries []Entry }

// Append returns the log with one more fact.
func (l Log) Append(at time.Time, e Event) Log {
	return Log{append(slices.Clip(l.Entries), Entry{at, e})}
}

// At folds the first n entries: n = len is now, a smaller n is rewind. The
// effects are those still unanswered at that moment; nothing is executed.
func (l Log) At(n int) (State, []Effect) {
	var s State
	for _, en := range l.Entries[:n] {
		s, _ = Apply(s, en)
	}
	if s.Pending == nil {
		return s, nil
	}
	return s, []Effect{s.Pending}
}

// Fork starts another line of history after the first n entries. Effects that
// were open at that moment come with At(n) of the fork.
func (l Log) Fork(n int) Log { return Log{slices.Clip(l.Entries[:n])} }
