package exec

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"testing"

	"authdance/flows"
)

func TestAFloodOfForeignRequestsIsCountedAndNotKept(t *testing.T) {
	x := goOut(t, "http://127.0.0.1:0/callback", "", Options{})
	events := x.collect()
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			for j := range 60 {
				x.visit("GET", fmt.Sprintf("%s?state=forged%d-%d&x=%s", x.uri(), i, j, strings.Repeat("y", 10000)), "")
			}
		})
	}
	all.Wait()
	x.visit("GET", x.uri()+"?code=c&state="+state, "")
	got := <-events
	if _, ok := got[len(got)-1].(flows.Redirected); !ok || len(got) != 101 {
		t.Fatalf("%d facts came, the last is %T", len(got), got[len(got)-1])
	}
	for _, ev := range got[:100] {
		if o := ev.(flows.Observed); len(o.Exchange.Request.Query[1].Value) > 600 {
			t.Fatal("a stranger's request is kept whole")
		}
	}
	if o := got[99].(flows.Observed); !strings.Contains(o.Note, "only counted") {
		t.Error(o.Note)
	}
}

func TestHalfOpenConnectionsAndEndlessRequestsDoNotStopTheRealAnswer(t *testing.T) {
	x := goOut(t, "http://127.0.0.1:0/callback", "form_post", Options{})
	events := x.collect()
	u, _ := url.Parse(x.uri())
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var conns []net.Conn
	dial := func(say string) net.Conn {
		c, err := net.Dial("tcp", u.Host)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(c, say)
		conns = append(conns, c)
		return c
	}
	defer func() {
		for _, c := range conns {
			c.Close()
		}
	}()
	for i := range 200 {
		dial([]string{"", "GET /callback?x=", "POST /callback HTTP/1.1\r\nHost: " + u.Host + "\r\nContent-Length: 20000000\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\nstate="}[i%3])
	}
	var floods sync.WaitGroup
	for range 3 {
		endless := dial("GET /callback HTTP/1.1\r\nHost: " + u.Host + "\r\n")
		huge := dial("POST /callback HTTP/1.1\r\nHost: " + u.Host + "\r\nContent-Length: 20000000\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\n")
		for _, c := range []net.Conn{endless, huge} {
			floods.Go(func() {
				for range 2000 { // 20 MB, unless it is cut off before
					if _, err := fmt.Fprintf(c, "X: %s\r\n", strings.Repeat("y", 10000)); err != nil {
						return
					}
				}
			})
		}
	}
	floods.Wait()
	res := x.visit("POST", x.uri(), "code=c&state="+state, "Content-Type", "application/x-www-form-urlencoded")
	if res.StatusCode != http.StatusSeeOther {
		t.Errorf("the real answer got %d", res.StatusCode)
	}
	got := <-events
	if _, ok := got[len(got)-1].(flows.Redirected); !ok {
		t.Errorf("%+v", got[len(got)-1])
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 20<<20 {
		t.Errorf("the heap grew by %d MiB", grown>>20)
	}
}
