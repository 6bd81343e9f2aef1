package token

import (
	"errors"
	"slices"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"authdance/flows/jose"
	"authdance/ui/keys"
	"authdance/ui/pane"
	"authdance/ui/uitest"
)

func TestAForgedTokenIsMarkedAndRefused(t *testing.T) {
	for _, id := range []string{"alg_none", "stripped", "jwk_header", "hs_public_pem"} {
		d := open(t, &uitest.Server{}, 118, 40, uitest.Next(8)...).forge(id)
		if said, ok := d.last.(pane.Say); !ok || !strings.HasPrefix(said.Text, "FORGED by authdance ("+id+")") {
			t.Errorf("%s: said %+v", id, d.last)
		}
		d.shows("FORGED by authdance", "NO: a careful").do(keys.CopyAll)
		if c, _ := d.last.(pane.Copy); !strings.Contains(c.What, "made here") || jose.Decode(c.Text).Kind != jose.JWS {
			t.Errorf("%s: copied %+v", id, d.last)
		}
	}
}

func TestAnAttackThatLacksAKeySaysSoAndMakesNothing(t *testing.T) {
	d := open(t, &uitest.Server{}, 118, 40, uitest.Next(8)...).forge("expired")
	if said, ok := d.last.(pane.Say); !ok || !said.Refused || !strings.Contains(said.Text, "key that the service trusts") {
		t.Errorf("said %+v", d.last)
	}
	d.shows("Not now")
}

func TestAChangedTokenIsSignedWithTheGivenKey(t *testing.T) {
	d := open(t, &uitest.Server{}, 118, 40, uitest.Next(8)...).paste(foreign()).paste(contentKey)
	d.do(keys.Attacks, keys.Enter).typed("sub=mallory").do(keys.Enter)
	d.shows("mallory", "MADE by authdance").lacks("u-77")
	if got := d.pane.(Pane).sheet.tok.Header.Str("alg"); got != "HS256" {
		t.Errorf("alg %s", got)
	}
	d.do(keys.Attacks, keys.Enter).typed("nonsense").do(keys.Enter)
	if said, ok := d.last.(pane.Say); !ok || !said.Bad {
		t.Errorf("said %+v", d.last)
	}
}

func TestTheLabSignsWhatIsWrongOnPurpose(t *testing.T) {
	d := open(t, &uitest.Server{}, 118, 40, uitest.Next(8)...)
	d.env.Lab = &uitest.Lab{}
	d.forge("expired").shows("FORGED", "expired")
	p := d.pane.(Pane)
	if !slices.ContainsFunc(p.sheet.checks, func(r row) bool { return r.check.ID == "signature_invalid" && r.status == "pass" }) {
		t.Errorf("the lab's key did not sign it\n%s", d.pic)
	}
	d.do(keys.Attacks, keys.Enter).typed("email=other@example.test").do(keys.Enter).shows("signed with the key of the lab")
}

func TestOnlyTheLabIsTriedFromHere(t *testing.T) {
	d := open(t, &uitest.Server{}, 118, 40, uitest.Next(8)...).forge("alg_none")
	d.env.Lab = nil
	d.do(keys.TryIt)
	if said, ok := d.last.(pane.Say); !ok || !said.Refused {
		t.Errorf("without a lab: %+v", d.last)
	}
	d.env.Lab = &uitest.Lab{}
	d.do(keys.TryIt)
	begin, ok := d.last.(pane.Begin)
	if !ok || begin.Wish.Grant != "api" || begin.Wish.Values["access_token"].Raw() != d.pane.(Pane).sheet.tok.Text {
		t.Errorf("at the lab: %+v", d.last)
	}
}

func TestAKeyThatIsPastedOpensAndJudges(t *testing.T) {
	d := open(t, &uitest.Server{}, 118, 40, uitest.Next(2)...).paste(encrypted).shows("ENCRYPTED").lacks("alice")
	d.paste(contentKey).shows("alice", "DECRYPTED")
	d.paste(jwt(fixtureHeader, `{"sub":"x"}`)).shows("with the key that you gave", "NO: a careful")
	if Takes("plain words") || !Takes(contentKey) || !Takes(assertion) || !Takes(encrypted) {
		t.Error("Takes")
	}
}

func TestAFileIsReadWhereFilesMayBeRead(t *testing.T) {
	d := open(t, &uitest.Server{}, 118, 40, uitest.Next(2)...).do(keys.OpenOne)
	if said, ok := d.last.(pane.Say); !ok || !said.Refused || d.pane.Typing(d.env) {
		t.Errorf("%+v", d.last)
	}
	d.env.Open = func(path string) (string, error) {
		if path == "token.txt" {
			return foreign(), nil
		}
		return "", errors.New("there is no file " + path)
	}
	d.do(keys.OpenOne).typed("token.txt").do(keys.Enter).settle().shows("photos").to("token").shows("the file token.txt")
	d.do(keys.GiveKey).typed("a shared secret").do(keys.Enter).settle().shows("with the given secret that you gave")
	_, cmd := d.do(keys.OpenOne).typed("no.txt").do(keys.Enter).pane.Update(d.last.(pane.Do).Cmd(), d.env)
	if said, ok := cmd().(pane.Say); !ok || !said.Bad || !strings.Contains(said.Text, "no.txt") {
		t.Errorf("%+v", said)
	}
}

func TestEscLeavesTheFieldThenTheFaceThenTheMark(t *testing.T) {
	d := open(t, &uitest.Server{}, 118, 40, uitest.Next(8)...).do(keys.Attacks, keys.Enter)
	for i, busy := range []bool{true, true, false} {
		if got := d.pane.Busy(d.env); got != busy {
			t.Errorf("after %d times esc: busy %v", i, got)
		}
		d.do(keys.Back)
	}
}

func TestTwoTokensAreComparedByMeaning(t *testing.T) {
	d := open(t, &uitest.Server{}, 118, 60, uitest.Next(8)...).do(keys.Versus).paste(foreign()).do(keys.Versus)
	d.shows("iss differs", "A is the ID token, B the pasted token", "another server made it", "DIFFERS IN ANY TWO TOKENS").do(keys.Copy)
	if c, _ := d.last.(pane.Copy); !strings.Contains(c.Text, "iss differs") {
		t.Errorf("copied %+v", d.last)
	}
	d.do(keys.Back).lacks("iss differs").shows("photos")
}

func TestHistoryListsWhatWasSeenAndShowsItAgain(t *testing.T) {
	d := open(t, &uitest.Server{}, 118, 40, uitest.Next(8)...).paste(foreign()).forge("alg_none").do(keys.History)
	d.shows("RUN 1", "ID token", "born in step token", "PASTED, OPENED, MADE", "made here").lacks(foreign())
	d.to("pasted").do(keys.Enter).shows("photos").lacks("FORGED")
}

func TestAllTokensOfAPastedAnswerAreInTheHistory(t *testing.T) {
	d := open(t, &uitest.Server{}, 118, 40, uitest.Next(2)...).paste(`{"id_token":"` + foreign() + `","access_token":"ghp_16C7e42F292c6912E7710c838347Ae178B4a"}`)
	d.shows("photos").do(keys.History).shows("beside another token, as access_token").to("pasted").do(keys.Down, keys.Enter).shows("GitHub")
}

func TestFollowGoesToTheStepWhereTheTokenWasBorn(t *testing.T) {
	d := open(t, &uitest.Server{}, 118, 40, uitest.Next(8)...).do(keys.Right, keys.Follow)
	born := d.sess.Snapshot().State.Grant.Index("token")
	var msgs []tea.Msg
	for _, cmd := range d.last.(pane.Do).Cmd().(tea.BatchMsg) {
		msgs = append(msgs, cmd())
	}
	if msgs[0] != (pane.Select{Step: born}) || msgs[1] != (pane.Focus{Scope: keys.Flow}) || !strings.Contains(msgs[2].(pane.Say).Text, "sent in step") {
		t.Errorf("%+v", msgs)
	}
	d.do(keys.Right, keys.Right, keys.Follow)
	if said, ok := d.last.(pane.Say); !ok || !said.Refused {
		t.Errorf("%+v", d.last)
	}
}

func TestACopyIsJudgedAsAnotherKindAndTheRunsVerdictStays(t *testing.T) {
	d := open(t, &uitest.Server{}, 118, 40, uitest.Next(8)...).as(jose.AsAccessToken).shows("as an access token", "NO: a careful API")
	d.do(keys.Left, keys.Left, keys.Left).shows("YES: a careful client")
}
