package jose

import (
	"fmt"
	"strings"

	"authdance/flows/wire"
)

// readInner looks for a token inside the payload of a signed one (RFC 7519
// §11.2).
func (t *Token) readInner() { t.readInnerAt(1) }

func (t *Token) readInnerAt(level int) {
	if t.Kind != JWS || t.Claims.Kind != wire.Null {
		return
	}
	if t.readInnerText(string(t.Segment("payload").Bytes), level); t.Inner != nil {
		t.Kind = Nested
	}
}

// readInnerText reads text as a token when it is one. level counts tokens
// inside tokens, from 1.
func (t *Token) readInnerText(text string, level int) {
	text = strings.TrimSpace(text)
	dots := strings.Count(text, ".")
	if startOf(text) != 0 || tokenRun(text) != text || dots != 2 && dots != 4 {
		return
	}
	if level >= maxNesting {
		t.Checks = append(t.Checks, row(wire.Fail, "nesting_limit", "RFC 8725 §3.4", "tokens inside tokens go on deeper than is read here",
			fmt.Sprintf("more than %d levels", maxNesting), fmt.Sprintf("at most %d", maxNesting)))
		return
	}
	inner := splitAt(text, level+1)
	if inner.Kind == Malformed || inner.Kind == Opaque {
		return
	}
	t.Inner = &inner
	t.Checks = append(t.Checks, passed("nesting", "RFC 7519 §11.2", "another token stands inside: "+inner.Kind), ctyCheck(t.joined()))
}

// ctyCheck: a token that carries a JWT must say so (RFC 7519 §5.2).
func ctyCheck(header wire.Value) wire.Check {
	const id, ref = "cty_missing", "RFC 7519 §5.2"
	cty := header.Str("cty")
	if strings.EqualFold(strings.TrimPrefix(strings.ToLower(cty), "application/"), "jwt") {
		return row(wire.Pass, id, ref, "cty says that a JWT stands inside", cty, "JWT")
	}
	return row(wire.Warn, id, ref, "a JWT stands inside, and cty does not say so", orNothing(cty), "JWT")
}

// open adds the checks of a token's structure to the report, layer by layer,
// verifies the outer signatures, and returns the innermost token.
func (r *Report) open(tok Token, keys KeySet, p Policy) Token {
	for ; tok.Inner != nil; tok = *tok.Inner {
		r.add(tok.Checks...)
		if tok.Plaintext == nil {
			checks, _ := Verify(tok, keys, p)
			r.add(checks...)
		}
	}
	r.add(tok.Checks...)
	return tok
}
