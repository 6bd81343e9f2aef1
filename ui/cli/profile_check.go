package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"authdance/flows"
	"authdance/flows/exec"
	"authdance/flows/files"
	"authdance/flows/grants"
	"authdance/flows/provider"
	"authdance/flows/wire"
)

type fitDoc struct {
	ID    string `json:"id"`
	Works bool   `json:"works"`
	Why   string `json:"why"` // why not
}

type profileCheckDoc struct {
	Schema  int             `json:"schema"`
	Profile string          `json:"profile"`
	Checks  []wire.Check    `json:"checks"`
	Flows   []fitDoc        `json:"flows"`
	Since   string          `json:"since"` // when the metadata was last seen; "": never
	Changes []differenceDoc `json:"changes"`
}

func profileCheckCommand(c *console) *cobra.Command {
	var asJSON bool
	var f transportFlags
	cmd := &cobra.Command{Use: "check ID", Short: "Examine a provider: connection, metadata, keys, and which flows will work", Args: exactly(1, "the ID of a profile"),
		Long: "Examine a provider: connection, clock, metadata at every place where it may be, keys, and which flows will work\nwith this client. It only reads public documents. Exit code 5 when a check failed.",
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.checkProfile(cmd.Context(), &f, args[0], asJSON)
		}}
	f.add(cmd.Flags())
	return c.oneProfile(cmd, &asJSON)
}

func (c *console) checkProfile(ctx context.Context, f *transportFlags, id string, asJSON bool) error {
	p, err := c.profiles().Get(id)
	if err != nil {
		return usage("%v", err)
	}
	l, err := live(c.options(f))
	if err != nil {
		return err
	}
	defer l.Close()
	doc := profileCheckDoc{Schema: schema, Profile: p.ID, Changes: []differenceDoc{}}
	doc.Checks = append(doc.Checks, loopbackPort(p.Client.RedirectURI))
	docs, checks := c.documentsOf(ctx, l, p)
	doc.Checks = append(append(doc.Checks, checks...), provider.Examine(p, docs)...)
	var meta provider.Metadata
	if len(docs) > 0 {
		meta = docs[0].Meta
		if at := meta.URLs()["jwks_uri"].Raw(); at != "" {
			if body, _, why := get(ctx, l, at); why != "" {
				doc.Checks = append(doc.Checks, wire.Check{ID: "jwks_invalid", Status: wire.Fail, Message: "the keys cannot be fetched from " + wire.Safe(at) + ": " + why})
			} else {
				doc.Checks = append(doc.Checks, provider.ExamineKeys(body, c.now())...)
			}
		}
		doc.Since, doc.Changes = c.sinceLast(p.ID, meta)
	}
	doc.Flows = flowsThatWork(p, meta)
	if asJSON {
		if err := c.document(doc); err != nil {
			return err
		}
	} else {
		c.showProfileCheck(doc)
	}
	if slices.ContainsFunc(doc.Checks, func(k wire.Check) bool { return k.ID == "unreachable" }) {
		return ends(exitNetwork)
	}
	if slices.ContainsFunc(doc.Checks, func(k wire.Check) bool { return k.Status == wire.Fail }) {
		return ends(exitCheck)
	}
	return nil
}

// documentsOf fetches the metadata at every place where it may be, the one
// that runs use first, with what the connection told.
func (c *console) documentsOf(ctx context.Context, l *exec.Live, p provider.Profile) ([]provider.Document, []wire.Check) {
	places := provider.WellKnown(p.Issuer)
	if p.Issuer == "" {
		places = nil
	}
	if p.Metadata != "" {
		places = append([]provider.Candidate{{URL: p.Metadata, Rule: "the profile names it"}}, places...)
	}
	var docs []provider.Document
	var checks []wire.Check
	reached, why := false, ""
	for _, place := range places {
		body, ex, trouble := get(ctx, l, place.URL)
		if ex.Response.Status == 0 {
			why = cmp.Or(why, trouble)
			continue
		}
		if !reached {
			reached = true
			checks = append(checks, c.connection(ex)...)
		}
		if trouble != "" {
			continue
		}
		m, odd, err := provider.ParseMetadata(body)
		if err != nil {
			checks = append(checks, wire.Check{ID: "metadata_invalid", Status: wire.Warn, Ref: place.Rule, Message: wire.Safe(place.URL) + ": " + wire.Safe(err.Error())})
			continue
		}
		checks = append(checks, odd...)
		docs = append(docs, provider.Document{URL: place.URL, Rule: place.Rule, Meta: m, CORS: ex.Response.Get("Access-Control-Allow-Origin") != ""})
	}
	if len(places) > 0 && !reached {
		checks = append(checks, wire.Check{ID: "unreachable", Status: wire.Fail, Message: why})
	} else if len(places) > 0 && len(docs) == 0 {
		checks = append(checks, wire.Check{ID: "metadata_invalid", Status: wire.Fail, Message: "no metadata at any of the places where it may be"})
	}
	if p.API != "" {
		checks = append(checks, c.resourceOf(ctx, l, p)...)
	}
	return docs, checks
}

// resourceOf compares the description of the API (RFC 9728) with the profile.
func (c *console) resourceOf(ctx context.Context, l *exec.Live, p provider.Profile) []wire.Check {
	for _, place := range provider.ResourceWellKnown(p.API) {
		body, _, why := get(ctx, l, place.URL)
		if why != "" {
			continue
		}
		m, _, err := provider.ParseMetadata(body)
		if err != nil {
			continue
		}
		check := wire.Check{ID: "resource_metadata", Status: wire.Pass, Ref: "RFC 9728 §3.3", Message: "the API names this issuer as its authorization server", Want: wire.Safe(p.Issuer)}
		if servers := m.Document().Strings("authorization_servers"); !slices.Contains(servers, p.Issuer) {
			check.Status, check.Got = wire.Warn, wire.Safe(strings.Join(servers, " "))
			check.Message = "the API does not name this issuer as its authorization server: it may refuse the tokens"
		}
		return []wire.Check{check}
	}
	return []wire.Check{{ID: "resource_metadata", Status: wire.NA, Ref: "RFC 9728 §3", Message: "the API publishes no description of itself"}}
}

// connection is what one answer says about the way there.
func (c *console) connection(ex flows.Exchange) []wire.Check {
	out := []wire.Check{{ID: "reachable", Status: wire.Pass, Message: "name, connection and HTTP work", Got: wire.Safe(ex.Remote)}}
	if t := ex.TLS; t != nil {
		k := wire.Check{ID: "tls", Status: wire.Pass, Message: t.Version + ", certificate good until " + t.NotAfter.UTC().Format(time.DateOnly), Got: t.Subject.Safe()}
		if t.Skipped {
			k.Status, k.Message = wire.Warn, "the certificate was not checked (--insecure-skip-verify)"
		} else if t.NotAfter.Sub(c.now()) < 14*24*time.Hour {
			k.Status, k.Message = wire.Warn, "the certificate ends soon, on "+t.NotAfter.UTC().Format(time.DateOnly)
		}
		out = append(out, k)
	}
	if date, err := http.ParseTime(ex.Response.Get("Date").Raw()); err == nil {
		off := c.now().Sub(date).Round(time.Second)
		k := wire.Check{ID: "clock_skew", Status: wire.Pass, Message: "the clocks of this computer and of the server agree within a minute"}
		if off.Abs() > time.Minute {
			k.Status, k.Message, k.Got = wire.Warn, "the clocks of this computer and of the server differ: tokens will look expired or not yet valid", off.String()
		}
		out = append(out, k)
	}
	return out
}

// loopbackPort says whether the answer of a browser can be listened for.
func loopbackPort(redirect string) wire.Check {
	u, err := url.Parse(redirect)
	if err != nil || !isLoopback(u.Hostname()) {
		return wire.Check{ID: "redirect_port", Status: wire.NA, Message: "the redirect URI is not on this computer: paste the address that the browser ends at", Got: wire.Safe(redirect)}
	}
	host := u.Hostname()
	ln, err := net.Listen("tcp", net.JoinHostPort(host, cmp.Or(u.Port(), "80")))
	if err != nil {
		return wire.Check{ID: "redirect_port", Status: wire.Fail, Message: "the port of the redirect URI cannot be listened on: another program has it, or it needs rights that this one has not", Got: wire.Safe(redirect)}
	}
	_ = ln.Close()
	return wire.Check{ID: "redirect_port", Status: wire.Pass, Message: "the port of the redirect URI is free"}
}

// flowsThatWork says of every flow whether this provider and client can do it.
func flowsThatWork(p provider.Profile, m provider.Metadata) []fitDoc {
	has := map[string]bool{}
	for name := range p.Vars() {
		has[name] = true
	}
	for name, u := range m.URLs() {
		has[name] = u != ""
	}
	out := []fitDoc{}
	for _, g := range grants.List() {
		d := fitDoc{ID: g.ID, Works: true}
		not := func(why string) {
			if d.Works {
				d.Works, d.Why = false, why
			}
		}
		types := map[string]string{"authorization_code": "authorization_code", "implicit": "implicit", "hybrid": "implicit", "client_credentials": "client_credentials", "password": "password", "refresh_token": "refresh_token",
			"device_code": "urn:ietf:params:oauth:grant-type:device_code", "ciba": "urn:openid:params:grant-type:ciba", "token_exchange": "urn:ietf:params:oauth:grant-type:token-exchange",
			"jwt_bearer": "urn:ietf:params:oauth:grant-type:jwt-bearer", "saml2_bearer": "urn:ietf:params:oauth:grant-type:saml2-bearer"}
		for _, st := range g.Steps {
			for _, need := range st.Needs {
				if strings.HasSuffix(need, "_endpoint") && !strings.HasPrefix(need, "resource_") && !has[need] && st.Skip == nil {
					not("the provider has no " + need)
				}
			}
		}
		if yes, announced := m.Supports("grant_types_supported", types[g.ID]); types[g.ID] != "" && announced && !yes {
			not("the provider does not announce the grant " + types[g.ID])
		}
		if own := p.For(g.ID); slices.Contains([]string{"client_credentials", "token_exchange", "on_behalf_of", "introspect"}, g.ID) && own.ClientAuth() == "none" {
			not("it needs a client that proves itself; the profile's has neither secret nor key")
		}
		out = append(out, d)
	}
	return out
}

type seenDoc struct {
	At       time.Time       `json:"at"`
	Document json.RawMessage `json:"document"`
}

// sinceLast compares the metadata with that of the last check, and keeps it.
func (c *console) sinceLast(id string, m provider.Metadata) (since string, changes []differenceDoc) {
	path := filepath.Join(c.stateDir(), "metadata", id+".json")
	changes = []differenceDoc{}
	if b, err := files.Read(path, 8<<20); err == nil {
		var seen seenDoc
		if json.Unmarshal(b, &seen) == nil {
			if before, _, err := provider.ParseMetadata(seen.Document); err == nil {
				since, changes = seen.At.UTC().Format(time.RFC3339), differenceDocs(provider.Differences(before, m))
			}
		}
	}
	if b, err := json.Marshal(seenDoc{c.now().UTC(), json.RawMessage(m.Document().Indent())}); err == nil {
		if err := files.Write(path, b); err != nil {
			c.warn("the metadata could not be kept for the next check: %v", err)
		}
	}
	return since, changes
}

func (c *console) showProfileCheck(doc profileCheckDoc) {
	for _, k := range doc.Checks {
		text := k.Message
		if k.Got != "" && k.Status != wire.Pass {
			text += "  (" + k.Got
			if k.Want != "" {
				text += "; wanted " + k.Want
			}
			text += ")"
		}
		c.printf("%s %s %s", c.sign(string(k.Status)), c.styles.Key.Render(padded(k.ID, 26)), text)
	}
	if doc.Since != "" && len(doc.Changes) > 0 {
		c.printf("")
		c.printf("Changed since %s:", doc.Since)
		for _, d := range doc.Changes {
			c.printf("  %s %s → %s", padded(oneLine(d.Name), 30), oneLine(dash(d.A)), oneLine(dash(d.B)))
		}
	}
	c.printf("")
	for _, f := range doc.Flows {
		state, why := "pass", "should work"
		if !f.Works {
			state, why = "na", f.Why
		}
		c.printf("%s %s %s", c.sign(state), c.styles.Key.Render(padded(f.ID, 22)), why)
	}
}
