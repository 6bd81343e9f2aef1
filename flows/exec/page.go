package exec

import (
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"strings"
)

// page is what a browser sees at the callback port. Pages are constant: no word
// of a request ever gets into one.
type page int

const (
	pageNotFound page = iota
	pageWelcomeBack
	pageDone
	pageAlreadyDone
	pageForeign
	pageEmpty
	pageFragment
	pageWrongHost
	pageWrongMethod
	pageTooLarge
)

// words are status, heading and text of a page.
func (p page) words() (status int, title, text string) {
	switch p {
	case pageDone:
		return http.StatusOK, "Back at authdance", "You can close this tab. The run goes on in the terminal."
	case pageAlreadyDone:
		return http.StatusOK, "Already received", "authdance has this answer. You can close this tab."
	case pageForeign:
		return http.StatusBadRequest, "Not for this run", "This answer does not belong to the run that waits in the terminal. Nothing was changed."
	case pageEmpty:
		return http.StatusBadRequest, "No answer in this address", "The server sent the browser back without a readable answer. The terminal says more. You can copy the whole address of this page and paste it there."
	case pageFragment:
		return http.StatusOK, "One moment", "The answer stands behind the # of the address, and only a script can read it there. If this page stays, copy its whole address and paste it into authdance."
	case pageWrongHost:
		return http.StatusMisdirectedRequest, "Wrong address", "authdance does not answer under this name."
	case pageWrongMethod:
		return http.StatusMethodNotAllowed, "Not this way", "authdance does not take an answer that is sent like this."
	case pageTooLarge:
		return http.StatusRequestEntityTooLarge, "Too large", "This is larger than any answer of an authorization server."
	}
	return http.StatusNotFound, "Nothing here", "authdance only waits for the answer of a sign-in."
}

// post hands the fragment to the same path as a form, so that it can be read
// like any other answer, and takes it out of the address bar. The form is sent
// even when it is empty: the run must hear about that.
const post = `const f=document.forms[0];
for(const[n,v]of new URLSearchParams(location.hash.slice(1))){const i=document.createElement("input");i.type="hidden";i.name=n;i.value=v;f.append(i)}
history.replaceState(null,"",location.pathname);f.submit()`

// answer writes the page, and returns its status. After the awaited answer the
// browser is sent to a clean address: the code leaves history and address bar.
func (l *listener) answer(w http.ResponseWriter, v verdict) int {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Content-Type", "text/html; charset=utf-8")
	nonce := nonce()
	policy := "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; style-src 'nonce-" + nonce + "'"
	if v.page == pageFragment {
		policy += "; script-src 'nonce-" + nonce + "'; form-action 'self'"
	} else {
		policy += "; form-action 'none'"
	}
	h.Set("Content-Security-Policy", policy)
	if v.page == pageWelcomeBack {
		h.Set("Location", l.want.done)
		w.WriteHeader(http.StatusSeeOther)
		return http.StatusSeeOther
	}
	status, title, text := v.page.words()
	if v.page == pageWrongMethod {
		h.Set("Allow", l.want.allow())
	}
	w.WriteHeader(status)
	var b strings.Builder
	b.WriteString(`<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>` + title + ` · authdance</title>` +
		`<style nonce="` + nonce + `">body{font:1.1rem/1.5 system-ui,sans-serif;max-width:36rem;margin:15vh auto;padding:0 1rem;color-scheme:light dark}</style>` +
		`<h1>` + title + `</h1><p>` + text + `</p>`)
	if v.page == pageFragment {
		b.WriteString(`<form method="post"></form><script nonce="` + nonce + `">` + post + `</script>`)
	}
	_, _ = w.Write([]byte(b.String())) // the browser may be gone
	return status
}

func nonce() string {
	var b [18]byte
	rand.Read(b[:]) // never fails: crypto/rand ends the program instead
	return base64.StdEncoding.EncodeToString(b[:])
}
