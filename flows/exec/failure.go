package exec

import (
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"authdance/flows"
	"authdance/flows/wire"
)

// The codes of Broke: why there was no answer. The catalog has a page for each.
const (
	DNSFailure          = "dns_failure"
	ConnectionRefused   = "connection_refused"
	ConnectionReset     = "connection_reset"
	ConnectionClosed    = "connection_closed" // closed without an answer
	NetworkUnreachable  = "network_unreachable"
	Timeout             = "timeout"
	TLSUnknownAuthority = "tls_unknown_authority"
	TLSExpired          = "tls_expired"
	TLSWrongHost        = "tls_wrong_host"
	TLSFailure          = "tls_failure"
	ProxyFailure        = "proxy_failure"
	NotHTTP             = "not_http"
	HeaderLimit         = "header_limit"
	BodyLimit           = "body_limit"       // a small answer that unpacks to a huge one
	BodyTruncated       = "body_truncated"   // the connection ended inside the body
	BodyCorrupt         = "body_corrupt"     // the compressed body cannot be unpacked
	UnknownEncoding     = "unknown_encoding" // compressed in a way that was not asked for
	EndpointRefused     = "endpoint_refused" // refused here, before anything was sent
	RequestInvalid      = "request_invalid"  // cannot be written as HTTP
	PortInUse           = "port_in_use"
	BrowserTimeout      = "browser_timeout"
	ListenTimeout       = "listen_timeout" // nobody called at our own door
	BrowserErrorPage    = "browser_error_page"
	RedirectLoop        = "redirect_loop"
	KeyMissing          = "key_missing"    // a private key is needed that nobody gave
	KeyUnfit            = "key_unfit"      // a key cannot do what is asked of it
	DecryptFailed       = "decrypt_failed" // an encrypted token is not for the key that is here
	TapeEnd             = "tape_end"
	Cancelled           = "cancelled"
	Internal            = "internal"
)

// Codes lists every code that a Broke of this package can have.
func Codes() []string {
	return []string{DNSFailure, ConnectionRefused, ConnectionReset, ConnectionClosed, NetworkUnreachable, Timeout,
		TLSUnknownAuthority, TLSExpired, TLSWrongHost, TLSFailure, ProxyFailure, NotHTTP, HeaderLimit, BodyLimit, BodyTruncated,
		BodyCorrupt, UnknownEncoding, EndpointRefused, RequestInvalid, PortInUse, BrowserTimeout, ListenTimeout, BrowserErrorPage, RedirectLoop,
		KeyMissing, KeyUnfit, DecryptFailed, TapeEnd, Cancelled, Internal}
}

// failure is a Broke that does not know its effect yet.
type failure struct {
	code, text string
	sent       bool
}

func (f *failure) Error() string { return f.text }

func refusal(format string, a ...any) *failure {
	return &failure{code: EndpointRefused, text: fmt.Sprintf(format, a...)}
}

func broke(id int, f *failure) flows.Broke {
	return flows.Broke{ID: id, Code: f.code, Message: wire.Untrusted(f.text), Sent: f.sent}
}

// Why an exchange was given up, as causes of its context.
var (
	errTotal = errors.New("total time")
	errIdle  = errors.New("idle time")
	errBomb  = errors.New("decompression ratio")
)

// explain turns the error of a round trip to u into a failure in plain words.
// ctx is the exchange's own context: its cause knows which limit was hit.
func (l limits) explain(ctx context.Context, u *url.URL, err error) *failure {
	at := wire.Safe(u.Host)
	say := func(code, format string, a ...any) *failure {
		return &failure{code: code, text: fmt.Sprintf(format, a...)}
	}
	switch cause := context.Cause(ctx); {
	case cause == errTotal:
		return say(Timeout, "%s did not finish its answer within %s. Try again; a slower server needs a larger --timeout", at, l.total)
	case cause == errIdle:
		return say(Timeout, "%s stopped in the middle of its answer and sent nothing for %s. Try again", at, l.idle)
	case cause != nil:
		return stopped(ctx)
	}
	var (
		known *failure
		dns   *net.DNSError
		op    *net.OpError
	)
	if errors.As(err, &known) {
		return &failure{code: known.code, text: known.text}
	}
	if f := explainTLS(at, err); f != nil {
		return f
	}
	switch {
	case errors.As(err, &op) && op.Op == "proxyconnect":
		return say(ProxyFailure, "the proxy on the way to %s could not be reached. Check HTTPS_PROXY and NO_PROXY, or --proxy; --proxy none goes without one", at)
	case errors.As(err, &dns) && dns.IsTimeout:
		return say(DNSFailure, "looking up the name %s took too long (DNS). Check the network; behind a VPN, connect it first", wire.Safe(dns.Name))
	case errors.As(err, &dns):
		return say(DNSFailure, "the name %s could not be found (DNS). Check its spelling and the network; behind a VPN, connect it first", wire.Safe(dns.Name))
	case isRefused(err):
		return say(ConnectionRefused, "%s refused the connection: nothing listens there. Start the server, or correct the port", at)
	case isReset(err):
		return say(ConnectionReset, "the connection to %s was cut off by the other side or by something between, such as a firewall or proxy. Try again; if it stays, look at the server's log", at)
	case isUnreachable(err):
		return say(NetworkUnreachable, "there is no way to %s from this computer. Check the network or the VPN", at)
	case isTimeout(err):
		return say(Timeout, "%s did not answer in time (%s to connect, %s to start its answer). Check that the address is right and the server is up", at, l.dial, l.header)
	}
	return l.explainHTTP(say, at, u, err)
}

// explainHTTP knows the errors that net/http has only as text.
func (l limits) explainHTTP(say func(string, string, ...any) *failure, at string, u *url.URL, err error) *failure {
	switch text := err.Error(); {
	case errors.Is(err, errBomb):
		return say(BodyLimit, "the answer of %s unpacks to more than %d times its size: that is an attack or a fault of the server, so it was given up", at, l.ratio)
	case errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum), errors.Is(err, zlib.ErrHeader), errors.Is(err, zlib.ErrChecksum), isCorrupt(err):
		return say(BodyCorrupt, "the answer of %s says that it is compressed, but it cannot be unpacked. Look at the server, or at a proxy that changes answers", at)
	case strings.Contains(text, "server response headers exceeded"):
		return say(HeaderLimit, "%s sent more than %d KiB of headers; it was given up. No honest server does that", at, l.headerBytes>>10)
	case strings.Contains(text, `malformed HTTP response "\x15\x03`), strings.Contains(text, `malformed HTTP response "\x16\x03`):
		return say(NotHTTP, "%s speaks TLS, and was asked in plain http. Write https:// in the address", at)
	case strings.Contains(text, "malformed"), strings.Contains(text, "invalid header"), strings.Contains(text, "unsupported transfer encoding"),
		strings.Contains(text, "bad Content-Length"), strings.Contains(text, "chunk"), strings.Contains(text, "too many 1xx"):
		return say(NotHTTP, "what %s answered is not HTTP. Check the port: another kind of server may listen there", at)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return say(BodyTruncated, "the connection to %s ended in the middle of the answer. Try again; if it stays, look at the server's log or at a proxy between", at)
	case errors.Is(err, io.EOF), strings.Contains(text, "server closed idle connection"):
		return say(ConnectionClosed, "%s closed the connection without an answer. Look at the server's log", at)
	}
	return say(ConnectionReset, "the exchange with %s failed: %s", at, wire.Safe(withoutUserinfo(err.Error())))
}

func explainTLS(at string, err error) *failure {
	var (
		authority x509.UnknownAuthorityError
		wrong     x509.HostnameError
		invalid   x509.CertificateInvalidError
		record    tls.RecordHeaderError
		alert     tls.AlertError
		unchecked *tls.CertificateVerificationError
	)
	say := func(code, format string, a ...any) *failure {
		return &failure{code: code, text: fmt.Sprintf(format, a...)}
	}
	switch {
	case errors.As(err, &authority):
		signer := "an authority"
		switch c := authority.Cert; {
		case c == nil:
		case c.Subject.String() == c.Issuer.String():
			signer = "itself (" + wire.Safe(c.Subject.String()) + ")"
		default:
			signer = wire.Safe(c.Issuer.String())
		}
		return say(TLSUnknownAuthority, "the certificate of %s is signed by %s, which this computer does not trust. If you trust it, give its certificate with --ca-file", at, signer)
	case errors.As(err, &wrong):
		names := []string{}
		if wrong.Certificate != nil {
			names = wrong.Certificate.DNSNames[:min(len(wrong.Certificate.DNSNames), 5)]
		}
		return say(TLSWrongHost, "the certificate of %s is for another name (%s). Use the name in the certificate, or look at who answers at this address", at, wire.Safe(strings.Join(names, ", ")))
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		if c := invalid.Cert; c != nil {
			return say(TLSExpired, "the certificate of %s is valid from %s to %s, and now is outside of that. Renew it on the server, or correct this computer's clock",
				at, c.NotBefore.UTC().Format(time.DateOnly), c.NotAfter.UTC().Format(time.DateOnly))
		}
		return say(TLSExpired, "the certificate of %s is not valid today. Renew it on the server, or correct this computer's clock", at)
	case errors.Is(err, http.ErrSchemeMismatch), errors.As(err, &record):
		return say(TLSFailure, "%s does not speak TLS on this port. Check the port; a server that only speaks http needs http:// in the address", at)
	case errors.As(err, &alert):
		return say(TLSFailure, "%s ended the TLS handshake (%s). authdance speaks TLS 1.2 and 1.3; older servers must be updated", at, wire.Safe(alert.Error()))
	case errors.As(err, &invalid), errors.As(err, &unchecked):
		return say(TLSFailure, "the certificate of %s cannot be used: %s", at, wire.Safe(err.Error()))
	case strings.Contains(err.Error(), "tls: "):
		return say(TLSFailure, "the TLS handshake with %s failed: %s. authdance speaks TLS 1.2 and 1.3", at, wire.Safe(err.Error()))
	}
	return nil
}

func isAny(err error, list ...error) bool {
	for _, want := range list {
		if errors.Is(err, want) {
			return true
		}
	}
	return false
}

func isTimeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout()
}

func isCorrupt(err error) bool {
	var c flate.CorruptInputError
	return errors.As(err, &c)
}

// withoutUserinfo cuts what stands between "//" and "@": the password of a
// proxy must not reach an error text.
func withoutUserinfo(s string) string {
	for from := 0; ; {
		i := strings.Index(s[from:], "//")
		if i < 0 {
			return s
		}
		from += i + 2
		end := strings.IndexAny(s[from:], "/ \"'?#")
		if end < 0 {
			end = len(s) - from
		}
		if at := strings.LastIndexByte(s[from:from+end], '@'); at >= 0 {
			s = s[:from] + s[from+at+1:]
		}
	}
}
