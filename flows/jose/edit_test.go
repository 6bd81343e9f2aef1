package jose

import "testing"

func TestAChangeSetsOrDropsOneMember(t *testing.T) {
	start := Draft{`{"alg":"ES256"}`, `{"sub":"alice","exp":1}`}
	for change, want := range map[string]Draft{
		"claims:exp=2":            {`{"alg":"ES256"}`, `{"sub":"alice","exp":2}`},
		"exp=soon":                {`{"alg":"ES256"}`, `{"sub":"alice","exp":"soon"}`},
		`aud=["a","b"]`:           {`{"alg":"ES256"}`, `{"sub":"alice","exp":1,"aud":["a","b"]}`},
		"claims:-sub":             {`{"alg":"ES256"}`, `{"exp":1}`},
		"header:kid=../a=b":       {`{"alg":"ES256","kid":"../a=b"}`, `{"sub":"alice","exp":1}`},
		"https://example.test/r=": {`{"alg":"ES256"}`, `{"sub":"alice","exp":1,"https://example.test/r":""}`},
	} {
		got, err := start.Edit(change)
		if err != nil || compactJSON(got.Header) != want.Header || compactJSON(got.Claims) != want.Claims {
			t.Errorf("%s: %s %s, %v", change, compactJSON(got.Header), compactJSON(got.Claims), err)
		}
	}
	for _, bad := range []string{"", "exp", "=1", "-", "header:"} {
		if _, err := start.Edit(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
	if _, err := (Draft{"[]", "{}"}).Edit("header:a=1"); err == nil {
		t.Error("a header that is no object was changed")
	}
}
