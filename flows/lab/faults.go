package lab

import (
	"net/http"
)

// Fault is a way in which the lab can misbehave.
type Fault struct {
	Key   string
	Title string
}

type fault struct{ Fault }

type faultBoard struct{}

func newFaultBoard() *faultBoard { return &faultBoard{} }

func (b *faultBoard) active(*http.Request) ([]*fault, string) { return nil, "" }

func (b *faultBoard) on() []string { return nil }

func unknownFault(key string) reply { return textReply(http.StatusBadRequest, key) }

func (x *exchange) intercept(*http.Request) (reply, bool) { return reply{}, false }

func (x *exchange) alter(*reply) {}
