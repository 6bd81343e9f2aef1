package grants

import (
	"slices"
	"strconv"

	"authdance/flows"
	"authdance/flows/wire"
)

// sign asks for a signature over a draft that is made of these members. key
// names a private key; "" signs with the client's secret.
func sign(name, key string, header, claims []field) func(flows.State) flows.Effect {
	return func(s flows.State) flows.Effect {
		fx := flows.Sign{Key: key, Draft: flows.Draft{Name: name, Header: params(s, header), Claims: params(s, claims)}}
		if key == "" {
			fx.Secret = s.Secrets["client_secret"]
		}
		return fx
	}
}

// signedAs keeps a signed token under its name.
func signedAs(name string) func(flows.State, flows.Entry) flows.Verdict {
	return func(_ flows.State, e flows.Entry) flows.Verdict {
		if t, ok := e.Event.(flows.Signed); ok {
			return flows.Verdict{Set: flows.Vars{name: t.Token}}
		}
		return unexpected(e)
	}
}

// moment is a claim that is so many seconds from now (RFC 7519 §2, NumericDate).
func moment(name string, seconds int64) field {
	return func(s flows.State) []flows.Param {
		return []flows.Param{{Name: name, Value: wire.Untrusted(strconv.FormatInt(s.Now.Unix()+seconds, 10)), JSON: true}}
	}
}

// fresh is a claim with a random value, drawn when the token is signed.
func fresh(name string) field {
	return func(flows.State) []flows.Param { return []flows.Param{{Name: name, Fresh: true}} }
}

// algorithm is the one that the client registered for this kind of token, else
// the one of the key, else HS256 for a secret.
func algorithm(registered, key string) field {
	return func(s flows.State) []flows.Param {
		alg := s.Vars[registered]
		if alg == "" {
			alg = wire.Untrusted(member(s.Vars[key], "alg"))
		}
		if alg == "" && key == "" {
			alg = "HS256"
		}
		return []flows.Param{{Name: "alg", Value: alg}}
	}
}

// named says which key signed: kid, and the names of its certificate where it
// has one (RFC 7515 §4.1.4, §4.1.7, §4.1.8).
func named(key string) field {
	return func(s flows.State) []flows.Param {
		var out []flows.Param
		for _, name := range []string{"kid", "x5t", "x5t#S256"} {
			if v := member(s.Vars[key], name); v != "" {
				out = append(out, flows.Param{Name: name, Value: wire.Untrusted(v), Var: key})
			}
		}
		return out
	}
}

// member is a member of the JSON object in a variable, "" where there is none.
func member(object wire.Untrusted, name string) string {
	doc, _, _ := wire.ParseJSON([]byte(object.Raw()), wire.Limits{})
	return doc.Str(name)
}

// holding makes sure that the run knows the public half of a key before any
// step needs it: one step asks for all of them.
func holding(g flows.Grant, wish func(flows.State) flows.KeyWish) flows.Grant {
	if g.Index("keys") < 0 {
		g.Steps = slices.Insert(slices.Clone(g.Steps), g.Index("discovery")+1, flows.Step{
			ID: "keys", Title: "Get the keys ready", Ref: "RFC 7517 §4", From: flows.Client, To: flows.Client,
			Why: "The private half of a key never leaves its place: it is only asked to sign. Its public half is what the other side knows the client by, " +
				"so every token that is signed here says which key it was.",
			Pages: []string{"client-assertion", "dpop", "mtls"},
			Do:    func(flows.State) flows.Effect { return flows.Draw{} },
			On:    keep,
		})
	}
	return change(g, "keys", func(st flows.Step) flows.Step {
		before := st.Do
		do := func(s flows.State) flows.Effect {
			d := before(s).(flows.Draw)
			if w := wish(s); w.Name != "" && !slices.ContainsFunc(d.Keys, func(k flows.KeyWish) bool { return k.Name == w.Name }) {
				d.Keys = append(slices.Clip(d.Keys), w)
			}
			return d
		}
		st.Do = do
		st.Skip = func(s flows.State) string {
			if d := do(s).(flows.Draw); len(d.Keys) == 0 {
				return "this run signs nothing"
			}
			return ""
		}
		return st
	})
}

// keyNamed is a wish for a key of any kind.
func keyNamed(name string) func(flows.State) flows.KeyWish {
	return func(flows.State) flows.KeyWish { return flows.KeyWish{Name: name} }
}
