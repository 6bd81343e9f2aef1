package lab

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"
)

// clockLimit is how far a clock can be moved.
const clockLimit = 10 * 365 * 24 * time.Hour

// Tenant is one issuer of a lab. It shares addresses and the API with the
// others and nothing else: it has its own users, clients, keys, faults,
// lifetimes and clock. All methods are safe for concurrent use.
type Tenant struct{ t *tenant }

// Tenant finds a tenant by name: "default", or one of Options.Tenants.
func (l *Lab) Tenant(name string) (Tenant, error) {
	t, ok := l.tenants[name]
	if !ok {
		return Tenant{}, fmt.Errorf("lab: no tenant is called %q; name it in Options.Tenants", name)
	}
	return Tenant{t}, nil
}

// goodTenantName keeps names out of the way of paths and other hosts.
func goodTenantName(name string) error {
	if ok, _ := regexp.MatchString(`^[a-z0-9][a-z0-9-]{0,31}$`, name); !ok {
		return fmt.Errorf("lab: %q cannot be the name of a tenant; use 1 to 32 small letters, digits and hyphens", name)
	}
	if slices.Contains(reservedNames(), name) {
		return fmt.Errorf("lab: %q cannot be the name of a tenant: the API has this path", name)
	}
	return nil
}

// Issuer is its issuer identifier: origin and name.
func (t Tenant) Issuer() string { return t.t.issuer }

// Users lists who can sign in here, always in the same order.
func (t Tenant) Users() []User { return append([]User(nil), t.t.users...) }

// Clients lists the applications registered here, always in the same order.
func (t Tenant) Clients() []Client { return t.t.store.registry.list() }

// JWKS is the public key set as its jwks_uri would answer now.
func (t Tenant) JWKS() []byte { return t.t.keys.publicJSON() }

// SetLifetimes changes the lifetimes of what is issued from now on. What was
// issued before keeps its own. A lifetime outside of 1 s to 24 h is an error.
func (t Tenant) SetLifetimes(wanted Lifetimes) error { return t.t.setLifetimes(wanted) }

// SetClock moves its clock: ahead of the lab's, or behind with a negative
// duration. It may jump in both directions, by up to ten years in all.
func (t Tenant) SetClock(ahead time.Duration) error {
	if ahead > clockLimit || ahead < -clockLimit {
		return errors.New("lab: a clock can be moved by ten years at most")
	}
	t.t.ahead.Store(int64(ahead))
	return nil
}

// SetFault switches a fault on or off for this tenant alone. An unknown key is
// an error.
func (t Tenant) SetFault(key string, on bool) error { return t.t.lab.faults.set(t.t.name, key, on) }
