package cli

import (
	"net"
	"slices"
	"strings"

	"authdance/flows"
	"authdance/flows/exec"
	"authdance/flows/lab"
	"authdance/flows/wire"
)

// What the lab knows of its own clients, and everybody may know.

// labTenants are the further tenants that a flow needs: one that takes identity
// assertions of the first.
func labTenants(grant string) []string {
	if grant == "id_jag" {
		return []string{"partner"}
	}
	return nil
}

// labSecrets are the secrets of a client of the lab.
func labSecrets(l *lab.Lab, clientID string) flows.Secrets {
	out := flows.Secrets{}
	for _, known := range l.Clients() {
		if known.ID == clientID && known.Secret != "" {
			out["client_secret"] = wire.NewSecret(known.Secret)
		}
	}
	return out
}

// labKeys are the private keys of a client of the lab; empty when it has none.
func labKeys(l *lab.Lab, clientID string) (map[string]exec.Key, error) {
	keys := map[string]exec.Key{}
	if jwk, err := l.ClientKey(clientID); err == nil {
		k, err := exec.ParseKey(jwk)
		if err != nil {
			return nil, err
		}
		keys[exec.ClientKey], keys[exec.DecryptKey] = k, k
	}
	if cert, key, ok := l.ClientCertificate(clientID); ok {
		k, err := exec.ParseKey(slices.Concat(cert, key))
		if err != nil {
			return nil, err
		}
		keys[exec.ClientCert] = k
		if _, own := keys[exec.ClientKey]; !own {
			keys[exec.ClientKey] = k
		}
	}
	return keys, nil
}

// labAuth is how a client of the lab says who it is; "" for one that the lab
// does not know.
func labAuth(l *lab.Lab, clientID string) string {
	if l == nil {
		return ""
	}
	for _, known := range l.Clients() {
		switch {
		case known.ID != clientID:
		case known.Auth != "":
			return known.Auth
		case known.Secret != "":
			return "client_secret_basic"
		default:
			return "none"
		}
	}
	return ""
}

// labValues adds what only the lab can give a flow to begin with: an assertion
// of its own identity provider, a port to be told at, the address of the API
// where certificates are shown.
func labValues(l *lab.Lab, grant string, options map[string]string, vars flows.Vars) error {
	if grant == "saml2_bearer" && vars["assertion"] == "" {
		xml, err := l.SAMLAssertion(lab.AssertionOptions{})
		if err != nil {
			return err
		}
		vars["assertion"] = wire.Untrusted(xml)
	}
	if options["mtls"] == "on" {
		if rest, own := strings.CutPrefix(vars["api"].Raw(), l.API()); own {
			vars["api"] = wire.Untrusted(l.MTLS() + rest)
		}
	}
	tenant, err := l.Tenant("default")
	if err != nil {
		return err
	}
	client := vars["client_id"].Raw()
	switch {
	case options["delivery"] == "ping" || options["delivery"] == "push":
		told, err := freeAddress("/ciba")
		if err != nil {
			return err
		}
		for _, known := range l.Clients() {
			if known.ID == client {
				known.Backchannel.Endpoint = told
				err = tenant.SetCIBA(client, known.Backchannel)
			}
		}
		vars["client_notification_endpoint"] = wire.Untrusted(told)
		return err
	case options["notice"] == "back_channel" || options["notice"] == "front_channel":
		told, err := freeAddress("/told")
		if err != nil {
			return err
		}
		vars["backchannel_logout_uri"], vars["frontchannel_logout_uri"] = wire.Untrusted(told), wire.Untrusted(told)
		return tenant.SetClientLogout(client, lab.LogoutURIs{Backchannel: told, Frontchannel: told})
	}
	return nil
}

// freeAddress is an address of this computer that nobody listens at.
func freeAddress(path string) (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return "http://" + l.Addr().String() + path, nil
}
