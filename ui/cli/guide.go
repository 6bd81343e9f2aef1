package cli

import (
	"context"
	"strings"

	"authdance/flows"
	"authdance/flows/wire"
	"authdance/ui/pane"
)

// guide says what a person has to do before somebody waits for it.
type guide struct {
	next  flows.Performer
	c     *console
	alone bool // the simulated browser does it
}

// Perform implements flows.Performer.
func (g guide) Perform(ctx context.Context, e flows.Effect) flows.Event {
	b, ok := e.(flows.Browse)
	switch {
	case !ok || b.Resume:
	case b.Code != "" && g.alone:
		g.c.say("A person would open %s and type %s. The simulated browser does it.", b.Request.URL.Safe(), b.Code.Safe())
	case b.Code != "":
		g.code(b)
	case !g.alone:
		if cmd := pane.Forward(g.c.remote(), b.RedirectURI.Raw()); cmd != "" {
			g.c.say("You are on a remote computer, and the browser has to reach a port of it. Where the browser is, run\n  %s\nand then open the address there. Without that: let the last page fail, and give its address to --paste.", wire.Safe(cmd))
		}
	}
	return g.next.Perform(ctx, e)
}

// code tells a person what to type where, with a picture for a phone where the
// terminal can show one.
func (g guide) code(b flows.Browse) {
	c := g.c
	c.say("On a phone or a computer open\n  %s\nand type, or compare\n  %s", c.styles.Key.Render(b.Request.URL.Safe()), c.styles.Now.Render(strings.Join(strings.Split(b.Code.Safe(), ""), " ")))
	if !c.errTTY {
		return
	}
	for _, l := range pane.Scannable(c.styles, b.Request.Target(), c.columns(), 40) {
		c.say("%s", l)
	}
}

// remote is how this computer is called from the other end of the SSH
// connection; "" where there is none.
func (c *console) remote() string {
	connection, _ := c.env("SSH_CONNECTION") // client address, client port, our address, our port
	f := strings.Fields(connection)
	if len(f) != 4 {
		return ""
	}
	name := f[2]
	for _, of := range []string{"USER", "LOGNAME"} {
		if user, ok := c.env(of); ok && user != "" {
			name = user + "@" + name
			break
		}
	}
	if f[3] != "22" {
		name = "-p " + f[3] + " " + name
	}
	return name
}
