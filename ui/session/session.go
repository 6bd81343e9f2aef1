// Package session is what every pane shares: the runs, each one log with a
// place where we look at it. It changes only in the root
// model; panes get a Snapshot.
package session

import (
	"time"

	"authdance/flows"
	"authdance/flows/provider"
)

// run is one log, folded twice: at its end (head) and where the person looks.
type run struct {
	number int
	log    flows.Log
	head   flows.State
	cursor int // entries in view; len(log.Entries) is now
	viewed flows.State
}

// Session is owned by the root model. The zero Session has no run.
type Session struct {
	runs     []run
	branch   int
	version  int
	step     int // step in view; -1: the one that runs next
	reveal   bool
	now      time.Time
	profiles []provider.Profile
	profile  string
}

// Snapshot is the read-only view given to panes. State is the moment in view,
// Head is now; they are the same unless Past.
type Snapshot struct {
	Version     int // differs whenever anything else in the snapshot does
	Run         int // number of the run in view, 0 when there is none
	State, Head flows.State
	Past        bool
	Cursor, Len int // entries in view, entries in the log
	Selected    int // index of the step in view
	Reveal      bool
	Now         time.Time
	Runs        []Info
	Profiles    []provider.Profile
	Profile     string // ID of the profile that new runs use
}

// Info is one line about a run.
type Info struct {
	Number        int
	Flow, Profile string
	Status        flows.Status
	Edited        bool
	Problem       string
	Vars          flows.Vars        // what the run knows by now; its texts are foreign
	Born          map[string]string // variable → ID of the step that brought it
}

// Version differs whenever a snapshot would.
func (s Session) Version() int { return s.version }

// Branch names the line of history that open effects belong to. An answer for
// another branch must be dropped.
func (s Session) Branch() int { return s.branch }

func (s Session) touched() Session { s.version++; return s }

func (s Session) current() (run, bool) {
	if len(s.runs) == 0 {
		return run{}, false
	}
	return s.runs[len(s.runs)-1], true
}

func (s Session) with(r run) Session {
	s.runs = append(append([]run{}, s.runs[:len(s.runs)-1]...), r)
	return s.touched()
}

// Start begins a new run; effects of older runs no longer count.
func (s Session) Start(at time.Time, e flows.Started) Session {
	r := run{number: len(s.runs) + 1}
	s.runs = append(append([]run{}, s.runs...), r)
	s.branch++
	s.step, s.profile = -1, e.Profile.ID
	s, _ = s.Record(at, e)
	return s
}

// Record appends a fact and returns the effects that it asks for.
func (s Session) Record(at time.Time, e flows.Event) (Session, []flows.Effect) {
	r, ok := s.current()
	if !ok {
		return s, nil
	}
	var fx []flows.Effect
	before := r.head
	r.log = r.log.Append(at, e)
	r.head, fx = flows.Apply(r.head, flows.Entry{At: at, Event: e})
	r.cursor, r.viewed = len(r.log.Entries), r.head
	if r.head.Step != before.Step || r.head.Status != before.Status {
		s.step = -1
	}
	s.now = at
	return s.with(r), fx
}

// Rewind moves the view to before the last step that was asked for in view.
// It never un-sends anything.
func (s Session) Rewind() Session {
	r, ok := s.current()
	if !ok {
		return s
	}
	for n := r.cursor - 1; n >= 1; n-- {
		if _, ok := r.log.Entries[n].Event.(flows.Advanced); ok {
			return s.look(r, n)
		}
	}
	return s
}

// Forward moves the view to after the next step that was asked for.
func (s Session) Forward() Session {
	r, ok := s.current()
	if !ok || r.cursor == len(r.log.Entries) {
		return s
	}
	for n := r.cursor + 1; n < len(r.log.Entries); n++ {
		if _, ok := r.log.Entries[n].Event.(flows.Advanced); ok {
			return s.look(r, n)
		}
	}
	return s.look(r, len(r.log.Entries))
}

// ToNow returns the view to the end of the log.
func (s Session) ToNow() Session {
	r, ok := s.current()
	if !ok {
		return s
	}
	return s.look(r, len(r.log.Entries))
}

func (s Session) look(r run, n int) Session {
	r.cursor = n
	r.viewed, _ = r.log.At(n)
	if n == len(r.log.Entries) {
		r.viewed = r.head
	}
	s.step = -1
	return s.with(r)
}

// Fork makes the moment in view the head of a new run, and returns the effects
// that were open then.
func (s Session) Fork() (Session, []flows.Effect) {
	r, ok := s.current()
	if !ok {
		return s, nil
	}
	f := run{number: len(s.runs) + 1, log: r.log.Fork(r.cursor), cursor: r.cursor}
	var fx []flows.Effect
	f.head, fx = f.log.At(f.cursor)
	f.viewed = f.head
	s.runs = append(append([]run{}, s.runs...), f)
	s.branch++
	s.step = -1
	return s.touched(), fx
}

// Select looks at another step; -1 follows the one that runs next.
func (s Session) Select(step int) Session {
	if s.step == step {
		return s
	}
	s.step = step
	return s.touched()
}

// SetReveal shows or hides secrets.
func (s Session) SetReveal(on bool) Session { s.reveal = on; return s.touched() }

// Tick moves the clock that countdowns read.
func (s Session) Tick(at time.Time) Session { s.now = at; return s.touched() }

// SetProfiles replaces the list of profiles and names the one in use.
func (s Session) SetProfiles(list []provider.Profile, use string) Session {
	s.profiles, s.profile = list, use
	return s.touched()
}

// Log returns the log of the run in view.
func (s Session) Log() flows.Log {
	r, _ := s.current()
	return r.log
}

// Snapshot returns what panes may see.
func (s Session) Snapshot() Snapshot {
	snap := Snapshot{Version: s.version, Reveal: s.reveal, Now: s.now, Profiles: s.profiles, Profile: s.profile}
	for _, r := range s.runs {
		i := Info{Number: r.number, Flow: r.head.Grant.Title, Profile: r.head.Profile.Name, Status: r.head.Status, Edited: r.head.Edited > 0, Vars: r.head.Vars, Born: r.head.Born}
		if r.head.Problem != nil {
			i.Problem = r.head.Problem.Code
		}
		snap.Runs = append(snap.Runs, i)
	}
	r, ok := s.current()
	if !ok {
		return snap
	}
	snap.Run, snap.State, snap.Head = r.number, r.viewed, r.head
	snap.Cursor, snap.Len, snap.Past = r.cursor, len(r.log.Entries), r.cursor < len(r.log.Entries)
	if !s.reveal {
		snap.State, snap.Head = snap.State.Hidden(), snap.Head.Hidden()
	}
	snap.Selected = s.step
	if s.step < 0 || s.step >= len(r.viewed.Grant.Steps) {
		snap.Selected = max(0, min(r.viewed.Step, len(r.viewed.Grant.Steps)-1))
	}
	return snap
}
