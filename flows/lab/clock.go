package lab

import (
	"fmt"
	"time"
)

// Lifetimes of what the lab issues. A zero field keeps the default; nothing
// lives shorter than a second.
type Lifetimes struct {
	Code         time.Duration // authorization code, 60 s
	AccessToken  time.Duration // 5 min
	IDToken      time.Duration // 15 min
	RefreshToken time.Duration // 8 h, counted from the sign-in
	DeviceCode   time.Duration // device code and user code, 10 min
	PollInterval time.Duration // between two polls of a device, 5 s
}

func defaultLifetimes() Lifetimes {
	return Lifetimes{
		Code: codeSeconds * time.Second, AccessToken: accessSeconds * time.Second, IDToken: idTokenSeconds * time.Second,
		RefreshToken: refreshSeconds * time.Second, DeviceCode: 10 * time.Minute, PollInterval: 5 * time.Second,
	}
}

// SetLifetimes changes the lifetimes of what the default tenant issues from
// now on. What was issued before keeps its own. Lifetimes are 1 s to 24 h.
func (l *Lab) SetLifetimes(wanted Lifetimes) error {
	return l.main().setLifetimes(wanted)
}

func (t *tenant) setLifetimes(wanted Lifetimes) error {
	life := defaultLifetimes()
	for _, f := range []struct {
		name string
		want time.Duration
		set  *time.Duration
	}{
		{"Code", wanted.Code, &life.Code},
		{"AccessToken", wanted.AccessToken, &life.AccessToken},
		{"IDToken", wanted.IDToken, &life.IDToken},
		{"RefreshToken", wanted.RefreshToken, &life.RefreshToken},
		{"DeviceCode", wanted.DeviceCode, &life.DeviceCode},
		{"PollInterval", wanted.PollInterval, &life.PollInterval},
	} {
		switch {
		case f.want == 0:
		case f.want < time.Second || f.want > keepGrants:
			return fmt.Errorf("lab: the lifetime %s is %v; it must be 1 s to %v", f.name, f.want, keepGrants)
		default:
			*f.set = f.want
		}
	}
	t.life.Store(&life)
	return nil
}

// now is the tenant's time: the lab's, moved by what SetClock says.
func (t *tenant) now() time.Time { return t.lab.now().Add(time.Duration(t.ahead.Load())) }

// now is the time by which this request is judged.
func (x *exchange) now() time.Time { return x.tenant.now().Add(x.skew) }
