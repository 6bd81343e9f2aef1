// Package pane is the contract between the root model and its panes: a pane
// keeps view state only (cursor, scroll, filter), draws what the Env shows, and
// sends intents up as values. It cannot reach another pane, the network or the log.
package pane

import (
	tea "charm.land/bubbletea/v2"

	"authdance/catalog"
	"authdance/flows"
	"authdance/themes"
	"authdance/ui/keys"
	"authdance/ui/session"
)

// Env is all that a pane may look at. It is passed in, never stored. W and H
// are the cells inside the frame.
type Env struct {
	Snap    session.Snapshot
	Styles  *themes.Styles
	Keys    keys.Map
	Catalog *catalog.Catalog // nil until it is loaded, right after the first frame
	Lab     Lab              // nil where there is none
	// Open reads a file that the person names; nil where no file may be read,
	// as in a program that is served to others.
	Open   func(path string) (string, error)
	Remote string // how this computer is called from where the person sits; "" without SSH
	Focus  bool
	W, H   int
}

// Pane is one part of the screen, or an overlay over all of it.
type Pane interface {
	Scope() keys.Scope
	// Title is drawn into the frame: left in the top edge, right at its other end.
	Title(Env) (left, right string)
	// Act handles an action in this pane's scope. What the pane cannot do itself
	// goes up as the returned intent; nil when nothing does.
	Act(keys.Action, Env) (Pane, tea.Msg)
	// Update gets keys while Typing, pastes, and messages of the pane's own commands.
	Update(tea.Msg, Env) (Pane, tea.Cmd)
	// Sync is called when the snapshot, the size or the theme changed.
	Sync(Env) (Pane, tea.Cmd)
	// Primary says what enter does in this pane now ("opens the page"); "" leaves
	// enter to the flow's next step.
	Primary(Env) string
	// Typing: a text field has the keys; only the rows of keys.Text are commands.
	Typing(Env) bool
	// Busy: the pane has something of its own that esc closes.
	Busy(Env) bool
	// Wide: the pane wants the whole body of the screen.
	Wide(Env) bool
	// View draws at most H lines of at most W cells.
	View(Env) string
}

// Plain gives a pane the answers that most panes give. Embed it.
type Plain struct{}

// Primary leaves enter to the flow.
func (Plain) Primary(Env) string { return "" }

// Typing is false: keys are commands.
func (Plain) Typing(Env) bool { return false }

// Busy is false: esc is the root's.
func (Plain) Busy(Env) bool { return false }

// Wide is false: the pane shares the screen.
func (Plain) Wide(Env) bool { return false }

// Intents: what panes ask the root to do.
type (
	// Record appends facts to the run, in order.
	Record struct{ Events []flows.Event }
	// Select looks at another step.
	Select struct{ Step int }
	// Focus gives the keys to a pane.
	Focus struct{ Scope keys.Scope }
	// OpenPage shows a catalog page in the Catalog pane.
	OpenPage struct{ ID string }
	// Copy puts text on the clipboard. What names it in the message; Hidden is
	// how many secrets were replaced by placeholders.
	Copy struct {
		Text, What string
		Hidden     int
	}
	// Say shows a message for a few seconds; a Bad one stays until a key is pressed.
	Say struct {
		Text    string
		Bad     bool
		Refused bool // nothing was done, and nothing is broken
	}
	// Start begins a new run; empty fields mean the current ones.
	Start struct{ Profile, Grant string }
	// Run performs an action as if its key had been pressed.
	Run struct{ Action keys.Action }
	// Close ends an overlay, and then does Then, when there is one.
	Close struct{ Then tea.Msg }
	// Do runs a command of the pane; its message comes back to the pane's Update.
	Do struct{ Cmd tea.Cmd }
)
