package cli

import (
	"fmt"
	"strings"
	"sync"

	"authdance/flows/lab"
	"authdance/flows/wire"
)

// journalLines is how many lines may wait for a slow terminal. What comes on
// top of that is counted, not kept: a terminal that is stopped must not stop
// the lab.
const journalLines = 256

// journal writes one line on stderr for each request that the lab answers.
type journal struct {
	lines   chan string
	mu      sync.Mutex
	lost    int
	writing sync.WaitGroup
}

func (c *console) newJournal() *journal {
	j := &journal{lines: make(chan string, journalLines)}
	j.writing.Go(func() {
		for line := range j.lines {
			if n := j.missed(); n > 0 {
				line += fmt.Sprintf("  (%d lines before this one were left out)", n)
			}
			if !c.quiet {
				fmt.Fprintln(c.err, line)
			}
		}
	})
	return j
}

// served takes a request. It never waits.
func (j *journal) served(v lab.View) {
	select {
	case j.lines <- journalLine(v):
	default:
		j.mu.Lock()
		j.lost++
		j.mu.Unlock()
	}
}

func (j *journal) missed() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	n := j.lost
	j.lost = 0
	return n
}

// close writes what waits. Nothing may be served any more.
func (j *journal) close() {
	close(j.lines)
	j.writing.Wait()
}

// journalLine is a request in one line: when, what, the status, and why it was
// refused. The query is left out: it may hold a code.
func journalLine(v lab.View) string {
	line := fmt.Sprintf("%s %s %s %d", v.At.Local().Format("15:04:05"), wire.Safe(v.Method), wire.Safe(v.Path), v.Status)
	if v.Client != "" {
		line += " " + wire.Safe(v.Client)
	}
	switch {
	case v.Error != "" && v.Description != "":
		line += " " + wire.Safe(v.Error) + ": " + wire.Safe(v.Description)
	case v.Error != "" || v.Description != "":
		line += " " + wire.Safe(v.Error+v.Description)
	default:
		for _, k := range v.Checks {
			if k.Status == lab.Failed {
				line += " " + k.ID + ": " + wire.Safe(k.Message)
			}
		}
	}
	if len(v.Faults) > 0 {
		line += " [fault " + wire.Safe(strings.Join(v.Faults, ", ")) + "]"
	}
	return line
}
