package exec_test

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"io"
	"log/slog"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// The server of these tests was written by none of us: it is zitadel's OpenID
// provider with its example storage and login page. Our client and our lab
// could share a mistake; these two cannot.

const (
	foreignUser, foreignPassword, foreignSecret = "test-user2", "verysecure", "s3cret: +/%&=ü"

	scope = "openid profile email offline_access"
)

// foreignOP serves zitadel's provider on loopback. Clients: native is public,
// web has a secret and comes back to webRedirect only.
type foreignOP struct {
	issuer, webRedirect string
	store               signingStorage
}

type opOptions struct {
	slash  bool // the issuer ends with a slash
	server bool // the library's newer server interface
	key    crypto.Signer
	alg    jose.SignatureAlgorithm
}

func startForeignOP(t *testing.T, o opOptions) foreignOP {
	t.Helper()
	f := foreignOP{webRedirect: fmt.Sprintf("http://127.0.0.1:%d/auth/callback", freePort(t))}
	storage.RegisterClients(storage.NativeClient("native", "http://127.0.0.1/callback", "http://localhost/callback"), storage.WebClient("web", foreignSecret, f.webRedirect), storage.DeviceClient("tv", foreignSecret))
	srv := httptest.NewUnstartedServer(nil)
	f.issuer = "http://" + srv.Listener.Addr().String()
	if o.slash {
		f.issuer += "/"
	}
	store := signingStorage{storage.NewStorage(storage.NewUserStore(f.issuer)), o.key, o.alg}
	srv.Config.Handler = exampleop.SetupServer(f.issuer, store, slog.New(slog.DiscardHandler), o.server, op.WithLogger(slog.New(slog.DiscardHandler)))
	f.store = store
	srv.Start()
	t.Cleanup(srv.Close)
	return f
}

// freePort is outside of the range that systems hand out by themselves, so that
// nobody gets it between here and the listener.
func freePort(t *testing.T) int {
	t.Helper()
	for range 50 {
		port := 20000 + mathrand.IntN(10000)
		if l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			l.Close()
			return port
		}
	}
	t.Fatal("no port is free")
	return 0
}

// signingStorage is the example storage with another signing key.
type signingStorage struct {
	*storage.Storage
	key crypto.Signer // nil: the storage's own, RS256
	alg jose.SignatureAlgorithm
}

func (s signingStorage) SigningKey(ctx context.Context) (op.SigningKey, error) {
	if s.key == nil {
		return s.Storage.SigningKey(ctx)
	}
	return signingKey{s.key, s.alg}, nil
}

func (s signingStorage) SignatureAlgorithms(ctx context.Context) ([]jose.SignatureAlgorithm, error) {
	if s.key == nil {
		return s.Storage.SignatureAlgorithms(ctx)
	}
	return []jose.SignatureAlgorithm{s.alg}, nil
}

func (s signingStorage) KeySet(ctx context.Context) ([]op.Key, error) {
	if s.key == nil {
		return s.Storage.KeySet(ctx)
	}
	return []op.Key{publicKey{signingKey{s.key, s.alg}}}, nil
}

type signingKey struct {
	key crypto.Signer
	alg jose.SignatureAlgorithm
}

func (k signingKey) ID() string                                  { return "the key" }
func (k signingKey) Key() any                                    { return k.key }
func (k signingKey) SignatureAlgorithm() jose.SignatureAlgorithm { return k.alg }

type publicKey struct{ signingKey }

func (k publicKey) Key() any                           { return k.key.Public() }
func (k publicKey) Use() string                        { return "sig" }
func (k publicKey) Algorithm() jose.SignatureAlgorithm { return k.alg }

// person is a browser with a cookie jar and somebody before it, who signs in at
// zitadel's page and whom redirects bring back to the listener.
type person struct {
	client *http.Client
	came   chan error // what became of the visit
}

func newPerson(t *testing.T) person {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return person{&http.Client{Jar: jar, Transport: &http.Transport{DisableKeepAlives: true}}, make(chan error, 1)}
}

func (p person) Open(_ context.Context, address string) error {
	go func() { p.came <- p.visit(address) }()
	return nil
}

var (
	formAction = regexp.MustCompile(`<form[^>]* action="([^"]+)"`)
	hiddenID   = regexp.MustCompile(`name="id" value="([^"]+)"`)
)

func (p person) visit(address string) error {
	at, body, err := p.read(p.client.Get(address))
	if err != nil {
		return err
	}
	action, id := formAction.FindStringSubmatch(body), hiddenID.FindStringSubmatch(body)
	if action == nil || id == nil {
		return fmt.Errorf("no sign-in page: %s", body)
	}
	to, err := at.Parse(action[1])
	if err != nil {
		return err
	}
	_, body, err = p.read(p.client.PostForm(to.String(), url.Values{"username": {foreignUser}, "password": {foreignPassword}, "id": {id[1]}}))
	if err == nil && !strings.Contains(body, "Back at authdance") {
		err = errors.New("the last page is " + body)
	}
	return err
}

func (person) read(res *http.Response, err error) (*url.URL, string, error) {
	if err != nil {
		return nil, "", err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return res.Request.URL, string(body), err
}
