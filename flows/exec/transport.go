package exec

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"

	"golang.org/x/net/http/httpproxy"

	"authdance/flows/wire"
)

// newTransport is net/http with everything off that people could not see: no
// compression of its own, no second protocol, and a fresh connection for every
// exchange, because net/http repeats requests only on used ones.
func newTransport(l limits, o Options) (*http.Transport, error) {
	proxy, err := proxyFor(o.Proxy)
	if err != nil {
		return nil, err
	}
	roots, err := authorities(o.CAFile, o.CA)
	if err != nil {
		return nil, err
	}
	return &http.Transport{
		Proxy:                  proxy,
		ProxyConnectHeader:     http.Header{"User-Agent": {""}},
		OnProxyConnectResponse: proxyAnswered,
		DialContext:            dialer{net.Dialer{Timeout: l.dial}}.dial,
		TLSHandshakeTimeout:    l.tls,
		ResponseHeaderTimeout:  l.header,
		MaxResponseHeaderBytes: l.headerBytes,
		DisableCompression:     true,
		MaxIdleConnsPerHost:    -1,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots, InsecureSkipVerify: o.Insecure, Time: o.Now},
	}, nil
}

// dialer makes sure that localhost, the one name that may be asked without TLS,
// is this computer whatever a name server says.
type dialer struct{ net.Dialer }

func (d dialer) dial(ctx context.Context, network, address string) (net.Conn, error) {
	c, err := d.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return sameComputer(c, address)
}

func sameComputer(c net.Conn, address string) (net.Conn, error) {
	host, _, _ := net.SplitHostPort(address)
	if at, ok := c.RemoteAddr().(*net.TCPAddr); ok && loopback(host) && !at.IP.IsLoopback() {
		c.Close()
		return nil, refusal("the name %s leads to another computer (%s) here; nothing was sent. Look at the hosts file and the name server", wire.Safe(host), at.IP)
	}
	return c, nil
}

// authorities are the system's, and those of the file and the text. nil means
// the system's.
func authorities(file string, text []byte) (*x509.CertPool, error) {
	pem := text
	if file != "" {
		read, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("CA file: %w; give the path of a PEM file", err)
		}
		pem = slices.Concat(read, []byte("\n"), text)
	}
	if len(pem) == 0 && file == "" {
		return nil, nil
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("CA file %s has no certificate in PEM form; it must begin with -----BEGIN CERTIFICATE-----", wire.Safe(file))
	}
	return pool, nil
}

// proxyFor reads the setting once. Loopback addresses never go to a proxy.
func proxyFor(setting string) (func(*http.Request) (*url.URL, error), error) {
	conf := httpproxy.FromEnvironment()
	switch setting {
	case "":
	case "none":
		return nil, nil
	default:
		u, err := url.Parse(setting)
		if err != nil || u.Host == "" {
			return nil, fmt.Errorf("the proxy must be given as http://host:port, or none for no proxy")
		}
		conf.HTTPProxy, conf.HTTPSProxy, conf.CGI = setting, setting, false
	}
	choose := conf.ProxyFunc()
	return func(r *http.Request) (*url.URL, error) {
		if loopback(r.URL.Hostname()) {
			return nil, nil
		}
		u, err := choose(r.URL)
		if err != nil {
			return nil, &failure{code: ProxyFailure, text: "the proxy setting cannot be read. Check HTTPS_PROXY and NO_PROXY, or --proxy; --proxy none goes without one"}
		}
		return u, nil
	}, nil
}

func proxyAnswered(_ context.Context, proxy *url.URL, _ *http.Request, res *http.Response) error {
	switch res.StatusCode {
	case http.StatusOK:
		return nil
	case http.StatusProxyAuthRequired:
		return &failure{code: ProxyFailure, text: "the proxy " + wire.Safe(proxy.Host) + " wants a user name and password. Put them into HTTPS_PROXY, or ask who runs the proxy"}
	}
	return &failure{code: ProxyFailure, text: fmt.Sprintf("the proxy %s refused to connect (HTTP %d). Ask who runs the proxy, or go without it: --proxy none", wire.Safe(proxy.Host), res.StatusCode)}
}
