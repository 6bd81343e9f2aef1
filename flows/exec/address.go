package exec

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"authdance/flows/wire"
)

// maxURL is far above what any browser or server takes.
const maxURL = 32 << 10

// ValidateURL accepts an address that may be handed to a browser: https, or
// http on this computer, with a plain host and no user name; no control
// characters, white space, backslash or raw non-ASCII anywhere. The error says
// which rule it breaks. The result is what must be opened; its query is the
// one of raw, byte for byte.
func ValidateURL(raw string) (*url.URL, error) {
	if len(raw) > maxURL {
		return nil, fmt.Errorf("the address is %d bytes long; %d are allowed", len(raw), maxURL)
	}
	for _, r := range raw {
		switch {
		case r <= 0x20, r == 0x7f:
			return nil, fmt.Errorf("the address has a control character or white space in it: %s", clipped(raw))
		case r > 0x7f:
			return nil, fmt.Errorf("the address has a character outside of ASCII in it: %s; host names must be in their xn-- form", clipped(raw))
		case r == '\\':
			return nil, fmt.Errorf("the address has a backslash in it, which programs read in different ways: %s", clipped(raw))
		}
	}
	u, err := url.Parse(raw)
	if err != nil {
		var why *url.Error
		if errors.As(err, &why) {
			err = why.Err
		}
		return nil, fmt.Errorf("%s is not an address: %s", clipped(raw), wire.Safe(err.Error()))
	}
	if err := checkAuthority(u); err != nil {
		return nil, err
	}
	if u.Scheme == "http" && !loopback(u.Hostname()) {
		return nil, fmt.Errorf("http://%s is not encrypted and not on this computer; only https may be opened there", wire.Safe(u.Host))
	}
	return u, nil
}

// checkAuthority holds for every address that is opened or asked.
func checkAuthority(u *url.URL) error {
	switch {
	case u.Scheme == "":
		return fmt.Errorf("%s is not a full address; it must begin with https://", clipped(u.String()))
	case u.Scheme != "https" && u.Scheme != "http":
		return fmt.Errorf("the address must begin with https://, not with %q", wire.Safe(u.Scheme+":"))
	case u.User != nil:
		return fmt.Errorf("the address of %s has a user name in it; that is how look-alike addresses are made", wire.Safe(u.Host))
	case u.Opaque != "" || u.Hostname() == "":
		return errors.New("the address has no host")
	}
	if p := u.Port(); p != "" {
		if n, err := strconv.Atoi(p); err != nil || n < 1 || n > 65535 {
			return fmt.Errorf("%s is not a port", wire.Safe(p))
		}
	}
	if strings.HasPrefix(u.Host, "[") {
		if ip, err := netip.ParseAddr(u.Hostname()); err != nil || ip.Zone() != "" {
			return fmt.Errorf("%s is not a plain IPv6 address", wire.Safe(u.Host))
		}
		return nil
	}
	for _, c := range []byte(u.Hostname()) {
		plain := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '.' || c == '-' || c == '_'
		if !plain {
			return fmt.Errorf("%s is not a plain host name", wire.Safe(u.Host))
		}
	}
	return nil
}

// loopback says whether the host is this computer: localhost or a loopback IP.
func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

func clipped(s string) string {
	const most = 120
	if len(s) > most {
		return wire.Safe(s[:most]) + "…"
	}
	return wire.Safe(s)
}
