package keys

// The scopes. App is live everywhere but in text fields; Text is all that is
// live in them; List is moving about, in every pane that has lines.
const (
	App      Scope = "everywhere"
	Text     Scope = "text field"
	List     Scope = "move"
	Profiles Scope = "profiles"
	Flow     Scope = "flow"
	Exchange Scope = "exchange"
	Edit     Scope = "edit mode"
	Token    Scope = "token"
	Catalog  Scope = "catalog"
	Why      Scope = "why"
	WhyNone  Scope = "why, nothing failed"
	Welcome  Scope = "welcome"
	Palette  Scope = "commands"
	Help     Scope = "help"
	Form     Scope = "form"
	FormText Scope = "form, text"
)

// The actions.
const (
	Enter   Action = "app.enter"
	Back    Action = "app.back"
	Quit    Action = "app.quit"
	Cancel  Action = "app.cancel"
	NextTab Action = "app.next_pane"
	PrevTab Action = "app.previous_pane"
	Pane1   Action = "app.pane1"
	Pane2   Action = "app.pane2"
	Pane3   Action = "app.pane3"
	Pane4   Action = "app.pane4"
	Pane5   Action = "app.pane5"
	Zoom    Action = "app.zoom"
	Search  Action = "app.search"
	Menu    Action = "app.commands"
	ShowKey Action = "app.help"
	Copy    Action = "app.copy"
	CopyAll Action = "app.copy_whole"
	Reveal  Action = "app.secrets"
	Lookup  Action = "app.catalog"
	Suspend Action = "app.suspend"
	Home    Action = "app.welcome"

	Rewind  Action = "flow.back"
	Now     Action = "flow.now"
	Fork    Action = "flow.fork"
	Replay  Action = "flow.replay"
	RunAll  Action = "flow.run_all"
	NewRun  Action = "flow.new"
	First   Action = "flow.first"
	EditReq Action = "flow.edit"
	Explain Action = "flow.explain"
	Diagram Action = "flow.diagram"
	WhyFail Action = "flow.why"
	NoBrows Action = "flow.no_browser"
	Break   Action = "flow.break"
	Server  Action = "flow.server"
	Faults  Action = "flow.faults"
	Flows   Action = "flow.flows"
	Options Action = "flow.options"

	Up     Action = "move.up"
	Down   Action = "move.down"
	PgUp   Action = "move.page_up"
	PgDown Action = "move.page_down"
	Top    Action = "move.top"
	Bottom Action = "move.bottom"
	Left   Action = "move.left"
	Right  Action = "move.right"

	NextMsg Action = "exchange.next_message"
	PrevMsg Action = "exchange.previous_message"

	Value   Action = "edit.value"
	Keep    Action = "edit.keep_drop_twice"
	AddOne  Action = "edit.add"
	Undo    Action = "edit.undo"
	UndoAll Action = "edit.undo_all"
	Fault1  Action = "edit.fault1"
	Fault2  Action = "edit.fault2"
	Fault3  Action = "edit.fault3"
	Fault4  Action = "edit.fault4"
	Fault5  Action = "edit.fault5"
	Fault6  Action = "edit.fault6"
	Fault7  Action = "edit.fault7"
	Fault8  Action = "edit.fault8"
	Fault9  Action = "edit.fault9"

	Dates   Action = "token.dates"
	AsJSON  Action = "token.json"
	Checks  Action = "token.checks"
	AsKind  Action = "token.kind"
	GiveKey Action = "token.key"
	Versus  Action = "token.compare"
	Attacks Action = "token.make"
	TryIt   Action = "token.try"
	Follow  Action = "token.follow"
	History Action = "token.history"
	OpenOne Action = "token.open"
	Clear   Action = "text.clear"
	Source  Action = "catalog.source"
	Repro   Action = "catalog.reproduce"
	Reload  Action = "profiles.reload"
	PickRow Action = "profiles.use"
	Turn    Action = "form.turn"
)

// Default is the whole table.
func Default() []Row {
	return []Row{
		{Enter, App, []string{"enter"}, "next step, or open", 1, "next"},
		{Rewind, App, []string{"b"}, "look one step back", 2, "back"},
		{Replay, App, []string{"r"}, "run this step again", 4, "replay"},
		{EditReq, App, []string{"e"}, "edit before sending", 3, "edit"},
		{WhyFail, App, []string{"w"}, "why did it fail", 6, "why"},
		{Copy, App, []string{"y"}, "copy what is marked", 5, "copy"},
		{Explain, App, []string{"i"}, "explain parameters", 7, "explain"},
		{Diagram, App, []string{"d"}, "diagram or list", 8, "diagram"},
		{Zoom, App, []string{"z"}, "zoom this pane", 10, "zoom"},
		{Menu, App, []string{":", "ctrl+p"}, "commands", 11, "commands"},
		{ShowKey, App, []string{"?", "f1"}, "keys and words", 12, "help"},
		{Search, App, []string{"/"}, "search", 9, "search"},
		{Lookup, App, []string{"c"}, "the page about this", 0, ""},
		{RunAll, App, []string{"R"}, "new run, all steps", 0, ""},
		{NewRun, App, nil, "new run, step by step", 0, ""},
		{Flows, App, []string{"F"}, "start another flow", 0, ""},
		{Options, App, []string{"O"}, "options of the next run", 0, ""},
		{First, App, nil, "my first login, guided", 0, ""},
		{Break, App, nil, "break it on purpose: send a wrong PKCE verifier", 0, ""},
		{Server, App, []string{"S"}, "what the server checked", 0, ""},
		{Faults, App, []string{"f"}, "faults and words of the lab", 0, ""},
		{NoBrows, App, []string{"u"}, "no browser here", 0, ""},
		{CopyAll, App, []string{"Y"}, "copy as curl", 0, ""},
		{Reveal, App, []string{"s"}, "show or hide secrets", 0, "secrets"},
		{NextTab, App, []string{"tab"}, "next pane", 0, ""},
		{PrevTab, App, []string{"shift+tab"}, "previous pane", 0, ""},
		{Pane1, App, []string{"1", "p"}, "Profiles", 0, ""},
		{Pane2, App, []string{"2"}, "Flow", 0, ""},
		{Pane3, App, []string{"3"}, "Exchange", 0, ""},
		{Pane4, App, []string{"4"}, "Token", 0, ""},
		{Pane5, App, []string{"5"}, "Catalog", 0, ""},
		{Home, App, nil, "welcome screen", 0, ""},
		{Back, App, []string{"esc"}, "back", 0, "back"},
		{Cancel, App, []string{"ctrl+c"}, "stop; twice quits", 0, ""},
		{Suspend, App, []string{"ctrl+z"}, "to the shell", 0, ""},
		{Quit, App, []string{"q"}, "quit", 0, ""},

		{Up, List, []string{"up", "k"}, "up", 0, ""},
		{Down, List, []string{"down", "j"}, "down", 0, ""},
		{Left, List, []string{"left", "h"}, "left, or close", 0, ""},
		{Right, List, []string{"right", "l"}, "right, or open", 0, ""},
		{PgUp, List, []string{"pgup", "ctrl+u"}, "page up", 0, ""},
		{PgDown, List, []string{"pgdown", "ctrl+d"}, "page down", 0, ""},
		{Top, List, []string{"home", "g"}, "first line", 0, ""},
		{Bottom, List, []string{"end", "G"}, "last line", 0, ""},

		{Now, Flow, []string{"G"}, "return to now", 0, "now"},
		{Fork, App, []string{"v"}, "another way from here", 0, "fork"},

		{PickRow, Profiles, []string{"space"}, "use this profile", 1, "use"},
		{Reload, Profiles, []string{"f5"}, "read the profile files again", 0, ""},

		{NextMsg, Exchange, []string{"n"}, "next message of this step", 0, "next message"},
		{PrevMsg, Exchange, []string{"N"}, "message before", 0, ""},

		{Enter, Edit, []string{"enter"}, "send the changed request", 1, "send"},
		{Value, Edit, []string{"e"}, "edit the value", 2, "edit value"},
		{Keep, Edit, []string{"space"}, "keep, drop or send twice", 3, "keep/drop/twice"},
		{AddOne, Edit, []string{"a"}, "add a parameter", 4, "add"},
		{Undo, Edit, []string{"u"}, "undo the last edit", 5, "undo"},
		{UndoAll, Edit, []string{"U"}, "undo all edits", 6, "undo all"},
		{Fault1, Edit, []string{"1"}, "ready-made fault 1", 0, ""},
		{Fault2, Edit, []string{"2"}, "ready-made fault 2", 0, ""},
		{Fault3, Edit, []string{"3"}, "ready-made fault 3", 0, ""},
		{Fault4, Edit, []string{"4"}, "ready-made fault 4", 0, ""},
		{Fault5, Edit, []string{"5"}, "ready-made fault 5", 0, ""},
		{Fault6, Edit, []string{"6"}, "ready-made fault 6", 0, ""},
		{Fault7, Edit, []string{"7"}, "ready-made fault 7", 0, ""},
		{Fault8, Edit, []string{"8"}, "ready-made fault 8", 0, ""},
		{Fault9, Edit, []string{"9"}, "ready-made fault 9", 0, ""},
		{Back, Edit, []string{"esc"}, "leave edit mode and restore the original", 7, "cancel"},

		{Checks, Token, []string{"space"}, "from claims to checks and back", 2, "checks"},
		{Dates, Token, []string{"T"}, "dates: local, UTC, numbers", 0, "dates"},
		{AsJSON, Token, []string{"J"}, "table, JSON or raw", 0, "JSON"},
		{GiveKey, Token, []string{"v"}, "verify or decrypt with a key of yours", 0, "verify with"},
		{AsKind, Token, []string{"A"}, "check it as another kind of token", 0, ""},
		{Versus, Token, []string{"D"}, "compare two tokens", 0, "compare"},
		{Attacks, Token, []string{"e"}, "change it, sign it, forge it", 3, "forge"},
		{TryIt, Token, []string{"t"}, "try it at the API of the lab", 0, ""},
		{Follow, Token, []string{"f"}, "follow it through the flow", 0, ""},
		{History, Token, []string{"H"}, "the tokens of this session", 0, ""},
		{OpenOne, Token, []string{"o"}, "open a file", 0, ""},

		{Repro, Catalog, []string{"r"}, "reproduce it in the lab", 0, "reproduce"},
		{Source, Catalog, []string{"o"}, "copy the address of the source", 0, "source"},
		{Reload, Catalog, []string{"f5"}, "read your notes again", 0, ""},

		{Enter, Welcome, []string{"enter"}, "go", 1, ""},
		{Up, Welcome, []string{"up", "k"}, "choose", 2, "choose"},
		{Down, Welcome, []string{"down", "j"}, "choose", 0, ""},
		{Back, Welcome, []string{"esc"}, "the workspace", 3, "workspace"},
		{Quit, Welcome, []string{"q"}, "quit", 4, ""},

		{Enter, Why, []string{"enter"}, "do the marked action", 1, "do it"},
		{Up, Why, []string{"up", "k"}, "choose an action", 2, "choose"},
		{Down, Why, []string{"down", "j"}, "choose an action", 0, ""},
		{PgDown, Why, []string{"pgdown", "ctrl+d"}, "more of the report", 3, "more"},
		{Copy, Why, []string{"y"}, "copy the report, secrets removed", 4, "copy report"},
		{Lookup, Why, []string{"c"}, "the catalog page", 5, "page"},
		{Back, Why, []string{"esc"}, "back to the flow", 6, "back"},

		{Enter, WhyNone, []string{"enter"}, "back to the flow", 1, "back"},
		{PgDown, WhyNone, []string{"pgdown", "ctrl+d"}, "more of the warnings", 0, ""},
		{Back, WhyNone, []string{"esc"}, "back to the flow", 0, ""},

		{Enter, Palette, []string{"enter"}, "do it", 1, ""},
		{Up, Palette, []string{"up"}, "choose", 2, "choose"},
		{Back, Palette, []string{"esc"}, "close", 3, "close"},

		{Enter, Help, []string{"enter"}, "close, or do the marked one", 1, "close"},
		{Down, Help, []string{"down"}, "mark a key", 2, "mark a key"},
		{Back, Help, []string{"esc"}, "close", 3, "close"},

		{Enter, Form, []string{"enter"}, "do it with these", 1, "do it"},
		{Up, Form, []string{"up"}, "row before", 2, "row"},
		{Down, Form, []string{"down"}, "next row", 0, ""},
		{Left, Form, []string{"left"}, "choice before", 3, "choose"},
		{Right, Form, []string{"right"}, "next choice", 0, ""},
		{Turn, Form, []string{"space"}, "next choice", 0, ""},
		{Undo, Form, []string{"u", "backspace"}, "back to the default", 4, "default"},
		{Back, Form, []string{"esc"}, "close, and change nothing", 5, "close"},

		{Enter, FormText, []string{"enter"}, "do it with these", 1, "do it"},
		{Up, FormText, []string{"up"}, "row before", 2, "row"},
		{Down, FormText, []string{"down"}, "next row", 0, ""},
		{Clear, FormText, []string{"ctrl+u"}, "clear the text", 3, "clear"},
		{Back, FormText, []string{"esc"}, "close, and change nothing", 4, "close"},

		{Enter, Text, []string{"enter"}, "take it", 1, "take it"},
		{Back, Text, []string{"esc"}, "leave the field", 2, "leave"},
		{Clear, Text, []string{"ctrl+u"}, "clear the field", 3, "clear"},
		{Up, Text, []string{"up"}, "up", 0, ""},
		{Down, Text, []string{"down"}, "down", 0, ""},
		{PgUp, Text, []string{"pgup"}, "page up", 0, ""},
		{PgDown, Text, []string{"pgdown"}, "page down", 0, ""},
		{NextTab, Text, []string{"tab"}, "take it", 0, ""},
		{ShowKey, Text, []string{"f1"}, "help", 5, "help"},
		{Menu, Text, []string{"ctrl+p"}, "commands", 0, ""},
		{Cancel, Text, []string{"ctrl+c"}, "cancel; twice quits", 0, ""},
	}
}
