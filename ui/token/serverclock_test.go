package token

import (
	"testing"
	"time"

	"authdance/ui/uitest"
)

func TestTheServersClockIsToldNextToTheTimes(t *testing.T) {
	d := open(t, &uitest.Server{}, 118, 40, uitest.Next(8)...)
	c, ok := serverClockOf(d.env)
	if !ok {
		t.Fatal("the answers have a Date header")
	}
	d.shows(c.String()).to("exp").shows("Clocks").paste(foreign()).lacks("the server's clock")
	for ahead, want := range map[time.Duration]string{
		time.Second:      "the server's clock agrees (Date header of step 5)",
		-time.Second:     "the server's clock agrees (Date header of step 5)",
		90 * time.Second: "the server's clock is 1 min 30 s ahead (Date header of step 5)",
		-5 * time.Minute: "the server's clock is 5 min behind (Date header of step 5)",
	} {
		if got := (serverClock{ahead, 4}).String(); got != want {
			t.Errorf("%s: %q, want %q", ahead, got, want)
		}
	}
}
