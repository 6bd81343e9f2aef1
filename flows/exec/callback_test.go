package exec

import (
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"authdance/flows"
	"authdance/flows/wire"
)

func waiting(mode string) expectation {
	return expectation{host: "127.0.0.1:9501", path: "/callback", done: "/callback/done", state: "right-state", mode: mode, address: "http://127.0.0.1:9501/callback"}
}

func navigation(query string) incoming {
	return incoming{Method: "GET", Host: "127.0.0.1:9501", RawPath: "/callback", RawQuery: query}
}

// with changes a good request in one place.
func (in incoming) with(change func(*incoming)) incoming {
	change(&in)
	return in
}

const good = "code=c&state=right-state&iss=https%3A%2F%2Fidp.test"

func TestOnlyTheAwaitedAnswerIsWelcome(t *testing.T) {
	form := navigation("").with(func(in *incoming) {
		in.Method, in.ContentType, in.Body = "POST", "application/x-www-form-urlencoded; charset=UTF-8", good
	})
	for name, c := range map[string]struct {
		mode string
		in   incoming
		want page
		note string
	}{
		"query":                    {"query", navigation(good), pageWelcomeBack, ""},
		"an error with our state":  {"query", navigation("error=access_denied&state=right-state"), pageWelcomeBack, ""},
		"form_post":                {"form_post", form, pageWelcomeBack, ""},
		"fragment posted by us":    {"fragment", form, pageWelcomeBack, ""},
		"query in fragment mode":   {"fragment", navigation("error=invalid_request&state=right-state"), pageWelcomeBack, ""},
		"navigation":               {"query", navigation(good).with(func(in *incoming) { in.FetchMode = "navigate" }), pageWelcomeBack, ""},
		"repeated code":            {"query", navigation(good + "&code=d"), pageWelcomeBack, ""}, // ours: the run refuses it
		"forged state":             {"query", navigation("code=c&state=wrong"), pageForeign, "not for this run"},
		"forged error":             {"query", navigation("error=server_error&state=wrong"), pageForeign, "server_error"},
		"no state":                 {"query", navigation("code=c"), pageForeign, "without state"},
		"empty state":              {"query", navigation("code=c&state="), pageForeign, ""},
		"forged state first":       {"query", navigation("state=wrong&" + good), pageForeign, ""},
		"state in another case":    {"query", navigation("code=c&State=right-state"), pageForeign, ""},
		"start of the state":       {"query", navigation("code=c&state=right"), pageForeign, ""},
		"rebound host":             {"query", navigation(good).with(func(in *incoming) { in.Host = "evil.test:9501" }), pageWrongHost, "rebinding"},
		"localhost for 127.0.0.1":  {"query", navigation(good).with(func(in *incoming) { in.Host = "localhost:9501" }), pageWrongHost, ""},
		"no host":                  {"query", navigation(good).with(func(in *incoming) { in.Host = "" }), pageWrongHost, ""},
		"other path":               {"query", navigation(good).with(func(in *incoming) { in.RawPath = "/callback/" }), pageNotFound, "redirect_uri says /callback"},
		"escaped path":             {"query", navigation(good).with(func(in *incoming) { in.RawPath = "/%63allback" }), pageNotFound, ""},
		"favicon":                  {"query", navigation("").with(func(in *incoming) { in.RawPath = "/favicon.ico" }), pageNotFound, ""},
		"HEAD":                     {"query", navigation(good).with(func(in *incoming) { in.Method = "HEAD" }), pageWrongMethod, "GET"},
		"OPTIONS":                  {"form_post", form.with(func(in *incoming) { in.Method = "OPTIONS" }), pageWrongMethod, "GET, POST"},
		"POST in query mode":       {"query", form, pageWrongMethod, ""},
		"fetch":                    {"query", navigation(good).with(func(in *incoming) { in.FetchMode = "cors" }), pageForeign, "script"},
		"image":                    {"query", navigation(good).with(func(in *incoming) { in.FetchMode = "no-cors" }), pageForeign, ""},
		"JSON":                     {"form_post", form.with(func(in *incoming) { in.ContentType = "application/json" }), pageForeign, "no form"},
		"plain text":               {"form_post", form.with(func(in *incoming) { in.ContentType = "text/plain" }), pageForeign, ""},
		"nothing":                  {"query", navigation(""), pageEmpty, "behind #"},
		"nothing in fragment mode": {"fragment", navigation(""), pageFragment, ""},
		"an empty fragment":        {"fragment", form.with(func(in *incoming) { in.Body = "" }), pageEmpty, "neither a query nor a fragment"},
		"the clean address":        {"query", navigation("").with(func(in *incoming) { in.RawPath = "/callback/done" }), pageDone, ""},
	} {
		v := waiting(c.mode).judge(c.in)
		if v.page != c.want || !strings.Contains(v.note, c.note) {
			t.Errorf("%s: page %d note %q, want page %d", name, v.page, v.note, c.want)
		}
		if v.page == pageForeign && c.in.FetchMode == "" && c.in.ContentType != "application/json" && c.in.ContentType != "text/plain" {
			if len(v.checks) != 1 || v.checks[0].ID != "state_mismatch" || v.checks[0].Status != wire.Warn {
				t.Errorf("%s: checks %+v", name, v.checks)
			}
		}
	}
}

func TestARunWithoutStateTakesNoAnswerFromTheListener(t *testing.T) {
	x := waiting("query")
	x.state = ""
	for _, q := range []string{"code=c", "code=c&state="} {
		if v := x.judge(navigation(q)); v.page != pageForeign {
			t.Errorf("%s: page %d", q, v.page)
		}
	}
}

func TestTheAnswerKeepsItsOrderAndItsBrokenParts(t *testing.T) {
	got := split("b=1&a=x+y&code=%41&&bad=%zz&flag&b=2")
	want := []flows.Param{{Name: "b", Value: "1"}, {Name: "a", Value: "x y"}, {Name: "code", Value: "A", Secret: true}, {Name: "bad", Value: "%zz"}, {Name: "flag"}, {Name: "b", Value: "2"}}
	if len(got) != len(want) {
		t.Fatalf("%+v", got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%d: %+v, want %+v", i, got[i], want[i])
		}
	}
}

func FuzzCallbackRequest(f *testing.F) {
	f.Add("GET", "127.0.0.1:9501", "/callback", good, "", "", "", uint8(0))
	f.Add("POST", "127.0.0.1:9501", "/callback", "", "application/x-www-form-urlencoded", "navigate", good, uint8(1))
	f.Add("GET", "127.0.0.1:9501", "/callback", "state=wrong&state=right-state", "", "", "", uint8(2))
	f.Add("GET", "127.0.0.1:9501", "/callback", "state=%72ight-state&%63ode=%zz", "", "navigate", "", uint8(0))
	f.Add("GET", "evil\x1b]0;x\x07", "/callback/\u202e", "error=\x9b31m&state", "", "", "", uint8(0))
	f.Fuzz(func(t *testing.T, method, host, path, query, contentType, fetchMode, body string, mode uint8) {
		x := waiting([]string{"query", "form_post", "fragment"}[mode%3])
		in := incoming{Method: method, Host: host, RawPath: path, RawQuery: query, ContentType: contentType, FetchMode: fetchMode, Body: body}
		v := x.judge(in)
		if v.page == pageWelcomeBack {
			state, _ := first(in.params(), "state")
			switch {
			case state != x.state, host != x.host, path != x.path, fetchMode != "" && fetchMode != "navigate",
				method != http.MethodGet && (method != http.MethodPost || x.mode == "query"):
				t.Fatalf("welcomed %+v", in)
			case v.note != "":
				t.Fatal("a welcome answer is also a foreign one")
			}
		}
		if v.note != wire.Safe(v.note) {
			t.Fatalf("not printable: %q", v.note)
		}
		for _, c := range v.checks {
			if c.Got != wire.Safe(c.Got) || c.Status == wire.Fail {
				t.Fatalf("check %+v", c)
			}
		}
		r := in.clipped(x.address)
		if len(r.Query) > 32 || len(r.Form) > 32 {
			t.Fatal("a stranger's request is kept whole")
		}
		for _, p := range append(r.Query, r.Form...) {
			if len(p.Name) > 520 || len(p.Value) > 520 {
				t.Fatalf("a stranger's parameter is kept whole: %d bytes", len(p.Value))
			}
		}
		if utf8.ValidString(query) && utf8.ValidString(body) {
			_ = flows.Encode(in.request(x.address).Query)
		}
	})
}

func BenchmarkJudge(b *testing.B) {
	x, in := waiting("query"), navigation(good)
	for b.Loop() {
		if x.judge(in).page != pageWelcomeBack {
			b.Fatal("refused")
		}
	}
}
