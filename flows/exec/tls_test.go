package exec

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// authority signs certificates for tests.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Corp Root CA"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return authority{cert, key}
}

// file writes the authority's certificate as --ca-file takes it.
func (a authority) file(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// serve starts a TLS server whose certificate the authority signed.
func (a authority) serve(t *testing.T, change func(*x509.Certificate, *tls.Config)) string {
	t.Helper()
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "idp"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	conf := &tls.Config{}
	if change != nil {
		change(tmpl, conf)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, a.cert, key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	conf.Certificates = []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.Proto) }))
	srv.TLS, srv.Config.ErrorLog = conf, log.New(io.Discard, "", 0)
	srv.StartTLS()
	t.Cleanup(srv.Close)
	return srv.URL
}

func TestEachTroubleWithTLSIsNamed(t *testing.T) {
	ca := newAuthority(t)
	trusting := Options{CAFile: ca.file(t)}
	plain := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer plain.Close()
	selfSigned := httptest.NewUnstartedServer(nil)
	selfSigned.Config.ErrorLog = log.New(io.Discard, "", 0)
	selfSigned.StartTLS()
	defer selfSigned.Close()
	for name, c := range map[string]struct {
		url   string
		o     Options
		code  string
		words []string
	}{
		"unknown authority": {ca.serve(t, nil), Options{}, TLSUnknownAuthority, []string{"Corp Root CA", "--ca-file"}},
		"self-signed":       {selfSigned.URL, Options{}, TLSUnknownAuthority, []string{"signed by itself"}},
		"expired": {ca.serve(t, func(c *x509.Certificate, _ *tls.Config) { c.NotAfter = time.Now().Add(-time.Minute) }),
			trusting, TLSExpired, []string{"valid from", "clock"}},
		"not yet valid": {ca.serve(t, func(c *x509.Certificate, _ *tls.Config) { c.NotBefore = time.Now().Add(time.Minute) }),
			trusting, TLSExpired, nil},
		"wrong host": {ca.serve(t, func(c *x509.Certificate, _ *tls.Config) { c.IPAddresses, c.DNSNames = nil, []string{"other.test"} }),
			trusting, TLSWrongHost, []string{"other.test"}},
		"TLS 1.1": {ca.serve(t, func(_ *x509.Certificate, c *tls.Config) {
			c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
		}), trusting, TLSFailure, []string{"TLS 1.2"}},
		"plain http": {strings.Replace(plain.URL, "http:", "https:", 1), trusting, TLSFailure, []string{"does not speak TLS"}},
	} {
		t.Run(name, func(t *testing.T) {
			b := brokeWith(t, newLive(t, c.o).Perform(context.Background(), get(c.url)), c.code, append(c.words, strings.TrimPrefix(c.url, "https://"))...)
			if b.Sent {
				t.Error("nothing was sent before the handshake was over")
			}
		})
	}
}

func TestACAFileIsTrustedAndTheConnectionDescribed(t *testing.T) {
	ca := newAuthority(t)
	x := received(t, newLive(t, Options{CAFile: ca.file(t)}).Perform(context.Background(), get(ca.serve(t, nil))))
	if x.TLS == nil || x.TLS.Version != "TLS 1.3" || x.TLS.Subject != "CN=idp" || x.TLS.Issuer != "CN=Corp Root CA" || x.TLS.Skipped || x.Timing.TLS <= 0 {
		t.Errorf("TLS %+v, timing %+v", x.TLS, x.Timing)
	}
	if x.Response.Body != "HTTP/1.1" {
		t.Errorf("spoke %s", x.Response.Body)
	}
}

func TestASkippedCertificateCheckIsMarkedOnEveryExchange(t *testing.T) {
	x := received(t, newLive(t, Options{Insecure: true}).Perform(context.Background(), get(newAuthority(t).serve(t, nil))))
	if x.TLS == nil || !x.TLS.Skipped {
		t.Errorf("TLS %+v", x.TLS)
	}
}

func TestOptionsThatCannotBeUsedAreNamed(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		o    Options
		word string
	}{
		{Options{CAFile: empty}, "BEGIN CERTIFICATE"},
		{Options{CAFile: empty + ".missing"}, "path of a PEM file"},
		{Options{Proxy: "3128"}, "http://host:port"},
	} {
		if _, err := NewLive(c.o); err == nil || !strings.Contains(err.Error(), c.word) {
			t.Errorf("%+v: %v", c.o, err)
		}
	}
}
