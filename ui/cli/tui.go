package cli

import (
	"cmp"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/atotto/clipboard"
	"github.com/charmbracelet/colorprofile"

	"authdance/flows"
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
	st := &stage{c: c, lab: l, profiles: func() []provider.Profile { all, _ := list(); return all }, tick: tick, casts: map[string]*cast{}}
	defer st.close()
	colours := themes.Colour(c.color, c.environ, true)
	d := ui.Deps{
		Styles: look.Styles(themes.PickSymbols(c.environ, look.Symbols), colours < colorprofile.ANSI), Keys: km,
		Now: c.now, Profiles: profiles, Profile: profile, Flow: flow, Tick: tick, Greet: profile == labProfile && flow == "authorization_code",
		Start: st.start, List: list, Lab: labDesk{l}, Remote: c.remote(), Open: readText, Notes: c.notes,
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
