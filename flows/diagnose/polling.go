package diagnose

import (
	"fmt"
	"time"

	"authdance/flows"
	"authdance/flows/wire"
)

// polled counts what was answered while a person had to agree elsewhere (RFC
// 8628 §3.5, CIBA Core §11): nobody did in time, or the server had no time left.
func polled(s scene) finding {
	pending, slower := 0, 0
	var first, last time.Time
	for _, en := range s.ResultOf("token").Facts {
		got, is := en.Event.(flows.Received)
		if !is {
			continue
		}
		if first.IsZero() {
			first = en.At
		}
		last = en.At
		doc, _, _ := wire.ParseJSON([]byte(got.Exchange.Response.Body.Raw()), wire.Limits{})
		switch doc.Str("error") {
		case "authorization_pending":
			pending++
		case "slow_down":
			slower++
		}
	}
	counted := Evidence{Mark: Fits, Step: "token",
		Text: fmt.Sprintf("in %s the server said authorization_pending %d times and slow_down %d times", last.Sub(first).Round(time.Second), pending, slower)}
	switch {
	case slower > pending:
		return finding{page: "device-slow-down", confidence: Likely, evidence: []Evidence{counted},
			sentence: "The server asked for longer and longer pauses, until no question was left before the code ended."}
	case pending > 0:
		return finding{page: "device-authorization-pending", confidence: Certain, evidence: []Evidence{counted},
			sentence: "Nobody agreed on the other device before the code ended."}
	}
	return finding{}
}
