package exec

import (
	"context"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"authdance/flows"
	"authdance/flows/wire"
)

func ownDoor(t *testing.T) flows.Listen {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	free.Close()
	return flows.Listen{ID: 5, Method: "POST", URL: wire.Untrusted("http://" + free.Addr().String() + "/notify"), Reply: flows.Response{Status: 204}}
}

func knock(t *testing.T, method, at, kind, body string) *http.Response {
	t.Helper()
	req, err := http.NewRequest(method, at, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", kind)
	req.Header.Set("Authorization", "Bearer notify-me-token")
	for range 200 { // until the door is open
		if res, err := http.DefaultClient.Do(req); err == nil {
			res.Body.Close()
			return res
		}
		time.Sleep(5 * time.Millisecond)
		req.Body, _ = req.GetBody()
	}
	t.Fatal("the door never opened")
	return nil
}

func TestWhoCallsAtOurDoorIsAnsweredAndHandedOver(t *testing.T) {
	l := withKeys(t, nil)
	e := ownDoor(t)
	status := make(chan int, 4)
	go func() {
		status <- knock(t, "POST", e.URL.Raw()+"/elsewhere", "text/plain", "").StatusCode
		status <- knock(t, "GET", e.URL.Raw(), "text/plain", "").StatusCode
		status <- knock(t, "POST", e.URL.Raw(), "application/json", `{"auth_req_id":"1"}`).StatusCode
	}()
	a, ok := l.Perform(context.Background(), e).(flows.Arrived)
	if auth, _ := a.Request.Find("Authorization"); !ok || a.ID != 5 || a.Request.Body != `{"auth_req_id":"1"}` || auth.Value != "Bearer notify-me-token" || !auth.Secret {
		t.Fatalf("arrived %+v", a)
	}
	for _, want := range []int{404, 405, 204} {
		if got := <-status; got != want {
			t.Errorf("status %d, want %d", got, want)
		}
	}
	// The step goes on waiting: the same door, a form this time.
	go func() {
		status <- knock(t, "POST", e.URL.Raw()+"?q=1", "application/x-www-form-urlencoded", "logout_token=x").StatusCode
	}()
	e.Resume = true
	a, _ = l.Perform(context.Background(), e).(flows.Arrived)
	if p, _ := a.Request.Find("logout_token"); p.Value != "x" || !p.Secret || len(a.Request.Query) != 1 || <-status != 204 {
		t.Errorf("arrived %+v", a.Request)
	}
}

func TestADoorThatNobodyUsesClosesInTime(t *testing.T) {
	l := withKeys(t, nil)
	e := ownDoor(t)
	e.For = time.Millisecond
	mustBreak(t, l, e, ListenTimeout, "nobody called http://127.0.0.1:")
	for _, address := range []string{"https://as.test/notify", "http://as.test:80/notify", "http://127.0.0.1/notify", "%"} {
		mustBreak(t, l, flows.Listen{ID: 1, Method: "POST", URL: wire.Untrusted(address)}, EndpointRefused, "only listens on this computer")
	}
}
