package lab

import (
	"errors"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/luikyv/go-oidc/pkg/goidc"
)

func TestTableForgetsOldValuesAndStaysBounded(t *testing.T) {
	now := time.Unix(1000, 0)
	tab := newTable[int](time.Minute, 3)
	tab.put(now, "a", 1)
	if _, ok := tab.get("a"); !ok {
		t.Error("a fresh value is gone")
	}
	now = now.Add(61 * time.Second)
	tab.put(now, "b", 2)
	if _, ok := tab.get("a"); !ok {
		t.Error("a value is gone before its generation is")
	}
	now = now.Add(61 * time.Second)
	tab.put(now, "c", 3)
	if _, ok := tab.get("a"); ok {
		t.Error("an old value is still there")
	}
	for i := range 100 {
		tab.put(now, fmt.Sprint(i), i)
	}
	if n := len(tab.young) + len(tab.old); n > 6 {
		t.Errorf("%d values, limit is two generations of 3", n)
	}
	tab.put(now.Add(-time.Hour), "back", 1)
	if _, ok := tab.get("back"); !ok {
		t.Error("a clock that goes back loses values")
	}
}

func TestBoundedListenerWaitsForAFreeSlotAndCloses(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := newBounded(inner, 1)
	var dialled [2]net.Conn
	for i := range dialled {
		if dialled[i], err = net.Dial("tcp", inner.Addr().String()); err != nil {
			t.Fatal(err)
		}
		defer dialled[i].Close()
	}
	first, err := b.Accept()
	if err != nil {
		t.Fatal(err)
	}
	second := make(chan net.Conn, 1)
	go func() {
		c, err := b.Accept()
		if err != nil {
			t.Error(err)
		}
		second <- c
	}()
	select {
	case <-second:
		t.Error("a second connection was accepted beside the first")
	default:
	}
	first.Close()
	first.Close() // twice frees one slot only
	c := <-second
	if len(b.slots) != 1 {
		t.Errorf("%d slots taken, want 1", len(b.slots))
	}
	ended := make(chan error, 1)
	go func() { _, err := b.Accept(); ended <- err }()
	b.Close()
	if err := <-ended; !errors.Is(err, net.ErrClosed) {
		t.Errorf("Accept after Close = %v", err)
	}
	c.Close()
}

// The store must not let an overtaken request bring a grant back to life.
func TestNothingIsUndoneByALateSave(t *testing.T) {
	l, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	s := l.tenants[defaultTenant].store
	ctx := t.Context()
	c, err := s.Client(ctx, "workshop-spa")
	if err != nil || c.ID != "workshop-spa" {
		t.Fatal(c, err)
	}
	early := grantForTest("g")
	if err := s.SaveGrant(ctx, &early); err != nil {
		t.Fatal(err)
	}
	revoked := early
	revoked.RevokedAt, revoked.AuthCodeConsumedAt = 7, 8
	if err := s.SaveGrant(ctx, &revoked); err != nil {
		t.Fatal(err)
	}
	if err := s.SaveGrant(ctx, &early); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Grant(ctx, "g"); err != nil || got.RevokedAt != 7 || got.AuthCodeConsumedAt != 8 {
		t.Errorf("grant = %+v, %v", got, err)
	}
	if got, _ := s.Grant(ctx, "g"); got != nil {
		got.Store["x"] = 1
	}
	if got, _ := s.Grant(ctx, "g"); got.Store["x"] != nil {
		t.Error("two requests share a grant")
	}
}

func grantForTest(id string) goidc.Grant {
	return goidc.Grant{ID: id, ClientID: "workshop-spa", Store: map[string]any{}}
}

// The lab signs for one API only, so tokens for others are made by hand here.
func TestAPIRefusesTokensThatAreNotForIt(t *testing.T) {
	l, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	tenant := l.tenants[defaultTenant]
	token := goidc.Token{ID: "lab_jti", GrantID: "g", Scopes: "read", CreatedAt: 1, ExpiresAt: 301}
	grant := grantForTest("g")
	if err := tenant.store.SaveGrant(t.Context(), &grant); err != nil {
		t.Fatal(err)
	}
	if err := tenant.store.SaveToken(t.Context(), &token); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, typ, iss, aud, jti string
		want                     problem
	}{
		{"good", typeAccessToken, l.Issuer(), l.API(), "lab_jti", ""},
		{"another audience", typeAccessToken, l.Issuer(), "http://127.0.0.1:1", "lab_jti", tokenAudience},
		{"another issuer", typeAccessToken, l.Issuer() + "2", l.API(), "lab_jti", tokenAudience},
		{"not an access token", typeIDToken, l.Issuer(), l.API(), "lab_jti", tokenIsIDToken},
		{"unknown jti", typeAccessToken, l.Issuer(), l.API(), "lab_other", tokenUnknown},
	} {
		compact, err := newJWT(c.typ, tenant.keys.main(), map[string]any{"iss": c.iss, "aud": c.aud, "jti": c.jti}).sign(tenant.keys)
		if err != nil {
			t.Fatal(err)
		}
		if _, got := tenant.checkAccess(compact, l.API()); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
