package exchange

import (
	"slices"
	"strings"
	"testing"

	"authdance/flows"
	"authdance/flows/wire"
	"authdance/ui/keys"
	"authdance/ui/pane"
	"authdance/ui/session"
	"authdance/ui/uitest"
)

func (d *desk) edits(step string) []flows.Edit { return d.state().Edits[step] }

func (d *desk) editing() bool { return d.pane.(Pane).Editing() }

func set(name string, val wire.Untrusted) flows.Edit {
	return flows.Edit{Op: flows.Set, Name: name, Value: val}
}

func (d *desk) wants(step string, want ...flows.Edit) {
	d.t.Helper()
	if got := d.edits(step); !slices.Equal(got, want) {
		d.t.Errorf("edits of %s: %v, want %v", step, got, want)
	}
}

func TestEditsLiveInTheLog(t *testing.T) {
	d := open(t, 78, 17, uitest.Next(4)...)
	d.do(keys.EditReq, keys.Fault1)
	d.wants("token", set("code_verifier", wrongVerifier))
	if !d.editing() || d.pane.Scope() != keys.Edit {
		t.Error("edit mode is off")
	}
	d.do(keys.Fault2)
	d.wants("token", flows.Edit{Op: flows.Drop, Name: "code_verifier"})
	d.do(keys.Undo)
	d.wants("token", set("code_verifier", wrongVerifier))
	d.do(keys.UndoAll)
	d.wants("token")
	d.do(keys.Undo)
	d.wants("token", set("code_verifier", wrongVerifier))
	d.do(keys.Undo, keys.Undo)
	d.wants("token")
	if say, ok := d.do(keys.Undo), d.last; say == "" || ok == nil {
		t.Error("an undo with nothing to undo says nothing")
	}
}

func TestEscRestoresTheOriginalAndLeaves(t *testing.T) {
	d := open(t, 78, 17, uitest.Next(4)...)
	d.do(keys.EditReq, keys.Fault1, keys.Back)
	d.wants("token")
	if d.editing() {
		t.Error("still in edit mode")
	}
	before := d.sess.Version()
	d.do(keys.EditReq, keys.Back)
	if d.sess.Version() != before {
		t.Error("looking at edit mode and leaving it left a fact in the log")
	}
}

func TestEnterRecordsTheGuessAndSendsTheChange(t *testing.T) {
	d := open(t, 78, 17, uitest.Next(4)...)
	d.do(keys.EditReq, keys.Fault1, keys.Right)
	if got := d.pane.Primary(d.env()); got != "sends the changed request" {
		t.Errorf("enter %q", got)
	}
	picture := d.do(keys.Enter)
	s := d.state()
	if d.editing() || s.Guesses["token"] != "invalid_grant" || s.Status != flows.Failed || s.Problem.Code != "invalid_grant" {
		t.Fatalf("editing %v, guess %q, status %s, problem %+v", d.editing(), s.Guesses["token"], s.Status, s.Problem)
	}
	if !strings.Contains(picture, "You guessed right: 400 invalid_grant") {
		t.Errorf("the guess is not beside the result:\n%s", picture)
	}
	if _, right := d.pane.Title(d.env()); !strings.Contains(right, "✎") || !strings.Contains(right, "400") {
		t.Errorf("title %q", right)
	}
}

func TestAGuessCanBeSkippedAndAnOldOneDoesNotCount(t *testing.T) {
	d := open(t, 78, 17, uitest.Next(4)...)
	picture := d.do(keys.EditReq, keys.Fault1, keys.Right, keys.Right, keys.Enter)
	if !strings.Contains(picture, "You expected 200, tokens. It was 400 invalid_grant.") {
		t.Errorf("a wrong guess:\n%s", picture)
	}
	picture = d.do(keys.EditReq, keys.Fault1, keys.Enter)
	if d.state().Guesses["token"] != "" || strings.Contains(picture, "You expected") {
		t.Errorf("the old guess is still there:\n%s", picture)
	}
	if !strings.Contains(picture, "Sent with changes: code_verifier") {
		t.Errorf("the change is not named:\n%s", picture)
	}
}

func TestAGuessAboutAnAcceptedRequestIsAnsweredAtTheNextStep(t *testing.T) {
	d := open(t, 78, 17, uitest.Next(0)...)
	d.do(keys.EditReq, keys.Fault3, keys.Right) // no Accept header: the server answers all the same
	picture := d.do(keys.Enter)
	if d.state().Step != 1 {
		t.Fatalf("the run is at step %d: %+v", d.state().Step+1, d.state().Problem)
	}
	if !strings.Contains(picture, "You guessed right") {
		t.Errorf("no answer to the guess:\n%s", picture)
	}
}

func TestSpaceGoesFromKeepToDropToTwice(t *testing.T) {
	d := open(t, 78, 17, uitest.Next(4)...)
	d.do(keys.EditReq, keys.Down) // code
	code := d.state().Vars["code"]
	d.do(keys.Keep)
	d.wants("token", flows.Edit{Op: flows.Drop, Name: "code"})
	d.do(keys.Keep)
	d.wants("token", flows.Edit{Op: flows.Add, Name: "code", Value: code})
	d.do(keys.Keep)
	d.wants("token")
}

func TestAValueIsTypedPastedAndTaken(t *testing.T) {
	d := open(t, 78, 17, uitest.Next(4)...)
	d.do(keys.EditReq, keys.Value)
	if !d.pane.Typing(d.env()) {
		t.Fatal("no text field")
	}
	d.do(keys.Clear)
	d.typed("p", "paste:asswor\n", "d", "left", "backspace", "left", "home", "delete", "end")
	d.do(keys.Enter)
	d.wants("token", set("grant_type", "asswod"))
	d.do(keys.Value, keys.Clear)
	d.typed("paste:authorization_code")
	d.do(keys.Enter)
	d.wants("token") // the original again: no edit is left over
	d.do(keys.Value)
	d.typed("x")
	d.do(keys.Back)
	d.wants("token")
	if !d.editing() || d.pane.Typing(d.env()) {
		t.Error("esc in the field should leave the field and stay in edit mode")
	}
}

func TestAHiddenValueIsNotPutIntoTheField(t *testing.T) {
	d := open(t, 78, 17, uitest.Next(4)...)
	picture := d.do(keys.EditReq, keys.Down, keys.Value)
	if strings.Contains(picture, "lab_8fK2") {
		t.Errorf("the code is on the screen:\n%s", picture)
	}
	d.do(keys.Enter)
	d.wants("token") // an empty field is no change
	d.sess = d.sess.SetReveal(true)
	if picture = d.do(keys.Value); !strings.Contains(picture, "lab_8fK2mZr7Vw3TnXq1") {
		t.Errorf("a revealed value is not there to edit:\n%s", picture)
	}
}

func TestAnAddedParameterCanBeEditedAndTakenBack(t *testing.T) {
	d := open(t, 78, 17, uitest.Next(4)...)
	d.do(keys.EditReq, keys.AddOne)
	d.typed("paste:resource=https://a.test/?x=1")
	d.do(keys.Enter)
	d.wants("token", flows.Edit{Op: flows.Add, Name: "resource", Value: "https://a.test/?x=1"})
	d.do(keys.Value)
	d.typed("2")
	d.do(keys.Enter)
	d.wants("token", flows.Edit{Op: flows.Add, Name: "resource", Value: "https://a.test/?x=12"})
	d.do(keys.Keep)
	d.wants("token")
	for _, bad := range []string{"", "=x", ":url=http://evil.test"} {
		d.do(keys.AddOne)
		d.typed("paste:" + bad)
		d.last = nil
		d.do(keys.Enter)
		if _, said := d.last.(pane.Say); !said || len(d.edits("token")) > 0 {
			t.Errorf("%q was taken: %v", bad, d.edits("token"))
		}
		d.do(keys.Back)
	}
}

func TestTheAddressAndTheMethodCanBeEdited(t *testing.T) {
	d := open(t, 78, 17, uitest.Next(4)...)
	d.do(keys.EditReq, keys.Bottom, keys.Up, keys.Value, keys.Clear)
	d.typed("paste:https://evil.test/token")
	picture := d.do(keys.Enter)
	d.wants("token", set(":url", "https://evil.test/token"))
	if !strings.Contains(picture, "goes to evil.test, not to the lab") || strings.Contains(picture, "Nothing leaves") {
		t.Errorf("the safety line lies:\n%s", picture)
	}
}

func TestASentStepCanBeEditedAndTheRestBecomesOld(t *testing.T) {
	d := open(t, 78, 17, uitest.Next(8)...).selected("token")
	picture := d.do(keys.EditReq, keys.Fault1)
	if !strings.Contains(picture, "used up") {
		t.Errorf("no word about the spent code:\n%s", picture)
	}
	s := d.state()
	if s.StatusOf(s.Grant.Index("api")) != flows.StepStale {
		t.Errorf("the api step is %s", s.StatusOf(s.Grant.Index("api")))
	}
	d.do(keys.Enter)
	d.selected("api")
	if _, right := d.pane.Title(d.env()); !strings.HasPrefix(right, "old · 200") {
		t.Errorf("title %q", right)
	}
	if picture := d.draw(); !strings.Contains(picture, "old: an earlier step was changed") {
		t.Errorf("no word that the answer is old:\n%s", picture)
	}
}

func TestWhatCannotBeEditedSaysWhy(t *testing.T) {
	for name, c := range map[string]struct {
		done int
		step string
		want string
	}{
		"work inside":    {1, "prepare", "sends nothing"},
		"values missing": {1, "token", "needs code"},
		"not here yet":   {2, "callback", "not here yet"},
	} {
		d := open(t, 78, 17, uitest.Next(c.done)...).selected(c.step)
		d.do(keys.EditReq)
		say, _ := d.last.(pane.Say)
		if d.editing() || !strings.Contains(say.Text, c.want) {
			t.Errorf("%s: %+v, editing %v", name, d.last, d.editing())
		}
	}
	d := open(t, 78, 17, uitest.Next(4)...)
	d.sess = d.sess.Rewind()
	d.do(keys.EditReq)
	if say, _ := d.last.(pane.Say); d.editing() || !strings.Contains(say.Text, "past") {
		t.Errorf("the past: %+v", d.last)
	}
}

func TestALiveProfileWantsItsName(t *testing.T) {
	d := live(t)
	d.do(keys.EditReq)
	if !d.pane.Typing(d.env()) {
		t.Fatal("edit mode opened without a question")
	}
	d.typed("paste:okta")
	d.do(keys.Enter)
	if say, _ := d.last.(pane.Say); !say.Bad || !d.pane.Typing(d.env()) {
		t.Errorf("a wrong name: %+v", d.last)
	}
	d.do(keys.Clear)
	d.typed("paste:Okta prod")
	picture := d.do(keys.Enter, keys.Fault1)
	if len(d.edits("discovery")) == 0 || !strings.Contains(picture, "LIVE: this is really sent to Okta prod") {
		t.Errorf("%v\n%s", d.edits("discovery"), picture)
	}
	d.do(keys.Back, keys.EditReq)
	if d.pane.Typing(d.env()) {
		t.Error("the same run is asked about twice")
	}
	d = live(t)
	d.do(keys.EditReq, keys.Back)
	if d.editing() {
		t.Error("esc did not leave")
	}
}

func TestATestProfileSaysItOnce(t *testing.T) {
	d := open(t, 78, 17)
	started, _ := startedAs(t, flows.Profile{ID: "dev", Name: "dev", Class: "TEST"})
	d.sess, d.pane = session.Session{}.Start(uitest.Clock(), started), New()
	d.draw()
	d.do(keys.EditReq)
	if _, said := d.last.(pane.Say); !said || !d.editing() {
		t.Errorf("%+v", d.last)
	}
	d.last = nil
	d.do(keys.Back, keys.EditReq)
	if d.last != nil {
		t.Errorf("said again: %+v", d.last)
	}
}

func TestBreakOpensTheTokenStepWithTheFault(t *testing.T) {
	d := open(t, 78, 17, uitest.Next(4)...).selected("discovery")
	p, msg := d.pane.(Pane).Break(d.env(), 1)
	d.pane = p
	d.take(msg)
	d.wants("token", set("code_verifier", wrongVerifier))
	left, right := d.pane.Title(d.env())
	if !d.editing() || !strings.Contains(left, "step 5") || right != "1 edit" {
		t.Errorf("editing %v, title %q %q", d.editing(), left, right)
	}
	early := open(t, 78, 17, uitest.Next(1)...)
	p, msg = early.pane.(Pane).Break(early.env(), 1)
	if say, ok := msg.(pane.Say); p.Editing() || !ok || !strings.Contains(say.Text, "needs code") {
		t.Errorf("too early: %+v", msg)
	}
}

func TestAnotherRunEndsEditMode(t *testing.T) {
	d := open(t, 78, 17, uitest.Next(4)...)
	d.do(keys.EditReq)
	started, _ := startedAs(t, uitest.Profile())
	d.sess = d.sess.Start(uitest.Clock(), started)
	d.draw()
	if d.editing() {
		t.Error("edit mode went along to another run")
	}
}

func TestALaterStepKeepsItsChangeUntilItsTurn(t *testing.T) {
	d := open(t, 78, 17, uitest.Next(5)...).selected("api")
	d.do(keys.EditReq, keys.Fault2)
	if got := d.pane.Primary(d.env()); got != "keeps the change for later" {
		t.Errorf("enter %q", got)
	}
	d.do(keys.Enter)
	d.wants("api", flows.Edit{Op: flows.Drop, Name: "Authorization"})
	if d.editing() || d.state().Step != 5 {
		t.Errorf("editing %v at step %d", d.editing(), d.state().Step+1)
	}
}
