package cli

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"authdance/flows"
	"authdance/flows/exec"
	"authdance/flows/grants"
	"authdance/flows/lab"
	"authdance/flows/provider"
	"authdance/flows/wire"
	"authdance/ui/pane"
)

// stage begins the runs of the terminal program. Each client has a cast of its
// own: its keys, and the browser in which its people stay signed in.
type stage struct {
	c        *console
	lab      *lab.Lab
	profiles func() []provider.Profile
	tick     time.Duration

	mu    sync.Mutex
	casts map[string]*cast
}

// cast is who performs the effects of a client's runs.
type cast struct {
	live      *exec.Live
	performer flows.Performer
}

// close ends what is still open.
func (st *stage) close() {
	st.mu.Lock()
	defer st.mu.Unlock()
	for _, one := range st.casts {
		_ = one.live.Close()
	}
}

// start makes the first fact of a run. It reads the profile's secrets and keys,
// so the model calls it as a command.
func (st *stage) start(w pane.Wish) (flows.Started, flows.Performer, error) {
	t, err := st.target(w)
	if err != nil {
		return flows.Started{}, nil, err
	}
	as, err := st.cast(t)
	if err != nil {
		return flows.Started{}, nil, err
	}
	if t.lab != nil {
		if err := st.before(t); err != nil {
			return flows.Started{}, nil, err
		}
	}
	ev, err := t.begin()
	return ev, as.performer, err
}

// target resolves a wish as the flags of run are.
func (st *stage) target(w pane.Wish) (*target, error) {
	whole, err := find(st.profiles(), w.Profile)
	if err != nil {
		return nil, err
	}
	t := &target{grant: w.Grant, whole: whole, profile: whole.For(w.Grant).InLab(w.Grant, w.Options), secrets: flows.Secrets{}}
	if auth := w.Options["client_auth"]; auth != "" {
		t.profile.Client.Auth = auth
	}
	if whole.Class == provider.Lab {
		t.lab = st.lab
	}
	t.vars, t.options = flows.Vars(t.profile.Vars()), t.profile.RunOptions()
	for name, v := range w.Options {
		t.options[name] = v
	}
	for name, v := range w.Values {
		if v == "" {
			delete(t.vars, name)
		} else {
			t.vars[name] = v
		}
	}
	for name, s := range w.Secrets {
		t.secrets[name] = s
	}
	for _, ref := range []string{t.profile.Client.Secret, t.profile.Client.Key, t.profile.Client.DecryptKey} {
		if ref == "prompt" || ref == "-" {
			return nil, errors.New("a secret of this profile is asked for or read from standard input, which works only with authdance run; use env:NAME or file:PATH here")
		}
	}
	if err := st.c.equip(t); err != nil {
		return nil, err
	}
	if t.lab == nil {
		return t, nil
	}
	who := st.lab.Users()[0]
	t.user, t.password = who.Username, who.Password
	return t, labValues(t.lab, t.grant, t.options, t.vars)
}

// cast finds or makes who performs for the target's client.
func (st *stage) cast(t *target) (*cast, error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	who := t.profile.Client
	key := strings.Join([]string{t.profile.ID, who.ID, who.Key, who.Certificate, who.DecryptKey}, "\n")
	if one, ok := st.casts[key]; ok {
		return one, nil
	}
	o := exec.Options{Now: st.c.now, Crashed: st.c.crashed, Browser: exec.None{}, Keys: t.keys}
	if t.lab != nil {
		o.CA = t.lab.CA()
	}
	if st.c.hasScreen() {
		o.Browser = exec.System{}
	}
	live, err := exec.NewLive(o)
	if err != nil {
		return nil, usage("%v", err)
	}
	one := &cast{live: live, performer: live}
	st.casts[key] = one
	if t.lab == nil {
		return one, nil
	}
	signIn, err := exec.NewSignIn(exec.SignInOptions{Options: o, Next: live, User: t.user, Password: t.password, Code: lab.SecondFactor, Tick: st.tick})
	if err != nil {
		return nil, usage("%v", err)
	}
	one.performer = byHost{host: hostOf(st.lab.Issuer()), there: signIn, elsewhere: live}
	return one, nil
}

// before signs in at the lab when the flow begins with something that no run of
// this session has brought: nobody else could have it. All of it then comes from
// that one login.
func (st *stage) before(t *target) error {
	g, err := grants.Build(flows.Spec{Grant: t.grant})
	if err != nil {
		return err
	}
	lacks := grants.Lacks(g, t.vars, t.secrets)
	if !slices.ContainsFunc(lacks, func(need flows.Given) bool { return need.From != "" }) {
		return nil
	}
	first, err := t.before()
	if err != nil {
		return err
	}
	as, err := st.cast(first)
	if err != nil {
		return err
	}
	started, err := first.begin()
	if err != nil {
		return err
	}
	log := exec.Run(exec.AtOnce(context.Background()), flows.Log{}.Append(st.c.now(), started), st.c.now, as.performer, nil)
	s, _ := log.At(len(log.Entries))
	if s.Status != flows.Done {
		return errors.New("this flow begins with tokens of a login, and the login at the lab failed: " + problemLine(s.Problem))
	}
	for name, v := range grants.Carry(g, s.Vars) {
		t.vars[name] = v
	}
	return nil
}

// byHost sends people to the simulated browser when they go to the lab.
type byHost struct {
	host             string
	there, elsewhere flows.Performer
}

// Perform implements flows.Performer.
func (b byHost) Perform(ctx context.Context, e flows.Effect) flows.Event {
	to := flows.MessageOf(e)
	switch on := e.(type) {
	case flows.Browse:
	case flows.Listen:
		to = on.Meanwhile
	default:
		return b.elsewhere.Perform(ctx, e)
	}
	if hostOf(to.URL.Raw()) == b.host {
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
