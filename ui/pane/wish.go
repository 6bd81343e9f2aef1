package pane

import "authdance/flows"

// Wish is a run that the person asks for. Empty fields mean what the profile
// says. Values are request values and what the run begins with, by their names
// on the wire; Secrets are those of them that must never show.
type Wish struct {
	Profile, Grant string
	Options        map[string]string
	Values         flows.Vars
	Secrets        flows.Secrets
}

// Begin starts the run of a Wish; its options and values are kept for later runs
// of the flow with Keep.
type Begin struct {
	Wish Wish
	Keep bool
}
