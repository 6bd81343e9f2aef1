package lab

import (
	"context"
	"crypto/x509"
	"slices"
	"strings"
	"time"

	"github.com/beevik/etree"
)

const (
	grantSAML = "urn:ietf:params:oauth:grant-type:saml2-bearer"
	// authSAML is the client_assertion_type, and by RFC 7591 §2 also what a
	// client registers that authenticates so: there is no shorter name.
	authSAML = "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"
)

// samlBearerGrant is the SAML 2.0 bearer grant, RFC 7522 §2.1: who has an
// assertion about a user from somebody whom the server trusts gets a token.
func (x *exchange) samlBearerGrant() (map[string]any, problem) {
	if x.form.Get("assertion") == "" {
		return nil, assertionMissing
	}
	wanted, bad := x.wantedScopes([]string{"read"})
	if bad != "" {
		return nil, bad
	}
	a, bad := readSAML(samlGrant, x.form.Get("assertion"))
	if bad == "" {
		bad = x.acceptSAML(&a)
	}
	if bad != "" {
		return nil, bad
	}
	u, ok := x.tenant.user(a.subject())
	if !ok {
		i := slices.IndexFunc(x.tenant.users, func(u User) bool { return strings.EqualFold(u.Email, a.subject()) })
		if i < 0 {
			return nil, a.kind.flaw(flawSubject)
		}
		u = x.tenant.users[i]
	}
	if bad := a.once(x.tenant.store); bad != "" {
		return nil, bad
	}
	x.pass(checkAssertion)
	x.saw(checkAssertion, a.subject(), "")
	p := permission{subject: u.Subject, username: u.Username, scopes: wanted, noRefresh: true}
	if at, ok := a.signedInAt(); ok && !at.After(x.now()) {
		p.signedInAt = at
	}
	return x.mint(p)
}

// clientBySAML authenticates a client by a SAML assertion, RFC 7522 §2.2.
func (x *exchange) clientBySAML(ctx context.Context) (Client, problem) {
	a, bad := readSAML(samlClient, x.form.Get("client_assertion"))
	if bad != "" {
		return Client{}, bad
	}
	id := x.form.Get("client_id")
	if id == "" {
		id = a.subject()
	}
	x.pass(checkClientNamed)
	c, bad := x.knownClient(ctx, id)
	switch {
	case bad != "":
		return c, bad
	case c.method() != authSAML:
		return c, clientWrongMethod
	}
	if bad := x.acceptSAML(&a); bad != "" {
		return c, bad
	}
	if a.subject() != c.ID { // §3 rule 3 B
		return c, a.kind.flaw(flawSubject)
	}
	return c, a.once(x.tenant.store)
}

// acceptSAML checks an assertion as RFC 7522 §3 asks, but for whom it is about.
func (x *exchange) acceptSAML(a *samlAssertion) problem {
	issuer := a.issuer()
	trusted, known := x.samlSigners(issuer)
	if !known {
		return a.kind.flaw(flawIssuer)
	}
	if bad := a.verify(trusted); bad != "" {
		return bad
	}
	if a.issuer() != issuer {
		return a.kind.flaw(flawIssuer)
	}
	for _, tag := range []string{"EncryptedID", "EncryptedAttribute", "EncryptedAssertion"} {
		if countElements(a.root, samlNS, tag) > 0 {
			return a.kind.flaw(flawEncrypted)
		}
	}
	if a.subject() == "" {
		return a.kind.flaw(flawSubject)
	}
	limits := samlLimits{kind: a.kind, now: x.now(),
		audiences: []string{x.tenant.issuer, x.tenant.issuer + "/token", x.address()}, recipients: []string{x.tenant.issuer + "/token", x.address()}}
	return limits.check(*a)
}

// samlSigners are the certificates that an Issuer may sign with: the identity
// provider of the tenant, or a client with certificates in its jwks.
func (x *exchange) samlSigners(issuer string) ([]*x509.Certificate, bool) {
	if issuer == x.tenant.identityProvider() {
		own, err := x.tenant.idp()
		if err != nil {
			return nil, true
		}
		return own.trusted(), true
	}
	c, ok := x.tenant.store.registry.entry(issuer)
	return certificatesOf(c.public), ok
}

// samlLimits is what an assertion is held against.
type samlLimits struct {
	kind                  artefact
	now                   time.Time
	audiences, recipients []string
}

func (l samlLimits) check(a samlAssertion) problem {
	conditions := samlChild(a.root, "Conditions")
	if bad := l.checkAudience(conditions); bad != "" {
		return bad
	}
	if bad := l.checkTimes(conditions); bad != "" {
		return bad
	}
	if at, _ := a.instant(a.root, "IssueInstant"); at.Sub(l.now) > foreignLeeway {
		return l.kind.flaw(flawFuture)
	}
	bad := l.kind.flaw(flawConfirmation)
	first := true
	for _, one := range samlChildren(samlChild(a.root, "Subject"), "SubjectConfirmation") {
		if one.SelectAttrValue("Method", "") != samlBearer {
			continue
		}
		this := l.checkConfirmation(one, conditions)
		if this == "" {
			return ""
		}
		if first {
			bad, first = this, false
		}
	}
	return bad
}

// checkAudience: every restriction must name this server (rule 2, SAML Core
// §2.5.1.4), and a condition that is not understood makes all invalid (§2.5.1).
func (l samlLimits) checkAudience(conditions *etree.Element) problem {
	if conditions == nil {
		return l.kind.flaw(flawAudience)
	}
	restricted := samlChildren(conditions, "AudienceRestriction")
	for _, one := range restricted {
		if !slices.ContainsFunc(samlChildren(one, "Audience"), func(el *etree.Element) bool { return slices.Contains(l.audiences, samlText(el)) }) {
			return l.kind.flaw(flawAudience)
		}
	}
	for _, el := range conditions.ChildElements() {
		if !isSAML(el, "AudienceRestriction") && !isSAML(el, "OneTimeUse") && !isSAML(el, "ProxyRestriction") {
			return l.kind.flaw(flawCondition)
		}
	}
	if len(restricted) == 0 {
		return l.kind.flaw(flawAudience)
	}
	return ""
}

// checkTimes checks NotBefore and NotOnOrAfter where they stand (rules 4 and 6).
func (l samlLimits) checkTimes(el *etree.Element) problem {
	for _, attr := range el.Attr {
		if attr.Key != "NotBefore" && attr.Key != "NotOnOrAfter" || attr.Space != "" {
			continue
		}
		at, err := time.Parse(time.RFC3339Nano, attr.Value)
		switch {
		case err != nil:
			return l.kind.flaw(flawHeader)
		case attr.Key == "NotBefore" && at.Sub(l.now) > foreignLeeway:
			return l.kind.flaw(flawFuture)
		case attr.Key == "NotBefore":
		case !l.now.Before(at):
			return l.kind.flaw(flawExpired)
		case at.Sub(l.now) > foreignLifetime+foreignLeeway:
			return l.kind.flaw(flawTooLong)
		}
	}
	return ""
}

// checkConfirmation is rule 5: the data of a bearer confirmation name the token
// endpoint and an end, unless the conditions have one.
func (l samlLimits) checkConfirmation(confirmation, conditions *etree.Element) problem {
	data := samlChild(confirmation, "SubjectConfirmationData")
	ends := conditions.SelectAttr("NotOnOrAfter") != nil || data != nil && data.SelectAttr("NotOnOrAfter") != nil
	switch {
	case !ends:
		return l.kind.flaw(flawNoExp)
	case data == nil && len(samlChildren(confirmation, "SubjectConfirmationData")) > 0:
		return l.kind.flaw(flawConfirmation)
	case data == nil:
		return ""
	case !slices.Contains(l.recipients, data.SelectAttrValue("Recipient", "")):
		return l.kind.flaw(flawRecipient)
	}
	return l.checkTimes(data)
}

// signedInAt is when the user signed in at the Issuer, if it says so (rule 7).
func (a samlAssertion) signedInAt() (time.Time, bool) {
	statement := samlChild(a.root, "AuthnStatement")
	if statement == nil {
		return time.Time{}, false
	}
	return a.instant(statement, "AuthnInstant")
}

// once refuses an ID that this Issuer has used before.
func (a samlAssertion) once(s *store) problem {
	if !s.firstUse(string(a.kind) + " " + a.issuer() + " " + a.id()) {
		return a.kind.flaw(flawReplayed)
	}
	return ""
}
