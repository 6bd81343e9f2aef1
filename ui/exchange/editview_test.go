package exchange

import (
	"slices"
	"strings"
	"testing"

	"authdance/ui/keys"
	"authdance/ui/pane"
	"authdance/ui/uitest"
)

// editSizes are the cells of edit mode in terminals of 40×12, 60×16 and 80×24.
var editSizes = map[string][2]int{"38x6": {38, 6}, "58x10": {58, 10}, "78x18": {78, 18}}

func TestEveryRowOfEditModeIsReachedAndNoneIsMissingUnseen(t *testing.T) {
	for name, size := range editSizes {
		for _, changed := range []bool{false, true} {
			d := open(t, size[0], size[1], uitest.Next(4)...)
			d.do(keys.EditReq)
			if changed {
				d.do(keys.Fault1, keys.Top)
			}
			s, _ := d.pane.(Pane).subject(d.env())
			var starts []string // of the rows, as far as the narrowest column shows them
			for _, r := range s.rows {
				starts = append(starts, rowName(r)[:min(len(rowName(r)), 6)])
			}
			starts = append(starts, "+ add")
			for i, want := range starts {
				picture := d.draw()
				marked, shown := "", 0
				for line := range strings.SplitSeq(picture, "\n") {
					if strings.HasPrefix(line, "▸") {
						marked = line
					}
					text := strings.TrimLeft(line, "▸✎ ")
					if slices.ContainsFunc(starts, func(start string) bool { return strings.HasPrefix(text, start) }) {
						shown++
					}
				}
				if !strings.Contains(marked, want) {
					t.Errorf("%s: row %d is not in sight, marked %q:\n%s", name, i, marked, picture)
				}
				if shown < len(starts) && !strings.Contains(picture, "more") {
					t.Errorf("%s: %d of %d rows, and no word about the others:\n%s", name, shown, len(starts), picture)
				}
				d.do(keys.Down)
			}
		}
	}
}

func TestTheFaultsThatDoNotFitAreCounted(t *testing.T) {
	for name, want := range map[string]string{"38x6": "1 to 9: break it on purpose", "58x10": "more: 4 to 9", "78x18": "9 grant_type typo"} {
		d := open(t, editSizes[name][0], editSizes[name][1], uitest.Next(4)...)
		if picture := d.do(keys.EditReq); !strings.Contains(picture, want) {
			t.Errorf("%s: no %q\n%s", name, want, picture)
		}
		if picture := d.do(keys.Fault8); len(d.edits("token")) == 0 || !strings.Contains(picture, "8 wrong content type") {
			t.Errorf("%s: a fault out of sight cannot be chosen, or is not named\n%s", name, picture)
		}
	}
}

func TestTheGuessIsSeenWhereItCanBeTurned(t *testing.T) {
	for name, size := range editSizes {
		d := open(t, size[0], size[1], uitest.Next(4)...)
		if picture := d.do(keys.EditReq, keys.Fault1, keys.Right); !strings.Contains(picture, "(●) 400 invalid_grant") {
			t.Errorf("%s:\n%s", name, picture)
		}
	}
}

func TestTheFieldIsInSightAtTheSmallestSize(t *testing.T) {
	d := open(t, 38, 6, uitest.Next(4)...)
	d.do(keys.EditReq, keys.Bottom, keys.Up, keys.Value, keys.Clear)
	if picture := d.typed("paste:https://evil.test/"); !strings.Contains(picture, "https://evil.test/") {
		t.Errorf("the address:\n%s", picture)
	}
	d.do(keys.Back, keys.AddOne)
	if picture := d.typed("paste:a=b"); !strings.Contains(picture, "name=value: a=b") {
		t.Errorf("the new parameter:\n%s", picture)
	}
	l := live(t)
	l.w, l.h = 38, 6
	l.do(keys.EditReq)
	if picture := l.typed("paste:Okta"); !strings.Contains(picture, "LIVE") || !strings.Contains(picture, "▸ Okta") {
		t.Errorf("the gate:\n%s", picture)
	}
}

func TestEnterDoesWhatPrimarySays(t *testing.T) {
	sends := func(d *desk) int { return len(d.sess.Log().Entries) }
	for name, c := range map[string]struct {
		done  int
		step  string
		fault bool
		want  string
		sent  bool
	}{
		"nothing changed, first time": {4, "token", false, "sends the request, unchanged", true},
		"nothing changed, again":      {8, "userinfo", false, "sends the request again, unchanged", true},
		"changed":                     {4, "token", true, "sends the changed request", true},
		"callback, nothing changed":   {3, "callback", false, "reads the message, unchanged", true},
		"callback again":              {8, "callback", false, "reads the message again, unchanged", true},
		"callback, changed":           {3, "callback", true, "reads the changed message", true},
		"later, nothing changed":      {5, "api", false, "leaves edit mode, nothing is changed", false},
		"later, changed":              {5, "api", true, "keeps the change for later", false},
	} {
		t.Run(name, func(t *testing.T) {
			d := open(t, 78, 17, uitest.Next(c.done)...).selected(c.step)
			d.do(keys.EditReq)
			if c.fault {
				d.do(keys.Fault1)
			}
			if got := d.pane.Primary(d.env()); got != c.want {
				t.Errorf("enter %q, want %q", got, c.want)
			}
			before, ran := sends(d), d.state().ResultOf(c.step).Began
			d.last = nil
			d.do(keys.Enter)
			again := d.state().ResultOf(c.step)
			if sent := sends(d) > before && !again.Began.Equal(ran); sent != c.sent {
				t.Errorf("the step ran: %v, want %v", sent, c.sent)
			}
			if c.sent && (len(again.Edits) > 0) != c.fault {
				t.Errorf("it went out with the edits %v", again.Edits)
			}
			if say, _ := d.last.(pane.Say); !c.sent && (say.Text != "") != c.fault {
				t.Errorf("said %+v", d.last)
			}
			if d.editing() {
				t.Error("still in edit mode")
			}
		})
	}
}
