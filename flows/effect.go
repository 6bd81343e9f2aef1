package flows

import (
	"time"

	"authdance/flows/wire"
)

// Effect is a wish to the world, as data. Its answer names its ID.
type Effect interface {
	EffectID() int
	withID(int) Effect
}

type (
	// Draw asks for random values, each at least 256 bits, base64url. When
	// Redirect is set, the answer also has a redirect_uri: that URI with a free
	// loopback port in place of port 0. Of each key the answer has the public
	// half, a JWK, under the key's name.
	Draw struct {
		ID       int
		Names    []string
		Redirect wire.Untrusted
		Keys     []KeyWish
	}
	// Send asks for one HTTP exchange. No redirect is followed. Cert names the
	// client certificate to present (RFC 8705 §2), "" for none.
	Send struct {
		ID      int
		Request Request
		Limit   int64 // bytes of body after decompression; 0: the performer's default
		Cert    string
	}
	// Browse asks to send the browser to Request and to wait until it comes back
	// to RedirectURI with this State. Without a RedirectURI nobody comes back: it
	// is answered as soon as the person is on the way, or, by the simulated
	// browser, when there is no further page. Resume means that the browser is
	// already out: go on waiting, open nothing.
	Browse struct {
		ID           int
		Request      Request
		RedirectURI  wire.Untrusted
		State        wire.Untrusted
		ResponseMode string // query, fragment or form_post
		Resume       bool
		SignedIn     bool           // in the browser that signed in before, with its cookies
		Code         wire.Untrusted // what the person types there, when nothing else tells them
	}
	// Wait asks to let time pass.
	Wait struct {
		ID  int
		For time.Duration
	}
	// Publish asks to put a document on this computer for a while, where a server
	// can fetch it: a request object (RFC 9101 §5.2). URL is an http address of this
	// computer; port 0 takes a free one.
	Publish struct {
		ID   int
		URL  wire.Untrusted
		Type string // its media type
		Body wire.Untrusted
		For  time.Duration
	}
	// Listen asks to wait for a request that somebody else makes to URL, an http
	// address of this computer: a CIBA notification, a logout token. Whoever asks
	// there gets Reply; the step decides whether it was the awaited one (Stay).
	// Resume means that the port is already open.
	Listen struct {
		ID     int
		URL    wire.Untrusted
		Method string // GET or POST; anything else is turned away
		Reply  Response
		For    time.Duration // 0: as long as the performer waits for a browser
		Resume bool
		// Meanwhile is where a person does what makes the other side call us; ""
		// when they know by themselves. They are sent there once the port is open.
		Meanwhile Request
	}
)

// EffectID returns the number that the answer must carry.
func (e Draw) EffectID() int { return e.ID }

// EffectID returns the number that the answer must carry.
func (e Send) EffectID() int { return e.ID }

// EffectID returns the number that the answer must carry.
func (e Browse) EffectID() int { return e.ID }

// EffectID returns the number that the answer must carry.
func (e Wait) EffectID() int { return e.ID }

// EffectID returns the number that the answer must carry.
func (e Listen) EffectID() int { return e.ID }

// EffectID returns the number that the answer must carry.
func (e Publish) EffectID() int { return e.ID }

func (e Draw) withID(id int) Effect    { e.ID = id; return e }
func (e Send) withID(id int) Effect    { e.ID = id; return e }
func (e Browse) withID(id int) Effect  { e.ID = id; return e }
func (e Wait) withID(id int) Effect    { e.ID = id; return e }
func (e Listen) withID(id int) Effect  { e.ID = id; return e }
func (e Publish) withID(id int) Effect { e.ID = id; return e }

// MessageOf is what an effect sends out, or signs, as a request that can be
// shown and edited; its Method is "" when there is no such message.
func MessageOf(e Effect) Request {
	switch e := e.(type) {
	case Send:
		return e.Request
	case Browse:
		return e.Request
	case Sign:
		return e.Draft.Message()
	}
	return Request{}
}

// edited is the effect with its message changed by hand.
func edited(e Effect, edits []Edit) Effect {
	switch fx := e.(type) {
	case Send:
		fx.Request = fx.Request.Edit(edits)
		return fx
	case Browse:
		fx.Request = fx.Request.Edit(edits)
		return fx
	case Sign:
		fx.Draft = fx.Draft.Edit(edits)
		return fx
	}
	return e
}
