package cli

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"authdance/flows"
	"authdance/flows/exec"
	"authdance/flows/grants"
	"authdance/flows/record"
	"authdance/flows/wire"
)

// runFlags are the flags of run, beside its target.
type runFlags struct {
	target    targetFlags
	transport transportFlags
	edits     []string
	browser   string
	paste     bool

	json, jsonl, reveal bool
	record              string
}

func runCommand(c *console) *cobra.Command {
	f := &runFlags{}
	cmd := &cobra.Command{
		Use:   "run FLOW",
		Short: "Run a flow and show every step",
		Long: "Run a flow and show every step. Without an address it runs against the built-in lab, where a\n" +
			"person signs in by itself: no browser, no network. authdance flows lists the flows and their steps.",
		Example: "authdance run authorization_code\n" +
			"authdance run authorization_code --json --edit token:code_verifier=wrong\n" +
			"authdance run authorization_code --issuer https://idp.example --client-id my-app\n" +
			"authdance run refresh_token --profile okta-dev --refresh-token env:REFRESH_TOKEN",
		Args:              oneFlow,
		ValidArgsFunction: completeFlows,
		RunE:              func(cmd *cobra.Command, args []string) error { return c.run(cmd.Context(), f, args[0]) },
	}
	group(cmd, "where", f.target.where)
	group(cmd, "who", f.target.who)
	group(cmd, "how", f.target.how)
	group(cmd, "request", f.target.what)
	group(cmd, "breaking it", func(fs *pflag.FlagSet) {
		fs.StringArrayVar(&f.edits, "edit", nil, "change a step's message: `STEP:NAME=VALUE` sets, STEP:-NAME drops, STEP:+NAME=VALUE adds")
	})
	group(cmd, "lab", f.target.labs)
	group(cmd, "browser", func(fs *pflag.FlagSet) {
		fs.StringVar(&f.browser, "browser", "auto", "auto, print (the address alone on a line of stderr), none (paste the answer), or a program `CMD`")
		fs.BoolVar(&f.paste, "paste", false, "also take the address that the browser came back with from stdin")
	})
	group(cmd, "transport", f.transport.add)
	group(cmd, "output", func(fs *pflag.FlagSet) {
		fs.BoolVar(&f.json, "json", false, "one JSON document at the end")
		fs.BoolVar(&f.jsonl, "jsonl", false, "one JSON line for each fact, as it happens")
		fs.BoolVar(&f.reveal, "reveal", false, "show secrets and tokens in the output")
		fs.StringVar(&f.record, "record", "", "write the facts to `FILE` too, without secrets")
		fs.BoolVar(&c.quiet, "quiet", false, "no narration")
	})
	_ = cmd.RegisterFlagCompletionFunc("profile", c.completeProfiles)
	_ = cmd.RegisterFlagCompletionFunc("fault", completeFaults)
	_ = cmd.RegisterFlagCompletionFunc("dialect", completeDialects)
	return cmd
}

// oneFlow takes the ID of a flow. A flag that may stand without a value wants
// its value behind an equals sign, which people forget.
func oneFlow(cmd *cobra.Command, args []string) error {
	if len(args) == 2 {
		for _, s := range grants.OptionSettings() {
			fl := cmd.Flag(dashed(s.Name))
			if fl != nil && fl.Changed && fl.NoOptDefVal != "" && slices.Contains(everyChoice(s.Name), args[1]) {
				return usage("write --%s=%s, with the equals sign", fl.Name, args[1])
			}
		}
	}
	return exactly(1, "the ID of a flow (authdance flows lists them)")(cmd, args)
}

// run is the command: build the target and the performer, let the machine run,
// tell what happened.
func (c *console) run(ctx context.Context, f *runFlags, flow string) error {
	if f.json && f.jsonl {
		return usage("--json and --jsonl exclude each other: one document at the end, or one line for each fact")
	}
	if _, err := grants.Resolve(flows.Spec{Grant: flow}); err != nil {
		return usage("%v", err)
	}
	t, err := c.target(&f.target, flow)
	if err != nil {
		return err
	}
	defer t.close()
	w, err := c.performer(f, t)
	if err != nil {
		return err
	}
	defer w.close()
	if err := c.signInFirst(ctx, f, t, w); err != nil {
		return err
	}
	log, err := c.begin(f, t)
	if err != nil {
		return err
	}
	if t.lab != nil {
		if err := spoil(t.lab, f.target.faults, f.target.dialect); err != nil {
			return err
		}
	}
	hide := record.NewRedactor(t.everySecret())
	shown := hide
	if f.reveal {
		shown = nil
	}
	tell, err := c.listeners(f, t, shown, hide)
	if err != nil {
		return err
	}
	defer tell.close()
	for _, en := range log.Entries {
		tell.entry(en)
	}
	log = exec.Run(ctx, log, c.now, w.performer, tell.entry)
	s, _ := log.At(len(log.Entries))
	if err := tell.end(s); err != nil {
		return err
	}
	return ends(codeOf(s))
}

// begin makes the log up to the moment when the machine takes over.
func (c *console) begin(f *runFlags, t *target) (flows.Log, error) {
	started, err := t.start()
	if err != nil {
		return flows.Log{}, err
	}
	log := flows.Log{}.Append(c.now(), started)
	s, _ := log.At(1)
	list, err := edits(f.edits, s)
	if err != nil {
		return log, err
	}
	if len(list) > 0 && t.profile.Class == "LIVE" {
		answer, err := c.ask("Profile "+t.profile.ID+" is LIVE. Type its ID to send changed requests there", false)
		if err != nil {
			return log, err
		}
		if strings.TrimSpace(answer) != t.profile.ID {
			return log, &outcome{exitPerson, "nothing was sent: that is not the ID of the profile"}
		}
	}
	for _, e := range list {
		log = log.Append(c.now(), e)
	}
	return log, nil
}

func hasMessage(s flows.State, st flows.Step) bool {
	if st.In != nil || st.Do == nil {
		return st.In != nil
	}
	return flows.MessageOf(st.Do(s)).Method != ""
}

// stepIDs lists the steps of a grant; with a state, those with a message only.
func stepIDs(g flows.Grant, s *flows.State) []string {
	var ids []string
	for _, st := range g.Steps {
		if s == nil || hasMessage(*s, st) {
			ids = append(ids, st.ID)
		}
	}
	return ids
}

// everySecret is what must not show: the client's secret, the person's
// password, and the tokens that the run begins with.
func (t *target) everySecret() flows.Secrets {
	all := flows.Secrets{}
	for name, s := range t.secrets {
		all[name] = s
	}
	if t.password != "" {
		all["password"] = wire.NewSecret(t.password)
	}
	for name, v := range t.vars {
		if flows.Sensitive(name) && v != "" {
			all[name] = wire.NewSecret(v.Raw())
		}
	}
	return all
}

// signInFirst gets the lab's tokens for a flow that begins with one: nobody
// can have a token of a lab that did not exist a moment ago.
func (c *console) signInFirst(ctx context.Context, f *runFlags, t *target, w *world) error {
	g, err := grants.Build(flows.Spec{Grant: t.grant})
	if err != nil {
		return usage("%v", err)
	}
	if t.lab == nil || !slices.ContainsFunc(grants.Lacks(g, t.vars, t.secrets), func(need flows.Given) bool { return need.From != "" }) {
		return nil
	}
	c.say("The lab is new, so %s signs in first to have tokens.", t.user)
	first, err := t.before()
	if err != nil {
		return err
	}
	started, err := first.start()
	if err != nil {
		return err
	}
	if first.profile.Client != t.profile.Client { // another application, with a browser of its own
		if w, err = c.performer(f, first); err != nil {
			return err
		}
		defer w.close()
	}
	log := exec.Run(ctx, flows.Log{}.Append(c.now(), started), c.now, w.performer, nil)
	s, _ := log.At(len(log.Entries))
	if s.Status != flows.Done {
		return &outcome{codeOf(s), "the sign-in before this flow failed: " + problemLine(s.Problem)}
	}
	for name, v := range grants.Carry(g, s.Vars) {
		if t.vars[name] == "" {
			t.vars[name] = v
		}
	}
	return nil
}

// before is the sign-in that brings what the flow begins with: as the profile
// has it, or, where the flow has no client of its own, as the flow's client.
func (t *target) before() (*target, error) {
	first := *t
	first.grant, first.params, first.vars = "authorization_code", nil, nil
	if own := t.whole.Grants[t.grant]; own.Client.ID == "" && own.Before == nil {
		first.profile.API = t.whole.API
		first.vars = flows.Vars(first.profile.Vars())
		return &first, labValues(t.lab, first.grant, map[string]string{"mtls": t.options["mtls"]}, first.vars)
	}
	first.profile = t.whole.Before(t.grant)
	id := first.profile.Client.ID
	first.vars, first.secrets, first.options = flows.Vars(first.profile.Vars()), labSecrets(t.lab, id), first.profile.RunOptions()
	var err error
	first.keys, err = labKeys(t.lab, id)
	return &first, err
}

// codeOf is the exit code of a run.
func codeOf(s flows.State) int {
	if s.Problem == nil {
		return exitOK
	}
	switch s.Problem.Code {
	case exec.Internal:
		return exitBug
	case needsPerson:
		return exitInteraction
	}
	switch s.Problem.Kind {
	case flows.OAuth:
		return exitRefused
	case flows.Transport:
		return exitNetwork
	case flows.Refused:
		return exitCheck
	case flows.Person:
		return exitPerson
	}
	return exitUsage // a value is missing, and a flag would have given it
}

func problemLine(p *flows.Problem) string {
	if p == nil {
		return "it did not end"
	}
	s := wire.Safe(p.Code)
	if p.Description != "" {
		s += ": " + p.Description.Safe()
	}
	return s
}

// took is a duration as people read it.
func took(d time.Duration) string {
	switch {
	case d <= 0:
		return ""
	case d < time.Millisecond:
		return "<1 ms"
	case d < 10*time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return d.Round(100 * time.Millisecond).String()
}

// inSSH says whether this process runs on the far side of an SSH connection.
func (c *console) inSSH() bool {
	for _, name := range []string{"SSH_CONNECTION", "SSH_TTY", "SSH_CLIENT"} {
		if v, ok := c.env(name); ok && v != "" {
			return true
		}
	}
	return false
}

// hasScreen says whether a browser could show on this computer's screen.
func (c *console) hasScreen() bool {
	if c.inSSH() {
		return false
	}
	if os.PathSeparator == '\\' {
		return true
	}
	for _, name := range []string{"DISPLAY", "WAYLAND_DISPLAY", "BROWSER"} {
		if v, ok := c.env(name); ok && v != "" {
			return true
		}
	}
	return onMac()
}
