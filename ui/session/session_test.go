package session_test

import (
	"testing"
	"time"

	"authdance/flows"
	"authdance/ui/session"
	"authdance/ui/uitest"
)

func story(t *testing.T, n int) session.Session {
	return uitest.Story(t, &uitest.Server{}, "authorization_code", uitest.Next(n)...)
}

func TestRewindLooksBackOneStepAndUnsendsNothing(t *testing.T) {
	s := story(t, 5)
	before := len(s.Log().Entries)
	s = s.Rewind()
	snap := s.Snapshot()
	if !snap.Past || snap.State.Step != 4 || snap.Head.Step != 5 || len(s.Log().Entries) != before {
		t.Fatalf("view at step %d of %d, past %v, %d entries", snap.State.Step, snap.Head.Step, snap.Past, len(s.Log().Entries))
	}
	if s = s.Forward(); s.Snapshot().Past {
		t.Fatal("forward did not return to now")
	}
	for range 20 {
		s = s.Rewind()
	}
	if got := s.Snapshot(); got.Cursor != 1 || got.State.Step != 0 {
		t.Fatalf("rewound too far: %d", got.Cursor)
	}
	if s.ToNow().Snapshot().Past {
		t.Fatal("now is the past")
	}
}

func TestForkKeepsTheOldRun(t *testing.T) {
	s := story(t, 5).Rewind().Rewind()
	branch := s.Branch()
	s, fx := s.Fork()
	snap := s.Snapshot()
	if len(fx) != 0 || s.Branch() == branch || snap.Run != 2 || len(snap.Runs) != 2 || snap.Head.Step != 3 || snap.Past {
		t.Fatalf("fork: %d effects, run %d, step %d", len(fx), snap.Run, snap.Head.Step)
	}
	if snap.Runs[0].Status != flows.Ready {
		t.Fatalf("the old run is %s", snap.Runs[0].Status)
	}
}

func TestAForkWhileWaitingAsksAgain(t *testing.T) {
	s := story(t, 2)
	s, fx := s.Record(uitest.Clock(), flows.Advanced{})
	if len(fx) != 1 {
		t.Fatal("nothing asked")
	}
	if _, again := s.Fork(); len(again) != 1 || again[0].EffectID() != fx[0].EffectID() {
		t.Fatalf("got %v", again)
	}
}

func TestTheVersionChangesWithEverythingThatShows(t *testing.T) {
	s := story(t, 3)
	seen := map[int]bool{s.Version(): true}
	for i, next := range []session.Session{s.Rewind(), s.Select(1), s.SetReveal(true), s.Tick(time.Now())} {
		if seen[next.Version()] && next.Version() == s.Version() {
			t.Errorf("change %d kept the version", i)
		}
	}
	if s.Select(-1).Version() != s.Version() {
		t.Error("no change made a new version")
	}
}

func TestTheStepInViewFollowsTheRun(t *testing.T) {
	s := story(t, 3).Select(0)
	if s.Snapshot().Selected != 0 {
		t.Fatal("the selection was not kept")
	}
	s, _ = s.Record(uitest.Clock(), flows.Advanced{})
	if got := s.Snapshot().Selected; got != 4 {
		t.Fatalf("after a step the view is at %d", got)
	}
}
