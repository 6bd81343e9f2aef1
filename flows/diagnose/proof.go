package diagnose

import (
	"encoding/base64"
	"net/url"
	"slices"
	"strings"
	"time"

	"authdance/flows"
	"authdance/flows/jose"
	"authdance/flows/provider"
	"authdance/flows/wire"
)

// asked limits a rule to what the server refused of one of these steps.
func asked(steps ...string) func(scene) bool {
	return func(s scene) bool {
		spoke := s.problem.Kind == flows.OAuth || s.problem.Code == "browser_error_page"
		return spoke && slices.Contains(steps, s.blamed())
	}
}

// both joins two conditions.
func both(a, b func(scene) bool) func(scene) bool {
	return func(s scene) bool { return a(s) && b(s) }
}

// fact is a finding that stands on one thing in the refused request.
func (s scene) fact(c Confidence, param, sentence, text string) finding {
	return finding{confidence: c, sentence: sentence, params: []string{param},
		evidence: []Evidence{{Mark: Fits, Text: text, Step: s.blamed(), Param: wire.Safe(param)}}}
}

// backed is a finding that is likely when the server's own words speak of it,
// and possible when they do not.
func (s scene) backed(f finding, words ...string) finding {
	f.confidence = Possible
	if s.says(words...) {
		f.confidence = Likely
		return s.spoken(f, words...)
	}
	return f
}

// metadata is what the server announced of itself, empty when it was not asked.
func (s scene) metadata() provider.Metadata {
	m, _, _ := provider.ParseMetadata([]byte(s.Vars["metadata"].Raw()))
	return m
}

// lacks tells whether the metadata has this list, and the value is not in it.
func (s scene) lacks(list, value string) bool {
	yes, known := s.metadata().Supports(list, value)
	return known && !yes
}

// claimsOf reads a token that the run holds or sent. Nothing of it is verified.
func claimsOf(token wire.Untrusted) jose.Token { return jose.Decode(token.Raw()) }

// timeOf is a time claim, zero when it is not there.
func timeOf(t jose.Token, claim string) time.Time {
	n, ok := t.Claims.Int(claim)
	if !ok || n <= 0 || n > 1<<40 {
		return time.Time{}
	}
	return time.Unix(n, 0).UTC()
}

// serverTime is the Date header of the refusal, with the moment that it came.
func (s scene) serverTime() (theirs, ours time.Time, ok bool) {
	facts := s.ResultOf(s.problem.Step).Facts
	for i := len(facts) - 1; i >= 0; i-- {
		got, is := facts[i].Event.(flows.Received)
		if !is {
			continue
		}
		theirs, err := time.Parse(time.RFC1123, got.Exchange.Response.Get("Date").Raw())
		return theirs, facts[i].At, err == nil
	}
	return theirs, ours, false
}

// refused is the last answer of the step that failed.
func (s scene) refused() (flows.Exchange, bool) {
	all := s.ResultOf(s.problem.Step).Exchanges()
	if len(all) == 0 {
		return flows.Exchange{}, false
	}
	return all[len(all)-1], true
}

// basic is what an Authorization header of HTTP Basic says.
func basic(header wire.Untrusted) (user, secret string, ok bool) {
	scheme, text, _ := strings.Cut(header.Raw(), " ")
	if !strings.EqualFold(scheme, "Basic") {
		return "", "", false
	}
	raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil {
		return "", "", false
	}
	user, secret, ok = strings.Cut(string(raw), ":")
	if name, err := url.QueryUnescape(user); err == nil {
		user = name
	}
	return user, secret, ok
}

// loopback tells the addresses of this computer.
func loopback(u *url.URL) bool {
	host := u.Hostname()
	return host == "127.0.0.1" || host == "::1" || host == "localhost"
}
