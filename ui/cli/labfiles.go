package cli

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"authdance/flows/files"
	"authdance/flows/lab"
)

// assertionLifetime is how long the assertions in files are good: as long as the
// lab takes any. Each is good once.
const assertionLifetime = time.Hour

// keyFile is one file of --write-keys.
type keyFile struct {
	name string // below the directory
	data []byte
}

// labFiles are what the clients of the lab prove themselves with, as files for
// curl and for programs: the authority of its TLS address, and in a directory of
// each tenant certificates with their keys, private keys as JWK sets, and
// assertions about the first user.
func labFiles(l *lab.Lab, tenants []string) ([]keyFile, error) {
	list := []keyFile{{"ca.pem", l.CA()}}
	for _, name := range append([]string{"default"}, tenants...) {
		t, err := l.Tenant(name)
		if err != nil {
			return nil, err
		}
		add := func(file string, data []byte) { list = append(list, keyFile{filepath.Join(name, file), data}) }
		for _, k := range t.Clients() {
			if cert, key, ok := t.ClientCertificate(k.ID); ok {
				add(k.ID+".cert.pem", cert)
				add(k.ID+".key.pem", key)
			}
			if jwks, err := t.ClientKey(k.ID); err == nil {
				add(k.ID+".jwks.json", jwks)
			}
		}
		user := t.Users()[0].Username
		jwt, err := t.JWTAssertion(lab.AssertionOptions{Subject: user, Lifetime: assertionLifetime})
		if err != nil {
			return nil, err
		}
		saml, err := t.SAMLAssertion(lab.AssertionOptions{Subject: user, Lifetime: assertionLifetime})
		if err != nil {
			return nil, err
		}
		add(user+".jwt", []byte(jwt))
		add(user+".saml", []byte(saml))
	}
	return list, nil
}

// writeKeys writes labFiles into dir, readable by their owner only.
func writeKeys(l *lab.Lab, tenants []string, dir string) error {
	list, err := labFiles(l, tenants)
	if err != nil {
		return &outcome{exitBug, err.Error()}
	}
	for _, f := range list {
		if err := files.Write(filepath.Join(dir, f.name), f.data); err != nil {
			return usage("%v", err)
		}
	}
	return nil
}

// tryFiles adds lines for a shell that use what --write-keys wrote.
func (d *tryDoc) tryFiles(l *lab.Lab, dir string) {
	at := func(name string) string { return quoted(filepath.Join(dir, name)) }
	user := filepath.Join("default", l.Users()[0].Username)
	grant := "curl -s -u workshop-gateway:workshop-secret -d grant_type=urn:ietf:params:oauth:grant-type:%s --data-urlencode assertion@%s " + l.Issuer() + "/token"
	d.MTLS = fmt.Sprintf("curl -s --cacert %s --cert %s --key %s -d grant_type=client_credentials -d client_id=workshop-mtls -d scope=read %s/default/token",
		at("ca.pem"), at("default/workshop-mtls.cert.pem"), at("default/workshop-mtls.key.pem"), l.MTLS())
	d.JWT = fmt.Sprintf(grant, "jwt-bearer", at(user+".jwt"))
	d.SAML = fmt.Sprintf(grant, "saml2-bearer", at(user+".saml"))
}

// quoted is a word of a POSIX shell.
func quoted(word string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/._-", r)
	}
	if word != "" && !slices.ContainsFunc([]rune(word), func(r rune) bool { return !plain(r) }) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// certificatesOf are the certificate and key of each client of a tenant that has one.
func certificatesOf(t lab.Tenant, clients []clientDoc) []clientDoc {
	for i := range clients {
		cert, key, _ := t.ClientCertificate(clients[i].ID)
		clients[i].Certificate, clients[i].CertificateKey = string(cert), string(key)
	}
	return clients
}
