package lab

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"syscall"
)

// Transport serves requests for the lab's own two origins inside this
// process, with or without ports. A request for any other host is an error,
// so a client that uses nothing else cannot leave the machine.
func (l *Lab) Transport() http.RoundTripper { return transport{l} }

type transport struct{ lab *Lab }

// RoundTrip runs the handler in the caller's goroutine. Like a real server it
// sees a copy of the request.
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		defer r.Body.Close()
	}
	s, ok := t.lab.isOwn(r.URL)
	if !ok {
		return nil, fmt.Errorf("lab: %s is not the lab; in here only %s and %s can be reached", r.URL.Host, t.lab.origin(), t.lab.API())
	}
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	in := r.Clone(r.Context())
	if in.Header == nil {
		in.Header = http.Header{}
	}
	in.RequestURI = r.URL.RequestURI()
	in.URL.Scheme, in.URL.Host, in.URL.Fragment = "", "", ""
	in.RemoteAddr = "127.0.0.1:0"
	if in.Host == "" {
		in.Host = r.URL.Host
	}
	if in.Body == nil {
		in.Body = http.NoBody
	}
	answer := &captured{header: http.Header{}}
	aborted := serveHere(s.handler, answer, in)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	if answer.status == 0 {
		if aborted {
			return nil, fmt.Errorf("lab: the connection was closed before an answer: %w", io.ErrUnexpectedEOF)
		}
		answer.status = http.StatusOK
	}
	body := io.Reader(bytes.NewReader(answer.body.Bytes()))
	length := int64(answer.body.Len())
	if aborted {
		body, length = io.MultiReader(body, broken{answer.reset}), -1
	}
	return &http.Response{
		Status: fmt.Sprintf("%d %s", answer.status, http.StatusText(answer.status)), StatusCode: answer.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: answer.header, Body: io.NopCloser(body), ContentLength: length, Request: r,
	}, nil
}

// serveHere tells whether the handler cut the answer off, as net/http's server
// would do.
func serveHere(h http.Handler, w http.ResponseWriter, r *http.Request) (aborted bool) {
	defer func() {
		if v := recover(); v != nil {
			if v != http.ErrAbortHandler {
				panic(v)
			}
			aborted = true
		}
	}()
	h.ServeHTTP(w, r)
	return false
}

// broken is the rest of a body after the connection was reset or closed.
type broken struct{ reset bool }

func (b broken) Read([]byte) (int, error) {
	if b.reset {
		return 0, &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
	}
	return 0, io.ErrUnexpectedEOF
}
