package exec

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"authdance/flows/wire"
)

func packed(t *testing.T, coding string, plain []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser
	switch coding {
	case "gzip":
		w = gzip.NewWriter(&b)
	case "zlib":
		w = zlib.NewWriter(&b)
	default:
		w, _ = flate.NewWriter(&b, 9)
	}
	w.Write(plain)
	w.Close()
	return b.Bytes()
}

func serveBytes(t *testing.T, coding string, body []byte) string {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", coding)
		w.Write(body)
	}))
	t.Cleanup(srv.Close)
	return srv.URL
}

func TestCompressedAnswersAreUnpackedThoughNobodyAsked(t *testing.T) {
	for coding, header := range map[string]string{"gzip": "gzip", "zlib": "deflate", "flate": "deflate"} {
		url := serveBytes(t, header, packed(t, coding, []byte(`{"a":1}`)))
		x := received(t, newLive(t, Options{}).Perform(context.Background(), get(url)))
		if x.Response.Body != `{"a":1}` || x.Response.Get("Content-Encoding") != wire.Untrusted(header) {
			t.Errorf("%s: %+v", coding, x.Response)
		}
	}
}

func TestABodyPastTheLimitIsCutAndMarked(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, strings.Repeat("x", 100))
	}))
	defer srv.Close()
	for limit, cut := range map[int64]bool{99: true, 100: false, 101: false} {
		send := get(srv.URL)
		send.Limit = limit
		x := received(t, newLive(t, Options{}).Perform(context.Background(), send))
		if x.Response.Truncated != cut || int64(len(x.Response.Body)) != min(limit, 100) {
			t.Errorf("limit %d: %d bytes, cut %v", limit, len(x.Response.Body), x.Response.Truncated)
		}
	}
}

func TestAGzipBombIsGivenUpWithoutEatingMemory(t *testing.T) {
	bomb := packed(t, "gzip", make([]byte, 8<<20))
	url := serveBytes(t, "gzip", bomb)
	l := newLive(t, Options{})
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	b := brokeWith(t, l.Perform(context.Background(), get(url)), BodyLimit, "100 times")
	runtime.ReadMemStats(&after)
	if !b.Sent {
		t.Error("the request had gone out")
	}
	if got := after.TotalAlloc - before.TotalAlloc; got > 4<<20 {
		t.Errorf("%d MiB were allocated", got>>20)
	}
}

func TestEveryBrokenAnswerHasItsOwnCode(t *testing.T) {
	packedBody := packed(t, "gzip", bytes.Repeat([]byte("abc"), 100))
	broken := bytes.Clone(packedBody)
	broken[len(broken)-6] ^= 0xff
	for name, c := range map[string]struct {
		url, code string
		words     []string
	}{
		"garbage":             {says(t, "SSH-2.0-OpenSSH_9.6\r\n\r\n"), NotHTTP, []string{"not HTTP", "port"}},
		"tls on an http port": {says(t, "\x15\x03\x01\x00\x02\x02\x16"), NotHTTP, []string{"https://"}},
		"nothing":             {says(t, ""), ConnectionClosed, []string{"without an answer"}},
		"cut body":            {says(t, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"), BodyTruncated, []string{"middle of the answer"}},
		"cut chunk":           {says(t, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\nhalf"), BodyTruncated, nil},
		"bad chunk":           {says(t, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhalf"), NotHTTP, nil},
		"bad length":          {says(t, "HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\nhalf"), NotHTTP, nil},
		"bad header":          {says(t, "HTTP/1.1 200 OK\r\nno colon here\r\n\r\n"), NotHTTP, nil},
		"no gzip":             {serveBytes(t, "gzip", []byte("plain text")), BodyCorrupt, []string{"cannot be unpacked"}},
		"damaged gzip":        {serveBytes(t, "gzip", broken), BodyCorrupt, nil},
		"half a gzip":         {serveBytes(t, "gzip", packedBody[:len(packedBody)/2]), BodyCorrupt, []string{"too early"}},
		"damaged deflate":     {serveBytes(t, "deflate", []byte("\x05garbage garbage")), BodyCorrupt, nil},
		"brotli":              {serveBytes(t, "br", []byte("x")), UnknownEncoding, []string{"br"}},
		"hostile encoding":    {serveBytes(t, "\u202ebr", []byte("x")), UnknownEncoding, []string{"<"}},
		"big header":          {says(t, "HTTP/1.1 200 OK\r\nX: "+strings.Repeat("x", 300<<10)+"\r\n\r\n"), HeaderLimit, []string{"256 KiB"}},
		"many headers":        {says(t, "HTTP/1.1 200 OK\r\n"+strings.Repeat("X: y\r\n", 201)+"Content-Length: 0\r\n\r\n"), HeaderLimit, []string{"202"}},
		"reset": {rawServer(t, func(c net.Conn) {
			c.(*net.TCPConn).SetLinger(0)
		}), ConnectionReset, nil},
	} {
		t.Run(name, func(t *testing.T) {
			b := brokeWith(t, newLive(t, Options{}).Perform(context.Background(), get(c.url)), c.code, c.words...)
			if !b.Sent {
				t.Error("the request had gone out, so its outcome is unknown")
			}
			if b.Message.Raw() != b.Message.Safe() {
				t.Errorf("not printable: %q", b.Message.Raw())
			}
		})
	}
}

func TestAnAnswerThatIsNotJSONIsReceivedAsItIs(t *testing.T) {
	for _, body := range []string{"<html>Sign in to Wi-Fi</html>", "", "\xff\xfe{", "null"} {
		url := says(t, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: "+fmt.Sprint(len(body))+"\r\n\r\n"+body)
		if x := received(t, newLive(t, Options{}).Perform(context.Background(), get(url))); x.Response.Body.Raw() != body {
			t.Errorf("%q came as %q", body, x.Response.Body)
		}
	}
}

func TestEndlessHeadersEndByThemselves(t *testing.T) {
	url := rawServer(t, func(c net.Conn) {
		io.WriteString(c, "HTTP/1.1 200 OK\r\n")
		for i := 0; ; i++ {
			if _, err := fmt.Fprintf(c, "X-%d: %s\r\n", i, strings.Repeat("y", 1000)); err != nil {
				return
			}
		}
	})
	brokeWith(t, newLive(t, Options{}).Perform(context.Background(), get(url)), HeaderLimit)
}

// drip sends one byte every now and then until the other side is gone.
func drip(t *testing.T, every time.Duration) string {
	return rawServer(t, func(c net.Conn) {
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
		for {
			if _, err := io.WriteString(c, "x"); err != nil {
				return
			}
			time.Sleep(every)
		}
	})
}

// hang reads the request and never answers.
func hang(t *testing.T) (url string, asked <-chan struct{}) {
	ch := make(chan struct{}, 10)
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		ch <- struct{}{}
		<-r.Context().Done()
	}))
	t.Cleanup(srv.Close)
	return srv.URL, ch
}

func TestASlowDripEndsWithTheTotalTime(t *testing.T) {
	l := newLive(t, Options{Timeout: 300 * time.Millisecond})
	if b := brokeWith(t, l.Perform(context.Background(), get(drip(t, 10*time.Millisecond))), Timeout, "300ms", "--timeout"); !b.Sent {
		t.Error("the request had gone out")
	}
}

func TestABodyThatStopsEndsWithTheIdleTime(t *testing.T) {
	l := newLive(t, Options{})
	l.client.limits.idle = 100 * time.Millisecond
	brokeWith(t, l.Perform(context.Background(), get(drip(t, 300*time.Millisecond))), Timeout, "in the middle", "100ms")
}

func TestAServerThatNeverAnswersEndsWithTheHeaderTime(t *testing.T) {
	lim := standard()
	lim.header = 100 * time.Millisecond
	tr, err := newTransport(lim, Options{})
	if err != nil {
		t.Fatal(err)
	}
	l := newLive(t, Options{})
	l.client.transport, l.client.limits = tr, lim
	url, _ := hang(t)
	if b := brokeWith(t, l.Perform(context.Background(), get(url)), Timeout, "100ms to start its answer"); !b.Sent {
		t.Error("the request had gone out")
	}
}
