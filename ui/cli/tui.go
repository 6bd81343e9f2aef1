package cli

import (
	"cmp"
	"context"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/atotto/clipboard"
	"github.com/charmbracelet/colorprofile"

	"authdance/flows"
	"authdance/flows/exec"
	"authdance/flows/grants"
	"authdance/flows/lab"
	"authdance/flows/provider"
	"authdance/flows/wire"
	"authdance/themes"
	"authdance/ui"
	"authdance/ui/keys"
	"authdance/ui/ttyin"
	"authdance/ui/welcome"
)

// signInTick is how long each exchange of the simulated sign-in, and each step
// that runs by itself, stays on the screen.
const signInTick = 400 * time.Millisecond

// tui opens the terminal program: it starts the lab, builds what the model
// needs from outside, and turns its end into an exit code.
func (c *console) tui(ctx context.Context, profile, flow, theme string) error {
	look, err := themes.Load(cmp.Or(theme, themes.Names()[0]))
	if err != nil {
		return usage("--theme: %v", err)
	}
	if flow == "" {
		flow = "authorization_code"
	}
	if _, err := grants.Build(flows.Spec{Grant: flow}); err != nil {
		return usage("--flow: %v", err)
	}
	l, err := lab.Start(lab.Options{Tenants: labTenants("id_jag")})
	if err != nil {
		return &outcome{exitNetwork, "the lab could not start: " + err.Error()}
	}
	defer l.Close()
	list := func() ([]provider.Profile, []string) {
		saved, trouble, err := c.profiles().List()
		bad := make([]string, 0, len(trouble))
		for _, t := range trouble {
			bad = append(bad, wire.Safe(filepath.Base(t.File)+": "+t.What))
		}
		if err != nil {
			bad = append(bad, err.Error())
		}
		return append([]provider.Profile{provider.ForLab(l.Issuer(), l.API())}, saved...), bad
	}
	profiles, trouble := list()
	if profile == "" {
		profile = labProfile
	} else if _, err := find(profiles, profile); err != nil {
		if _, why := c.profiles().Get(profile); why != nil {
			err = why
		}
		return usage("--profile: %v", err)
	}
	km, err := keys.New(keys.Default())
	if err != nil {
		return &outcome{exitBug, err.Error()}
	}
	tick := signInTick
	if _, still := c.env("NO_MOTION"); still {
		tick = time.Millisecond
	}
	p, done, err := c.screenPerformer(l, tick)
	if err != nil {
		return err
	}
	defer done()
	colours := themes.Colour(c.color, c.environ, true)
	d := ui.Deps{
		Performer: p, Styles: look.Styles(themes.PickSymbols(c.environ, look.Symbols), colours < colorprofile.ANSI), Keys: km,
		Now: c.now, Profiles: profiles, Profile: profile, Flow: flow, Tick: tick, Greet: profile == labProfile && flow == "authorization_code",
		Start: c.starter(list, l), List: list, Lab: labDesk{l},
		Clipboard: c.clipboard(), Welcome: c.facts(l, colours, trouble),
	}
	err = ui.Run(ctx, d, ui.Terminal{In: ttyin.New(c.in), Out: os.Stdout, Environ: withoutDebug(c.environ), Profile: colours})
	var crash *ui.Crash
	var sig *ui.Signal
	switch {
	case errors.As(err, &crash):
		c.crashFile(crash.Where, crash.Kind, crash.Stack)
		return &outcome{code: exitBug}
	case errors.As(err, &sig):
		return &outcome{code: exitSignal + sig.Number}
	case err != nil:
		return &outcome{exitBug, "the terminal program ended: " + err.Error()}
	}
	return nil
}

// screenPerformer signs in by itself at the lab, and uses the person's browser
// everywhere else.
func (c *console) screenPerformer(l *lab.Lab, tick time.Duration) (flows.Performer, func(), error) {
	o := exec.Options{Now: c.now, Crashed: c.crashed, Browser: exec.None{}}
	if c.hasScreen() {
		o.Browser = exec.System{}
	}
	live, err := exec.NewLive(o)
	if err != nil {
		return nil, nil, usage("%v", err)
	}
	who := l.Users()[0]
	signIn, err := exec.NewSignIn(exec.SignInOptions{Options: o, Next: live, User: who.Username, Password: who.Password, Code: lab.SecondFactor, Tick: tick})
	if err != nil {
		return nil, nil, usage("%v", err)
	}
	return byHost{host: hostOf(l.Issuer()), there: signIn, elsewhere: live}, func() { _ = live.Close() }, nil
}

// byHost sends a Browse to the simulated browser when it goes to the lab.
type byHost struct {
	host             string
	there, elsewhere flows.Performer
}

// Perform implements flows.Performer.
func (b byHost) Perform(ctx context.Context, e flows.Effect) flows.Event {
	if br, ok := e.(flows.Browse); ok && hostOf(br.Request.URL.Raw()) == b.host {
		return b.there.Perform(ctx, e)
	}
	return b.elsewhere.Perform(ctx, e)
}

func hostOf(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return ""
	}
	return u.Host
}

func find(list []provider.Profile, id string) (provider.Profile, error) {
	for _, p := range list {
		if p.ID == id {
			return p, nil
		}
	}
	return provider.Profile{}, errors.New("there is no profile " + wire.Safe(id) + "; authdance profile list shows those there are")
}

// starter makes the first fact of a run. It reads the profile's secret, so the
// model calls it as a command.
func (c *console) starter(list func() ([]provider.Profile, []string), l *lab.Lab) func(profile, grant string, more flows.Vars) (flows.Started, error) {
	return func(profile, grant string, more flows.Vars) (flows.Started, error) {
		profiles, _ := list()
		p, err := find(profiles, profile)
		if err != nil {
			return flows.Started{}, err
		}
		p = p.For(grant)
		vars := flows.Vars(p.Vars())
		for name, v := range more {
			vars[name] = v
		}
		secrets := flows.Secrets{}
		if ref := p.Client.Secret; ref == "prompt" || ref == "-" {
			return flows.Started{}, errors.New("its secret is asked for or read from standard input, which works only with authdance run; use env:NAME or file:PATH here")
		} else if ref != "" {
			s, err := c.resolve(ref, "its secret", false)
			if err != nil {
				return flows.Started{}, err
			}
			secrets["client_secret"] = s
		} else if p.Class == provider.Lab {
			secrets = labSecrets(l, p.Client.ID)
			if err := labValues(l, grant, p.RunOptions(), vars); err != nil {
				return flows.Started{}, err
			}
		}
		spec := flows.Spec{Grant: grant, Options: p.RunOptions()}
		return grants.Start(spec, flows.Profile{ID: p.ID, Name: p.Name, Class: p.Class, Quirks: p.Quirks}, vars, secrets, nil)
	}
}

// clipboard is the local clipboard; nil over SSH and where there is none: then
// the terminal is asked (OSC 52).
func (c *console) clipboard() func(string) error {
	if c.inSSH() || clipboard.Unsupported {
		return nil
	}
	return clipboard.WriteAll
}

// facts are the lines about this machine on the welcome screen.
func (c *console) facts(l *lab.Lab, colours colorprofile.Profile, trouble []string) welcome.Facts {
	f := welcome.Facts{{Name: "lab server", Value: hostOf(l.Issuer())}, {Name: "its API", Value: hostOf(l.API())}}
	if c.clipboard() != nil {
		f = append(f, welcome.Fact{Name: "clipboard", Value: "local"})
	} else {
		f = append(f, welcome.Fact{Name: "clipboard", Value: "through the terminal (OSC 52)"})
	}
	if c.hasScreen() {
		f = append(f, welcome.Fact{Name: "browser", Value: "yours, for real providers"})
	} else {
		f = append(f, welcome.Fact{Name: "browser", Value: "none here; the lab needs none", Warn: true})
	}
	f = append(f, welcome.Fact{Name: "colours", Value: strings.ToLower(colours.String())}, welcome.Fact{Name: "symbols", Value: themes.PickSymbols(c.environ).Name})
	for _, t := range trouble {
		f = append(f, welcome.Fact{Name: "profile", Value: t, Warn: true})
	}
	return f
}

// withoutDebug hides TEA_DEBUG: it would write a panic's value into a file in
// the working directory.
func withoutDebug(environ []string) []string {
	_ = os.Unsetenv("TEA_DEBUG")
	out := make([]string, 0, len(environ))
	for _, e := range environ {
		if !strings.HasPrefix(e, "TEA_DEBUG=") {
			out = append(out, e)
		}
	}
	return out
}
