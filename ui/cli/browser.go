package cli

import (
	"context"
	"errors"
	"io"
	"runtime"

	"authdance/flows"
	"authdance/flows/exec"
	"authdance/flows/lab"
	"authdance/flows/wire"
)

// needsPerson is the code of a run that stops because somebody would have to
// act and nobody can.
const needsPerson = "interaction_needed"

func onMac() bool { return runtime.GOOS == "darwin" }

// world is what performs the effects of a run.
type world struct {
	performer flows.Performer
	live      *exec.Live
}

func (w *world) close() { _ = w.live.Close() }

// performer puts together who answers: the simulated browser where somebody
// signs in by name, else the person's browser, the pasted address, or both.
func (c *console) performer(f *runFlags, t *target) (*world, error) {
	o := c.options(&f.transport)
	alone := t.user != ""
	browser, err := c.browserOf(f, t)
	if err != nil {
		return nil, err
	}
	o.Browser = browser
	o.Keys = t.keys
	if t.lab != nil {
		o.CA = t.lab.CA()
	}
	l, err := live(o)
	if err != nil {
		return nil, err
	}
	w := &world{performer: l, live: l}
	switch {
	case alone:
		s, err := exec.NewSignIn(exec.SignInOptions{Options: o, Next: l, User: t.user, Password: t.password, Code: lab.SecondFactor, Deny: f.target.deny})
		if err != nil {
			return nil, usage("%v", err)
		}
		w.performer = s
	case c.noInput:
		w.performer = nobody{l}
	case f.paste || f.browser == "none":
		w.performer = &paster{next: l, c: c, alone: f.browser == "none"}
	}
	w.performer = guide{w.performer, c, alone}
	if f.transport.insecure {
		c.warn("certificates are not checked in this run: anybody between can read and change everything")
	}
	return w, nil
}

// browserOf is how the authorization request reaches a browser.
func (c *console) browserOf(f *runFlags, t *target) (exec.Browser, error) {
	host := t.host()
	switch f.browser {
	case "none":
		return exec.None{}, nil
	case "print":
		return exec.Print{W: c.err}, nil
	case "auto":
		if c.hasScreen() {
			return told{c, host, exec.System{}}, nil
		}
		return told{c, host, exec.None{}}, nil
	case "":
		return nil, usage("--browser needs auto, print, none or the path of a program")
	}
	return told{c, host, exec.Command{Path: f.browser}}, nil
}

// told says where the browser is sent before it goes there.
type told struct {
	c    *console
	host string // of the issuer
	next exec.Browser
}

// Open says the address and hands it on.
func (b told) Open(ctx context.Context, address string) error {
	u, err := exec.ValidateURL(address)
	if err != nil {
		return err
	}
	if u.Host != b.host {
		b.c.warn("the browser goes to %s, which is another host than %s", wire.Safe(u.Host), wire.Safe(b.host))
	}
	if _, printed := b.next.(exec.None); printed {
		b.c.say("Open this address in a browser; authdance waits for the answer:\n%s", u.String())
		return nil
	}
	b.c.say("Your browser opens %s://%s%s. If nothing happens, open this address:\n%s", u.Scheme, u.Host, u.EscapedPath(), u.String())
	return b.next.Open(ctx, address)
}

// nobody answers every Browse at once, for --no-input.
type nobody struct{ next flows.Performer }

// Perform refuses a Browse that somebody has to come back from, and hands
// everything else on.
func (n nobody) Perform(ctx context.Context, e flows.Effect) flows.Event {
	if b, ok := e.(flows.Browse); ok && b.RedirectURI != "" {
		return flows.Broke{ID: b.ID, Code: needsPerson, Message: "somebody would have to sign in with a browser, and --no-input forbids to wait for that; --user signs in without one"}
	}
	return n.next.Perform(ctx, e)
}

// paster also takes the browser's answer from stdin: the address that it came
// back with, on one line.
type paster struct {
	next  flows.Performer
	c     *console
	alone bool // nothing listens: the pasted address is the only way back
	lines chan pasted
}

type pasted struct {
	text string
	err  error
}

// Perform lets the listener and the pasted address race; the first one counts.
func (p *paster) Perform(ctx context.Context, e flows.Effect) flows.Event {
	b, ok := e.(flows.Browse)
	if !ok || b.RedirectURI == "" { // from there nobody comes back
		return p.next.Perform(ctx, e)
	}
	if !b.Resume {
		if p.alone {
			p.c.say("Open this address in a browser:\n%s", address(b))
		}
		p.c.say("Then paste the whole address that the browser ends up at, and press enter.")
	}
	p.read()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	back := make(chan flows.Event, 1)
	go func() { back <- p.next.Perform(ctx, e) }()
	for {
		select {
		case ev := <-back:
			return ev
		case line := <-p.lines:
			if line.err != nil && !p.alone {
				p.lines = make(chan pasted) // nothing more will come from there; the listener still may answer
				continue
			}
			if line.err != nil {
				cancel()
				<-back
				return flows.Broke{ID: b.ID, Code: needsPerson, Message: "the address that the browser came back with was to be pasted, and the input ended before it came"}
			}
			p.lines = nil
			if r, ours := flows.ParseCallback(line.text, b.RedirectURI); ours {
				cancel()
				<-back
				return flows.Redirected{ID: b.ID, Request: r, Via: flows.Pasted}
			}
			p.c.say("That has neither code nor error in it. Paste the address from the browser's address bar; it begins with %s", b.RedirectURI.Safe())
			p.read()
		}
	}
}

// read starts to read a line, unless one is being read already.
func (p *paster) read() {
	if p.lines != nil {
		return
	}
	p.lines = make(chan pasted, 1)
	lines := p.lines
	go func() {
		text, err := readLine(p.c.in)
		if errors.Is(err, io.EOF) && text != "" {
			err = nil
		}
		lines <- pasted{text, err}
	}()
}

// address is the checked form of what is to be opened.
func address(b flows.Browse) string {
	u, err := exec.ValidateURL(b.Request.Target())
	if err != nil {
		return wire.Safe(err.Error())
	}
	return u.String()
}
