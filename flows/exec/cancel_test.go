package exec

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"authdance/flows"
	"authdance/flows/wire"
)

// silentServer is a server that takes requests and answers none; begun says that one is there.
func silentServer(t *testing.T) (address string, begun <-chan struct{}) {
	t.Helper()
	came := make(chan struct{}, 1)
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // only then is it noticed that the client has gone
		came <- struct{}{}
		<-r.Context().Done()
	}))
	t.Cleanup(srv.Close)
	return srv.URL, came
}

// Every effect that waits for the world gives up when the person does, and the
// run that it belonged to can be asked for the same step again.
func TestEveryWaitEndsWhenThePersonStops(t *testing.T) {
	address, begun := silentServer(t)
	soon := make(chan struct{})
	close(soon)
	for name, c := range map[string]struct {
		effect flows.Effect
		begun  <-chan struct{}
	}{
		"a request":              {flows.Send{ID: 1, Request: flows.Request{Method: "GET", URL: wire.Untrusted(address)}}, begun},
		"a browser":              {flows.Browse{ID: 1, Request: flows.Request{Method: "GET", URL: "https://as.test/authorize"}, RedirectURI: wire.Untrusted(freeAddress(t) + "/callback"), State: "s"}, soon},
		"a call of the server":   {flows.Listen{ID: 1, URL: wire.Untrusted(freeAddress(t) + "/told"), Method: "POST"}, soon},
		"time between two polls": {flows.Wait{ID: 1, For: time.Hour}, soon},
	} {
		t.Run(name, func(t *testing.T) {
			live, err := NewLive(Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer live.Close()
			ctx, cancel := context.WithCancel(context.Background())
			go func() { <-c.begun; cancel() }()
			if b, ok := live.Perform(ctx, c.effect).(flows.Broke); !ok || b.Code != Cancelled || b.ID != 1 {
				t.Errorf("got %+v", b)
			}
		})
	}
}

func TestAStoppedRunGoesOnFromWhereItWas(t *testing.T) {
	address, begun := silentServer(t)
	live, err := NewLive(Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer live.Close()
	hung := serviceRun(t, address)
	ctx, cancel := context.WithCancel(context.Background())
	go func() { <-begun; cancel() }()
	log := Run(ctx, hung, time.Now, live, nil)
	s, open := log.At(len(log.Entries))
	if s.Status != flows.Stopped || s.Problem.Code != "cancelled" || len(open) != 0 {
		t.Fatalf("%s %+v, %d effects open", s.Status, s.Problem, len(open))
	}
	answers := performer(func(_ context.Context, e flows.Effect) flows.Event {
		return flows.Received{ID: e.EffectID(), Exchange: flows.Exchange{Response: flows.Response{Status: 200, Body: `{"access_token":"at","token_type":"Bearer","expires_in":60}`}}}
	})
	log = Run(context.Background(), log.Append(time.Now(), flows.Advanced{To: s.Problem.Step}), time.Now, answers, nil)
	if s, _ = log.At(len(log.Entries)); s.Status != flows.Done || s.Vars["access_token"] != "at" {
		t.Errorf("%s %+v", s.Status, s.Problem)
	}
}
