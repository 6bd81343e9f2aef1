package pane

import (
	"net/url"
	"strings"
)

// Forward is the ssh command that brings a browser elsewhere to a port of this
// computer: what a person types at remote's other end, whose name for us is
// remote ("me@host", or "-p 2222 me@host"). "" where the address is not one of
// this computer alone, or where nobody came over SSH.
func Forward(remote, redirectURI string) string {
	u, err := url.Parse(redirectURI)
	if remote == "" || err != nil || u.Scheme != "http" || Elsewhere(redirectURI) || u.Port() == "" || u.Port() == "0" {
		return ""
	}
	to := u.Hostname()
	if strings.Contains(to, ":") {
		to = "[" + to + "]"
	}
	return "ssh -L " + u.Port() + ":" + to + ":" + u.Port() + " " + remote
}
