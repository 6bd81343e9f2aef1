package token

import (
	"cmp"
	"strconv"
	"strings"

	"authdance/flows"
	"authdance/flows/jose"
	"authdance/flows/wire"
	"authdance/ui/pane"
)

// verdict is the answer to "would a careful reader accept this token?".
type verdict struct {
	status string // a word for Styles.Status
	short  string // for the frame: "accepted"
	text   string // "YES: a careful client accepts this token"
	counts string // "27 passed · 10 do not apply"
	note   string // who judged, when and with what
	brief  string // the same in a few words
}

// judgement is a verdict with the checks that it rests on.
type judgement struct {
	verdict verdict
	checks  []wire.Check
}

// reader is who has to accept the token of a report.
func reader(as string) string {
	switch as {
	case jose.AsIDToken:
		return "client"
	case jose.AsAccessToken:
		return "API"
	case jose.AsLogoutToken, jose.AsResponse, jose.AsUserInfo:
		return "client"
	case jose.AsDPoP, jose.AsClientAssertion, jose.AsRequestObject:
		return "server"
	case jose.AsSAML:
		return "service"
	}
	return "reader"
}

// judge finds out what is known about a token. The ID token of a run was
// judged by the run; every other token is judged here, as its reader would.
func judge(e pane.Env, t tab, tok jose.Token, own mine) judgement {
	s := e.Snap.State
	if t == idToken && s.Grant.Index("id_token") >= 0 {
		return inRun(s, tok, e)
	}
	now, want, keys, note := e.Snap.Now, expect(s), jose.ParseKeys([]byte(s.Vars["jwks"].Raw())), ""
	if t == pastedToken {
		want, keys, note = forPasted(s, tok)
		if own.keyed != "" {
			keys, note = jose.Join(keys, own.public), "with "+wire.Safe(own.keyed)+" that you gave"
		}
	}
	if now.IsZero() { // nothing has happened yet, so nobody has told the time
		return judgement{verdict{status: "unknown", short: "not judged", text: "NOT PROVED: the time is not known before the first step of a run"}, tok.Checks}
	}
	var r jose.Report
	switch t {
	case idToken:
		r = jose.CheckIDToken(tok, want, keys, now)
	case accessToken:
		r = jose.CheckAccessToken(tok, want, keys, now)
	default:
		r, _ = jose.Check(own.as, tok, want, keys, now)
	}
	if holder, ok := jose.CheckKeyBinding(tok, want, now); ok {
		r.Checks = append(r.Checks, holder.Checks...)
		if holder.Verdict != jose.Valid {
			r.Verdict = holder.Verdict
		}
	}
	v := weigh(tok, reader(r.As), r.Checks, "")
	if tok.Kind == jose.Opaque { // nothing to judge, so nobody judged
		if t == pastedToken && tok.Shape.What != "" {
			v.note = "by its form " + tok.Shape.What
		}
		return judgement{verdict: v}
	}
	if r.Verdict != jose.Valid && v.status == "pass" {
		v = notProved("not every rule that counts was looked at")
	}
	v.brief = "judged at " + clockOf(now, now)
	v.note = v.brief
	if t == pastedToken {
		v.note = joined(wire.Safe(own.mark), v.brief, "as "+kindName(r.As), note)
	}
	return judgement{v, r.Checks}
}

// expect is what the run knows of its tokens. Who should read an access token
// is known only when the run named that reader.
func expect(s flows.State) jose.Expect {
	return jose.Expect{Issuer: s.Vars["issuer"].Raw(), ClientID: s.Vars["client_id"].Raw(), Audience: cmp.Or(s.Vars["resource"], s.Vars["audience"]).Raw()}
}

// forPasted is what may be used to judge a token that came without a run: the
// run's own keys and values only when the same server made it. The keys of
// another server would prove nothing, and would make a good token look forged.
func forPasted(s flows.State, tok jose.Token) (jose.Expect, jose.KeySet, string) {
	issuer := s.Vars["issuer"].Raw()
	if issuer == "" || tok.Claims.Str("iss") != issuer {
		return jose.Expect{}, jose.KeySet{}, "without a key and without a run"
	}
	want, note := expect(s), "with this run's keys, because its iss is this run's server"
	if tok.Text == s.Vars["id_token"].Raw() {
		want.Nonce, want.AccessToken = s.Vars["nonce"].Raw(), wire.NewSecret(s.Vars["access_token"].Raw())
		note = "it is the ID token of this run"
	}
	return want, jose.ParseKeys([]byte(s.Vars["jwks"].Raw())), note
}

// inRun is the judgement that the run made in its step id_token.
func inRun(s flows.State, tok jose.Token, e pane.Env) judgement {
	i := s.Grant.Index("id_token")
	step, r := s.Grant.Steps[i], s.Results[i]
	name := "step " + strconv.Itoa(i+1)
	over := i < s.Step || i == s.Step && (s.Status == flows.Failed || s.Status == flows.Stopped)
	switch {
	case i == s.Step && s.Status == flows.Running:
		return judgement{verdict{status: "running", short: "being checked", text: "BEING CHECKED: " + name + " waits for the server's keys"}, tok.Checks}
	case !over || !r.Ran() || r.Skipped != "":
		text := "NOT CHECKED YET: " + name + " does it, " + step.Title
		return judgement{verdict{status: "ready", short: "not checked yet", text: text, brief: "only its form so far"}, tok.Checks}
	}
	problem := ""
	if r.Problem != nil {
		problem = r.Problem.Description.Safe()
	}
	v := weigh(tok, "client", r.Checks, problem)
	v.brief = "judged in " + name
	v.note = "as judged in this run, " + name + ", at " + clockOf(r.Ended, e.Snap.Now)
	return judgement{v, r.Checks}
}

// weigh turns checks into a verdict. problem is why the judging itself failed.
func weigh(tok jose.Token, who string, checks []wire.Check, problem string) verdict {
	n, first := map[wire.Status]int{}, map[wire.Status]string{}
	proved := map[string]bool{}
	for _, c := range checks {
		if n[c.Status]++; n[c.Status] == 1 {
			first[c.Status] = wire.Safe(c.Message)
		}
		if c.Status == wire.Pass {
			proved[c.ID] = true
		}
	}
	v := verdict{}
	switch {
	case tok.Kind == jose.Opaque:
		return verdict{status: "na", short: "opaque", text: "OPAQUE: only the server that made it can read it"}
	case tok.Kind == jose.Malformed && len(tok.Segments) == 0:
		v = verdict{status: "fail", short: "no token", text: "NO TOKEN: " + cmp.Or(first[wire.Fail], "there is none in this text")}
	case tok.Kind == jose.Malformed:
		v = verdict{status: "fail", short: "broken", text: "BROKEN: nobody can accept it. All that can be read is shown"}
	case n[wire.Fail] > 0:
		v = verdict{status: "fail", short: "refused", text: "NO: a careful " + who + " refuses this token"}
	case tok.Kind == jose.JWE && tok.Plaintext != nil && tok.Inner == nil:
		v = verdict{status: "warn", short: "opened", text: "OPENED: nothing was changed on the way. Encryption alone does not prove who wrote it"}
	case tok.Kind == jose.JWE && tok.Plaintext == nil:
		v = verdict{status: "unknown", short: "encrypted", text: "ENCRYPTED: only the holder of its key can read and check it"}
	case problem != "":
		v = notProved(problem)
	case n[wire.Unknown] > 0:
		v = notProved(first[wire.Unknown])
	case !proved["signature_invalid"] || !proved["alg_not_allowed"]:
		v = notProved("the signature was not checked")
	default:
		v = verdict{status: "pass", short: "accepted", text: "YES: a careful " + who + " accepts this token"}
	}
	v.counts = counted(n)
	return v
}

func notProved(why string) verdict {
	return verdict{status: "unknown", short: "not proved", text: "NOT PROVED: " + why}
}

func counted(n map[wire.Status]int) string {
	one := func(s wire.Status, single, many string) string {
		switch {
		case n[s] == 0:
			return ""
		case n[s] == 1:
			return "1 " + single
		}
		return strconv.Itoa(n[s]) + " " + many
	}
	return joined(one(wire.Fail, "failed", "failed"), one(wire.Unknown, "could not be checked", "could not be checked"), one(wire.Pass, "passed", "passed"),
		one(wire.Warn, "warning", "warnings"), one(wire.NA, "does not apply", "do not apply"))
}

// joined puts the parts that are there side by side. The dot becomes the
// theme's when the line is drawn.
func joined(parts ...string) string {
	var out []string
	for _, p := range parts {
		if p != "" {
			out = append(out, p)
		}
	}
	return strings.Join(out, " · ")
}
