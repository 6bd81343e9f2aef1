package grants

import (
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"slices"
	"strings"

	"authdance/flows"
	"authdance/flows/jose"
	"authdance/flows/provider"
	"authdance/flows/wire"
)

// proven sends a DPoP proof with every request for tokens and with every use of
// one, RFC 9449. The tokens are then bound to a key: who steals one has nothing
// without the key.
func proven(g flows.Grant) flows.Grant {
	g.Title += " + DPoP"
	g = holding(g, proofKey)
	g = after(g, "keys", takeThumbprint)
	if i := g.Index("par"); i >= 0 {
		g = proving(g, g.Steps[i], "dpop_nonce", nil) // RFC 9449 §10.1: dpop_jkt names the key, the proof shows it
	}
	g = each(g, asksForTokens, func(g flows.Grant, st flows.Step) flows.Grant {
		g = proving(g, st, "dpop_nonce", nil)
		return after(g, st.ID, func(s flows.State, _ flows.Entry, v flows.Verdict) flows.Verdict {
			if strings.EqualFold(v.Set["token_type"].Raw(), "dpop") {
				v.Checks = append(v.Checks, confirmation(v.Set["access_token"], "jkt", s.Vars["dpop_jkt"].Raw(), "RFC 9449 §6.1"))
			}
			return v
		})
	})
	return each(g, usesToken, func(g flows.Grant, st flows.Step) flows.Grant {
		return proving(g, st, st.ID+"_dpop_nonce", func(s flows.State) string {
			if !boundByProof(s) {
				return "the access token is not bound to a key, so no proof goes with it"
			}
			return ""
		})
	})
}

// boundByProof says whether the access token of this run has to be presented
// with a proof. One that came from an earlier run without its type counts as bound.
func boundByProof(s flows.State) bool {
	kind := s.Vars["token_type"].Raw()
	return s.Spec.Options["dpop"] == "on" && (kind == "" || strings.EqualFold(kind, "dpop"))
}

// proofKey is a key for the first algorithm that the server announces and that
// a key can be made for here; ES256 where it announces none.
func proofKey(s flows.State) flows.KeyWish {
	meta, _, _ := provider.ParseMetadata([]byte(s.Vars["metadata"].Raw()))
	w := flows.KeyWish{Name: "dpop_key", Alg: "ES256"}
	for _, alg := range []string{"ES256", "EdDSA", "ES384", "ES512", "PS256", "RS256"} {
		if yes, _ := meta.Supports("dpop_signing_alg_values_supported", alg); yes {
			w.Alg = alg
			break
		}
	}
	return w
}

// takeThumbprint names the key by its hash (RFC 7638): that is what tokens are
// bound to.
func takeThumbprint(_ flows.State, _ flows.Entry, v flows.Verdict) flows.Verdict {
	jkt, err := jose.Thumbprint(v.Set["dpop_key"])
	if err != nil {
		v.Problem = &flows.Problem{Kind: flows.Refused, Code: "key_unfit", Description: wire.Untrusted("the key for DPoP proofs cannot be read: " + err.Error())}
		return v
	}
	set := flows.Vars{"dpop_jkt": wire.Untrusted(jkt)}
	for name, val := range v.Set {
		set[name] = val
	}
	v.Set = set
	return v
}

// codeBoundToKey tells the server already in the authorization request which
// key will come for the code (RFC 9449 §10).
func codeBoundToKey(g flows.Grant) flows.Grant {
	if !slices.ContainsFunc(g.Steps, asksForTokens) {
		return g
	}
	return adding(g, "authorize", arg("dpop_jkt"))
}

// proving puts a step before another one that makes a proof for exactly its
// request, and repeats both when the server wants its nonce in the proof.
func proving(g flows.Grant, to flows.Step, nonce string, unbound func(flows.State) string) flows.Grant {
	proof := flows.Step{
		ID: to.ID + "_proof", Title: "Prove the key (DPoP)", Ref: "RFC 9449 §4.2", From: flows.Client, To: flows.Client,
		Why: "The proof is a small token for one request: method (htm) and address (htu) stand in it, and jti and iat make it good for one time. " +
			"Who copies the request cannot use the proof for another one.",
		Pages: []string{"dpop", "dpop-proof-invalid", "dpop-nonce-required", "dpop-key-mismatch"},
		Needs: append(slices.Clone(to.Needs), "dpop_key"),
		Do: sign("dpop_proof", "dpop_key",
			[]field{lit("typ", "dpop+jwt"), algorithm("", "dpop_key"), publicKey},
			[]field{fresh("jti"), target(to.ID), moment("iat", 0), tokenHash(to), as("nonce", nonce)}),
		On: signedAs("dpop_proof"),
	}
	presented := func(s flows.State) []flows.Param {
		if unbound != nil && unbound(s) != "" {
			return nil
		}
		return as("DPoP", "dpop_proof")(s)
	}
	if unbound != nil {
		proof = unless(proof, unbound)
	}
	g = addingHeader(g, to.ID, presented)
	return before(nonceWanted(g, to.ID, nonce), to.ID, proof)
}

// publicKey is the header member jwk: only what makes the key a key.
func publicKey(s flows.State) []flows.Param {
	var parts []flows.Param
	for _, name := range []string{"kty", "crv", "x", "y", "n", "e"} {
		if v := member(s.Vars["dpop_key"], name); v != "" {
			parts = append(parts, flows.Param{Name: name, Value: wire.Untrusted(v)})
		}
	}
	return []flows.Param{{Name: "jwk", Value: wire.Untrusted(flows.Object(parts)), Var: "dpop_key", JSON: true}}
}

// target is the request that the proof is for: its method, and its address
// without query and fragment (RFC 9449 §4.2).
func target(step string) field {
	return func(s flows.State) []flows.Param {
		var r flows.Request
		if i := s.Grant.Index(step); i >= 0 {
			r = flows.MessageOf(s.Grant.Steps[i].Do(s)).Edit(s.Edits[step])
		}
		htu := r.URL.Raw()
		if u, err := url.Parse(htu); err == nil {
			u.RawQuery, u.Fragment, u.ForceQuery = "", "", false
			htu = u.String()
		}
		return []flows.Param{{Name: "htm", Value: wire.Untrusted(r.Method)}, {Name: "htu", Value: wire.Untrusted(htu)}}
	}
}

// tokenHash is ath, the hash of the access token that the proof goes with.
func tokenHash(to flows.Step) field {
	return func(s flows.State) []flows.Param {
		if !usesToken(to) {
			return nil
		}
		sum := sha256.Sum256([]byte(s.Vars["access_token"].Raw()))
		return []flows.Param{{Name: "ath", Value: wire.Untrusted(base64.RawURLEncoding.EncodeToString(sum[:])), Var: "access_token"}}
	}
}

// mostNonces is how often a server may ask for its nonce in one step.
const mostNonces = 2

// nonceWanted keeps the nonce that a server hands out for the next proof, and
// asks again with it where that is what was missing (RFC 9449 §8, §9).
func nonceWanted(g flows.Grant, step, nonce string) flows.Grant {
	return change(g, step, func(st flows.Step) flows.Step {
		on := st.On
		st.On = func(s flows.State, e flows.Entry) flows.Verdict {
			v := on(s, e)
			rec, ok := e.Event.(flows.Received)
			if !ok {
				return v
			}
			given := rec.Exchange.Response.Get("DPoP-Nonce")
			asked := v.Problem != nil && v.Problem.Code == "use_dpop_nonce"
			before := 0
			for _, c := range s.ResultOf(step).Checks {
				if c.ID == "dpop_nonce" {
					before++
				}
			}
			switch {
			case asked && given == "":
				v.Problem = saying(v.Problem, "the answer has no DPoP-Nonce header, so there is no nonce to put into a proof (RFC 9449 §8)")
				return v
			case given == "":
				return v
			case asked && before < mostNonces:
				return flows.Verdict{Set: flows.Vars{nonce: given}, Again: true, Checks: []wire.Check{{ID: "dpop_nonce", Status: wire.Pass, Got: "use_dpop_nonce", Ref: "RFC 9449 §8",
					Message: "the server wants its own nonce in the proof; authdance makes a fresh proof with it and asks again"}}}
			case asked:
				v.Problem = saying(v.Problem, "the proof had the nonce that the server gave, and it asked for yet another one; authdance stops here")
			}
			set := flows.Vars{nonce: given}
			for name, val := range v.Set {
				set[name] = val
			}
			v.Set = set
			return v
		}
		return st
	})
}

// saying adds a remark of ours to what the server said.
func saying(p *flows.Problem, remark wire.Untrusted) *flows.Problem {
	more := *p
	if more.Description != "" {
		remark = more.Description + ". " + remark
	}
	more.Description = remark
	return &more
}
