package themes

// role is the meaning that a colour carries.
type role int

const (
	text role = iota
	muted
	hint
	secret
	border
	title
	titleFocused
	key
	code
	link
	match
	selected
	ok
	fail
	warn
	now
	running
	borderFocused
	later
	skipped
	edited
	band
	changed
	onlyA
	onlyB
	front
	back
	lab
	test
	live
	roleCount
)

// node is a role's name in theme files and the role it falls back to.
type node struct {
	name   string
	parent role
}

// tree declares every role once. A parent stands before its children, so one
// pass from top to bottom resolves a theme; text is its own parent.
func tree() [roleCount]node {
	return [roleCount]node{
		text:          {"text", text},
		muted:         {"muted", text},   // may be overlooked without losing the meaning
		hint:          {"hint", muted},   // what a key does, in the footer
		secret:        {"secret", muted}, // a masked value
		border:        {"border", muted},
		title:         {"title", text},
		titleFocused:  {"title_focused", title},
		key:           {"key", text},  // a key that can be pressed
		code:          {"code", text}, // wire values, code in articles
		link:          {"link", text},
		match:         {"match", text}, // what a search found
		selected:      {"selected", text},
		ok:            {"ok", text},
		fail:          {"fail", text},
		warn:          {"warn", text},
		now:           {"now", text}, // the current step
		running:       {"running", now},
		borderFocused: {"border_focused", now},
		later:         {"later", muted}, // not done yet, or old
		skipped:       {"skipped", later},
		edited:        {"edited", text}, // changed by hand before sending
		band:          {"band", edited}, // the bar that announces edit mode
		changed:       {"changed", warn},
		onlyA:         {"only_a", fail},
		onlyB:         {"only_b", ok},
		front:         {"front", warn}, // front channel: through the browser
		back:          {"back", link},  // back channel: direct
		lab:           {"lab", ok},
		test:          {"test", now},
		live:          {"live", fail},
	}
}
