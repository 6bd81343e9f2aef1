package exec

import (
	"net"
	"net/url"
	"strconv"
	"strings"

	"authdance/flows"
	"authdance/flows/wire"
)

// draw makes values of 256 bits each: base64url of 32 bytes is 43 characters,
// the shortest that a code_verifier may be (RFC 7636 §4.1).
func (l *Live) draw(e flows.Draw) flows.Event {
	values := flows.Vars{}
	for _, name := range e.Names {
		v, f := l.random()
		if f != nil {
			return broke(e.ID, f)
		}
		values[name] = wire.Untrusted(v)
	}
	for _, w := range e.Keys {
		k, f := l.keys.wanted(w)
		if f != nil {
			return broke(e.ID, f)
		}
		public, err := k.published()
		if err != nil {
			return broke(e.ID, internal("the public half of %s cannot be written: %v", clipped(w.Name), err))
		}
		values[w.Name] = public
	}
	if e.Redirect != "" {
		uri, f := withFreePort(e.Redirect.Raw())
		if f != nil {
			return broke(e.ID, f)
		}
		values["redirect_uri"] = wire.Untrusted(uri)
	}
	return flows.Drawn{ID: e.ID, Values: values}
}

// withFreePort puts a free port in place of port 0 and changes no other byte.
// The port is free now; it is taken when the browser goes out (RFC 8252 §7.3).
func withFreePort(raw string) (string, *failure) {
	u, err := url.Parse(raw)
	if err != nil {
		return "", refusal("redirect_uri %s is not an address", clipped(raw))
	}
	if u.Port() != "0" {
		return raw, nil
	}
	if !loopback(u.Hostname()) {
		return "", refusal("redirect_uri %s has port 0, which stands for any free port of this computer, but its host is another one. Write the port that is meant", clipped(raw))
	}
	var lastErr error
	for range 10 { // localhost needs a port that is free in both families
		ls, err := listenOn(u.Hostname(), "0")
		if err != nil {
			lastErr = err
			continue
		}
		port := ls[0].Addr().(*net.TCPAddr).Port
		for _, one := range ls {
			one.Close()
		}
		host := strings.TrimSuffix(u.Host, ":0")
		return strings.Replace(raw, "//"+u.Host, "//"+host+":"+strconv.Itoa(port), 1), nil
	}
	return "", portTrouble("redirect_uri", u, lastErr)
}
