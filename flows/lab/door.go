package lab

import (
	"fmt"
	"mime"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

const bodyLimit = 64 << 10

// guard is the outermost handler of each origin: it refuses requests that
// were meant for another host (DNS rebinding), bounds the body, sets the date
// of the lab's own clock and keeps a bug from taking the process down.
func (l *Lab) guard(at site, next http.Handler) http.Handler {
	_, port, _ := net.SplitHostPort(at.addr)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !l.gate.enter() {
			http.Error(w, "authdance lab: this lab is closed.", http.StatusServiceUnavailable)
			return
		}
		defer l.gate.inside.Done()
		defer survive(w)
		w.Header().Set("Date", l.now().UTC().Format(http.TimeFormat))
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set(RequestHeader, strconv.FormatUint(l.sights.next(), 10))
		if r.Host != at.addr && (r.Host != "localhost:"+port || changesState(r)) {
			l.turnAway(w, r, textReply(http.StatusMisdirectedRequest, fmt.Sprintf("authdance lab: this request names another host. The lab answers to %s only.\n", at.origin())))
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, bodyLimit)
		next.ServeHTTP(w, r)
	})
}

// turnAway answers a request that belongs to no tenant.
func (l *Lab) turnAway(w http.ResponseWriter, r *http.Request, out reply) {
	x := &exchange{lab: l, path: r.URL.Path}
	x.answer(w, r, out)
}

func changesState(r *http.Request) bool {
	return r.Method != http.MethodGet && r.Method != http.MethodHead
}

// survive answers a bug with 500. An aborted answer is meant (see faults) and
// goes on to whoever serves the connection.
func survive(w http.ResponseWriter) {
	switch v := recover(); v {
	case nil:
	case http.ErrAbortHandler:
		panic(v)
	default:
		http.Error(w, "authdance lab: internal error. This is a bug of the lab, please report it.", http.StatusInternalServerError)
	}
}

// readForm reads the parameters of the request and checks what RFC 6749 §3.1
// and §3.2 ask of them everywhere: a form, and every parameter once.
func (x *exchange) readForm(r *http.Request) problem {
	if r.Method != http.MethodPost {
		query, err := url.ParseQuery(r.URL.RawQuery)
		if err != nil {
			return formMalformed
		}
		x.form = query
		x.pass(checkForm)
		return x.once()
	}
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if r.Header.Get("Content-Type") == "" && r.ContentLength == 0 {
		media, err = "application/x-www-form-urlencoded", nil
	}
	switch {
	case err == nil && strings.HasSuffix(media, "json"):
		return formJSON
	case err != nil || media != "application/x-www-form-urlencoded":
		return formType
	}
	if err := r.ParseForm(); err != nil {
		return formMalformed
	}
	x.form = r.PostForm
	x.pass(checkForm)
	return x.once()
}

func (x *exchange) once() problem {
	for name, values := range x.form {
		// RFC 8707 §2 allows several resource parameters, RFC 8693 several audiences.
		if len(values) > 1 && name != "resource" && name != "audience" {
			return formTwice
		}
	}
	x.pass(checkOnce)
	return ""
}

// sensitive parameters must never stand in a URL, where they are logged.
var sensitive = [...]string{"grant_type", "code", "code_verifier", "client_secret", "refresh_token", "token", "password", "client_assertion", "auth_req_id", "client_notification_token"}

func inQuery(r *http.Request) bool {
	query := r.URL.Query()
	return slices.ContainsFunc(sensitive[:], query.Has)
}

// fromThisOrigin refuses forms that another web page posts at the lab. A
// program that is no browser sends none of these headers.
func (x *exchange) fromThisOrigin(r *http.Request) bool {
	if origin := r.Header.Get("Origin"); origin != "" && origin != x.lab.origin() {
		return false
	}
	site := r.Header.Get("Sec-Fetch-Site")
	return site == "" || site == "same-origin" || site == "none"
}
