package cli

import (
	"slices"
	"strings"

	"authdance/flows/lab"
	"authdance/flows/wire"
)

// credentials say in a line how a client proves who it is.
func credentials(k lab.Client) string {
	switch auth := authOf(k); {
	case auth == "none":
		return "public, no secret"
	case k.Secret != "" && k.PrivateJWK != "":
		return "secret " + k.Secret + ", decrypts with the key " + k.PrivateJWK
	case k.Secret != "" && k.Auth == "":
		return "secret " + k.Secret
	case k.Secret != "":
		return auth + " with the secret " + k.Secret
	case k.PrivateJWK != "":
		return auth + " with the key " + k.PrivateJWK
	default:
		return auth
	}
}

// labText is the lab for people: who can come in, and how to begin.
func (c *console) labText(l *lab.Lab, d labDoc) {
	st := c.styles
	c.printf("%s  %s", st.Title.Render("The lab is ready."), st.Muted.Render("It serves this computer only, until Ctrl-C."))
	c.printf("\nissuer    %s", d.Issuer)
	c.printf("discovery %s", d.Discovery)
	c.printf("API       %s/api/profile (scope read), %s/api/notes (scope write)", d.API, d.API)
	if d.MTLS != "" {
		c.printf("mTLS      %s  %s", d.MTLS, c.styles.Muted.Render("for clients with a certificate"))
	}
	if d.Keys != "" {
		c.printf("keys      %s  %s", wire.Safe(d.Keys), c.styles.Muted.Render("CA, certificates, keys; assertions that are good once, for an hour"))
	} else {
		c.printf("keys      %s", c.styles.Muted.Render("--write-keys DIR writes the CA, certificates, keys and assertions into files"))
	}
	for _, t := range d.Tenants {
		c.printf("tenant    %s  %s", t.Name, t.Issuer)
	}
	c.printf("\n%s", st.Title.Render("CLIENTS"))
	for _, k := range l.Clients() {
		c.printf("  %s %s", st.Key.Render(padded(k.ID, 17)), credentials(k)) // whole, so that a key can be copied
		c.wrapped(c.printf, "                    ", k.Note)
		if len(k.RedirectURIs) > 0 {
			c.wrapped(c.printf, "                    ", "redirects to "+strings.Join(k.RedirectURIs, " "))
		}
	}
	c.wrapped(c.printf, "  ", d.Redirects)
	c.printf("\n%s", st.Title.Render("USERS"))
	for _, u := range d.Users {
		c.printf("  %s password %s   %s, %s", st.Key.Render(padded(u.Username, 17)), u.Password, u.Name, u.Email)
	}
	c.labState(d)
	c.printf("\n%s", st.Title.Render("TRY"))
	for _, line := range []struct{ what, code string }{
		{"a token", d.Try.Token}, {"the API with a token", d.Try.API}, {"a fault, for one request", d.Try.Fault},
		{"a refusal in the words of a product, for one request", d.Try.Dialect}, {"every step of the code flow", d.Try.Run},
		{"a token for a client certificate", d.Try.MTLS}, {"a token for a signed assertion", d.Try.JWT}, {"a token for a SAML assertion", d.Try.SAML},
	} {
		if line.code == "" {
			continue
		}
		c.printf("  %s", st.Muted.Render(line.what))
		c.printf("  %s", st.Code.Render(line.code))
	}
	c.printf("")
}

// labState says what differs from an ordinary lab.
func (c *console) labState(d labDoc) {
	var on []string
	for _, f := range d.Faults {
		if f.On {
			on = append(on, f.Key)
		}
	}
	if len(on) > 0 {
		c.printf("\n%s faults that are switched on: %s", c.sign("warn"), strings.Join(on, ", "))
	}
	if i := slices.IndexFunc(d.Dialects, func(k dialectDoc) bool { return k.Name == d.Dialect }); i > 0 {
		c.printf("\n%s it refuses in the words of %s", c.sign("warn"), d.Dialects[i].Product)
	}
}

// faults lists what --fault and --dialect take.
func (c *console) faults(l *lab.Lab, asJSON bool) error {
	if asJSON {
		return c.document(struct {
			Schema     int            `json:"schema"`
			Faults     []faultDoc     `json:"faults"`
			Dialects   []dialectDoc   `json:"dialects"`
			Documented []situationDoc `json:"documented"` // what people bring and no fault shows
		}{schema, faultsOf(l), dialectsOf(), situationsOf()})
	}
	for _, f := range l.Faults() {
		key := f.Key
		if f.Value != nil {
			key += "=" + f.Value.Default
		}
		c.printf("%s %s %s", c.styles.Key.Render(padded(key, 22)), padded(f.Step, 20), f.Shows)
	}
	c.printf("")
	for _, d := range lab.Dialects() {
		c.printf("%s %s %s", c.styles.Key.Render(padded(d.Name, 20)), padded("dialect", 10), "Refusals in the words of "+d.Product+".")
	}
	c.say("authdance run authorization_code --fault KEY shows one; --dialect NAME changes the words.")
	return nil
}
