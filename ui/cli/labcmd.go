package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"authdance/flows/lab"
	"authdance/flows/wire"
)

type (
	labDoc struct {
		Schema  int         `json:"schema"`
		Issuer  string      `json:"issuer"`
		API     string      `json:"api"`
		Clients []clientDoc `json:"clients"`
		Users   []userDoc   `json:"users"`
		Faults  []faultDoc  `json:"faults"`
	}
	// The lab's secrets, keys and passwords are printed: they open nothing but
	// the lab.
	clientDoc struct {
		ID           string          `json:"id"`
		Auth         string          `json:"auth"` // token_endpoint_auth_method
		Secret       string          `json:"secret"`
		PrivateJWK   json.RawMessage `json:"private_jwk"`
		Requires     []string        `json:"requires"`
		Grants       []string        `json:"grants"`
		Scopes       []string        `json:"scopes"`
		RedirectURIs []string        `json:"redirect_uris"`
		Note         string          `json:"note"`
	}
	userDoc struct {
		Username string `json:"username"`
		Password string `json:"password"`
		Subject  string `json:"sub"`
		Name     string `json:"name"`
		Email    string `json:"email"`
	}
	faultDoc struct {
		Key    string `json:"key"`
		Title  string `json:"title"`
		Shows  string `json:"shows"`
		Breaks string `json:"breaks"`
		Step   string `json:"step"`
		On     bool   `json:"on"`
	}
)

func labCommand(c *console) *cobra.Command {
	var addr string
	var faults []string
	var asJSON, list bool
	cmd := &cobra.Command{
		Use: "lab", Short: "Serve the lab on this computer until interrupted",
		Long: "Serve the lab, an authorization server with an API, on this computer until interrupted (Ctrl-C).\n" +
			"Its keys are new each time and nothing is kept: it is for learning and for tests.",
		Example: "authdance lab --addr 127.0.0.1:9400\nauthdance lab --fault nonce_mismatch",
		Args:    nothing,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.lab(cmd.Context(), addr, faults, list, asJSON)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&addr, "addr", "", "`HOST:PORT` on this computer (default 127.0.0.1 and any free port)")
	f.StringArrayVar(&faults, "fault", nil, "switch on a fault, by `KEY`")
	f.BoolVar(&list, "list-faults", false, "list the faults and end")
	f.BoolVar(&asJSON, "json", false, "one JSON document, then serve")
	_ = cmd.RegisterFlagCompletionFunc("fault", completeFaults)
	return cmd
}

func (c *console) lab(ctx context.Context, addr string, faults []string, list, asJSON bool) error {
	begin := lab.Start
	if list {
		begin = lab.New
	}
	l, err := begin(lab.Options{Addr: addr})
	if err != nil {
		return usage("%v", err)
	}
	defer l.Close()
	for _, key := range faults {
		if !slices.ContainsFunc(l.Faults(), func(f lab.Fault) bool { return f.Key == key }) {
			return usage("the lab has no fault %q; --list-faults lists them", wire.Safe(key))
		}
		if err := l.SetFault(key, true); err != nil {
			return usage("%v", err)
		}
	}
	if list {
		return c.faults(l, asJSON)
	}
	if asJSON {
		err = c.document(labOf(l))
	} else {
		c.labText(l)
	}
	if err != nil || c.out.failed() != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

func labOf(l *lab.Lab) labDoc {
	d := labDoc{Schema: schema, Issuer: l.Issuer(), API: l.API(), Faults: faultsOf(l)}
	for _, k := range l.Clients() {
		d.Clients = append(d.Clients, clientDoc{k.ID, authOf(k), k.Secret, json.RawMessage(cmp.Or(k.PrivateJWK, "null")), append([]string{}, k.Requires...),
			k.Grants, append([]string{}, k.Scopes...), append([]string{}, k.RedirectURIs...), k.Note})
	}
	for _, u := range l.Users() {
		d.Users = append(d.Users, userDoc(u))
	}
	return d
}

// authOf is how a client authenticates, also where its registration leaves it
// to what the client has.
func authOf(k lab.Client) string {
	switch {
	case k.Auth != "":
		return k.Auth
	case k.Secret != "":
		return "client_secret_basic"
	}
	return "none"
}

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

func faultsOf(l *lab.Lab) []faultDoc {
	var out []faultDoc
	for _, f := range l.Faults() {
		out = append(out, faultDoc(f))
	}
	return out
}

func (c *console) faults(l *lab.Lab, asJSON bool) error {
	if asJSON {
		return c.document(struct {
			Schema int        `json:"schema"`
			Faults []faultDoc `json:"faults"`
		}{schema, faultsOf(l)})
	}
	for _, f := range l.Faults() {
		c.printf("%s %s %s", c.styles.Key.Render(padded(f.Key, 20)), padded(f.Step, 10), f.Shows)
	}
	c.say("authdance run authorization_code --fault KEY shows one.")
	return nil
}

func (c *console) labText(l *lab.Lab) {
	st := c.styles
	c.printf("%s  %s", st.Title.Render("The lab is ready."), st.Muted.Render("It serves this computer only, until Ctrl-C."))
	c.printf("\nissuer   %s", l.Issuer())
	c.printf("API      %s/api/profile (scope read), %s/api/notes (scope write)", l.API(), l.API())
	c.printf("\n%s", st.Title.Render("CLIENTS"))
	for _, k := range l.Clients() {
		c.printf("  %s %s", st.Key.Render(padded(k.ID, 17)), credentials(k)) // whole, so that a key can be copied
		c.wrapped(c.printf, "                    ", k.Note)
	}
	c.printf("\n%s", st.Title.Render("USERS"))
	for _, u := range l.Users() {
		c.printf("  %s password %s   %s, %s", st.Key.Render(padded(u.Username, 17)), u.Password, u.Name, u.Email)
	}
	var on []string
	for _, f := range l.Faults() {
		if f.On {
			on = append(on, f.Key)
		}
	}
	if len(on) > 0 {
		c.printf("\n%s faults that are switched on: %s", c.sign("warn"), strings.Join(on, ", "))
	}
	c.printf("\n%s", st.Title.Render("TRY"))
	c.printf("  %s", st.Code.Render("curl "+l.Issuer()+"/.well-known/openid-configuration"))
	c.printf("  %s", st.Code.Render("authdance run authorization_code --issuer "+l.Issuer()+" --client-id workshop-spa --scope 'openid profile'"))
}
