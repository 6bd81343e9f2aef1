package cli

import (
	"slices"

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

// labValues adds what only the lab can give a flow to begin with: an assertion
// of its own identity provider.
func labValues(l *lab.Lab, grant string, vars flows.Vars) error {
	if grant != "saml2_bearer" || vars["assertion"] != "" {
		return nil
	}
	xml, err := l.SAMLAssertion(lab.AssertionOptions{})
	vars["assertion"] = wire.Untrusted(xml)
	return err
}
