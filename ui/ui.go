// Package ui is the root Bubble Tea model: it owns the session, routes actions
// to panes and performs effects. Panes draw; the core decides.
package ui

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"

	"authdance/catalog"
	"authdance/flows"
	"authdance/flows/provider"
	"authdance/themes"
	"authdance/ui/exchange"
	"authdance/ui/flow"
	"authdance/ui/keys"
	"authdance/ui/pages"
	"authdance/ui/pane"
	"authdance/ui/profiles"
	"authdance/ui/session"
	"authdance/ui/token"
	"authdance/ui/welcome"
)

// Deps is everything the UI needs from outside; one per terminal.
type Deps struct {
	Performer flows.Performer
	Styles    *themes.Styles
	// Restyle gives the styles for a light or dark background, once the
	// terminal has told; nil when the theme does not depend on it.
	Restyle  func(dark bool) *themes.Styles
	Keys     keys.Map
	Now      func() time.Time
	Profiles []provider.Profile
	Profile  string // ID of the profile to begin with
	// List reads the profiles again, and says what is wrong with files that
	// cannot be used. It runs as a command; nil: the profiles never change.
	List func() ([]provider.Profile, []string)
	Flow string // ID of the grant to begin with
	// Start makes the first fact of a run: it reads the profile's secrets, so it
	// runs as a command. The Performer that it returns is the run's own, with the
	// client's keys; nil means Deps.Performer.
	Start func(pane.Wish) (flows.Started, flows.Performer, error)
	// Clipboard writes to the local clipboard; nil or an error falls back to OSC 52.
	Clipboard func(string) error
	// Lab is the built-in lab; nil where there is none.
	Lab pane.Lab
	// Open reads a file that the person names; nil where no file may be read.
	Open func(path string) (string, error)
	// Notes reads the person's own notes, and says which it could not; nil: there are none.
	Notes func() (notes []catalog.Note, trouble []string)
	// Remote is how this computer is called from where the person sits, such as
	// me@host; "" without SSH.
	Remote string
	// Tick is the pause between steps that run by themselves. 0: no pause and no
	// timers at all (tests, reduced motion).
	Tick    time.Duration
	Welcome welcome.Facts
	// Greet shows the welcome screen first.
	Greet bool
}

// The panes, by the number that jumps to them.
const (
	profilesPane = iota
	flowPane
	exchangePane
	tokenPane
	pagesPane
	paneCount
)

// Model is the whole program. It is a value, but for the picture cache.
type Model struct {
	deps Deps
	ctx  context.Context
	// branchCtx holds the effects of the current branch; cancel ends them.
	branchCtx context.Context
	cancel    context.CancelFunc
	session   session.Session
	catalog   *catalog.Catalog
	styles    *themes.Styles

	panes [paneCount]pane.Pane
	gens  [paneCount]int // counts the changes of each pane, for the cache
	over  []pane.Pane    // overlays, the last one on top
	focus int
	zoom  bool
	w, h  int

	auto    string // step before which the run stops going on by itself; "" when it does not
	say     pane.Say
	stuck   string // why the last run could not begin; "" when it did
	said    int    // counts messages, so that an old timer does not wipe a new one
	leaving bool
	ticking bool

	seenToken, seenBreak bool // where the first tour is
	seenWhy              int  // number of the run whose failure was explained
	breaking             bool // the run is on its way to a request that will be broken

	performer flows.Performer      // of the run in view; nil: that of Deps
	kept      map[string]pane.Wish // what was chosen for a flow of a profile, by both IDs

	spoilt string // the faults and the dialect of the lab that are on, for the header

	cache  *cache
	synced synced
}

// synced is what the panes were last told about.
type synced struct {
	version, w, h, focus int
	styles               *themes.Styles
	catalog              *catalog.Catalog
}

// Messages, beside input: what effects answered, what a pane's own command
// said, and time. started is apart from answered because a run that could not
// begin has no branch yet.
type (
	answered struct {
		branch int
		event  flows.Event
	}
	addressed struct {
		pane int // index, or overlay when negative
		msg  tea.Msg
	}
	ticked struct {
		branch int  // of the run that goes on by itself
		clock  bool // a second passed, for the countdowns
		wipe   int  // number of the message to take away
	}
	started struct {
		event     flows.Started
		performer flows.Performer
		wish      pane.Wish
		auto      string
		err       error
	}
	loaded struct{ catalog *catalog.Catalog }
	listed struct {
		profiles []provider.Profile
		trouble  []string
	}
)

// New makes the model. ctx ends every effect.
func New(ctx context.Context, d Deps) Model {
	m := Model{deps: d, ctx: ctx, styles: d.Styles, focus: flowPane, cache: &cache{}}
	m.panes = [paneCount]pane.Pane{profiles.New(), flow.New(), exchange.New(), token.New(), pages.New()}
	m.session = m.session.SetProfiles(d.Profiles, d.Profile)
	m.spoilt = m.labState()
	if d.Greet {
		m.over = []pane.Pane{welcome.New(d.Welcome)}
	}
	return m
}

// Init starts the first run and, after the first frame, loads the catalog.
func (m Model) Init() tea.Cmd {
	read := m.read
	if m.deps.Tick > 0 {
		// The first frame must not share the processor with this.
		now := read
		read = func() tea.Msg { time.Sleep(afterFirstFrame); return now() }
	}
	return tea.Batch(m.begin(pane.Wish{}, ""), tea.RequestBackgroundColor, read)
}

// read loads the catalog, with the notes as their files are now.
func (m Model) read() tea.Msg {
	c, err := catalog.Load()
	if err != nil {
		return pane.Say{Text: "the catalog cannot be read: " + err.Error(), Bad: true}
	}
	if m.deps.Notes != nil {
		notes, _ := m.deps.Notes()
		c = c.WithNotes(notes)
	}
	return loaded{c}
}

// afterFirstFrame is how long the catalog waits for the first frame to be out.
const afterFirstFrame = 60 * time.Millisecond

// Update answers one message. No I/O happens here: what takes time is a command.
func (m Model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	m, cmd := m.update(msg)
	m, more := m.sync()
	m, tick := m.keepTime()
	return m, tea.Batch(cmd, more, tick)
}

func (m Model) update(msg tea.Msg) (Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.w, m.h = msg.Width, msg.Height
	case tea.BackgroundColorMsg:
		if m.deps.Restyle != nil {
			m.styles = m.deps.Restyle(msg.IsDark())
		}
	case tea.KeyPressMsg:
		return m.key(msg)
	case tea.PasteMsg:
		return m.paste(msg)
	case tea.MouseClickMsg:
		return m.click(msg.Mouse())
	case tea.MouseWheelMsg:
		return m.wheel(msg.Mouse())
	case answered:
		if msg.branch == m.session.Branch() {
			return m.record(msg.event)
		}
	case started:
		return m.begun(msg)
	case ticked:
		return m.tick(msg)
	case loaded:
		m.catalog = msg.catalog
	case listed:
		return m.relisted(msg)
	case addressed:
		return m.deliver(msg)
	default:
		return m.intent(msg)
	}
	return m, nil
}

// sync tells the panes when what they show has changed.
func (m Model) sync() (Model, tea.Cmd) {
	now := synced{m.session.Version(), m.w, m.h, m.focus, m.styles, m.catalog}
	if now == m.synced && len(m.over) == 0 {
		return m, nil
	}
	m.synced = now
	var cmds []tea.Cmd
	for i := range m.panes {
		p, cmd := m.panes[i].Sync(m.env(i))
		m = m.put(i, p)
		cmds = append(cmds, m.address(i, cmd))
	}
	if n := len(m.over); n > 0 {
		p, cmd := m.over[n-1].Sync(m.overEnv())
		m = m.putOver(p)
		cmds = append(cmds, m.address(-1, cmd))
	}
	return m, tea.Batch(cmds...)
}

func (m Model) put(i int, p pane.Pane) Model {
	m.panes[i] = p
	m.gens[i]++
	return m
}

func (m Model) putOver(p pane.Pane) Model {
	m.over = append(append([]pane.Pane{}, m.over[:len(m.over)-1]...), p)
	return m
}

func (m Model) top() (pane.Pane, bool) {
	if len(m.over) == 0 {
		return nil, false
	}
	return m.over[len(m.over)-1], true
}

// address makes a pane's command bring its message back to that pane. A
// command may also end in an intent: that one is the root's.
func (m Model) address(i int, cmd tea.Cmd) tea.Cmd {
	if cmd == nil {
		return nil
	}
	return func() tea.Msg {
		switch msg := cmd().(type) {
		case nil:
			return nil
		case pane.Record, pane.Select, pane.Focus, pane.OpenPage, pane.Copy, pane.Say, pane.Start, pane.Begin, pane.Run, pane.Close:
			return msg
		case tea.BatchMsg:
			out := make(tea.BatchMsg, len(msg))
			for n, c := range msg {
				out[n] = m.address(i, c)
			}
			return out
		default:
			return addressed{i, msg}
		}
	}
}

func (m Model) deliver(msg addressed) (Model, tea.Cmd) {
	if msg.pane >= 0 {
		p, cmd := m.panes[msg.pane].Update(msg.msg, m.env(msg.pane))
		return m.put(msg.pane, p), m.address(msg.pane, cmd)
	}
	top, ok := m.top()
	if !ok {
		return m, nil
	}
	p, cmd := top.Update(msg.msg, m.overEnv())
	return m.putOver(p), m.address(-1, cmd)
}
