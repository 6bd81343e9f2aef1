package diagnose

import (
	"html"
	"regexp"
	"strings"

	"authdance/flows/wire"
)

// The words that error pages use for the two things that a server must be sure
// of before it sends a browser anywhere (RFC 6749 §4.1.2.1).
func redirectWords() []string {
	return []string{"redirect_uri", "redirect uri", "redirect url", "redirection", "reply url", "reply address", "callback url"}
}

func clientWords() []string {
	return []string{"client_id", "client id", "invalid_client", "unknown client", "no client", "client not found", "application with identifier"}
}

// pageSpoke reports that the server showed a page of its own, and that it is
// not authdance that refused to go on.
func (s scene) pageSpoke() bool {
	text := s.problem.Description.Raw()
	return strings.Contains(text, "shows an error page") || strings.Contains(text, "shows a page without a way on")
}

// pageBody is the page that the browser ended on.
func (s scene) pageBody() string {
	all := s.ResultOf(s.problem.Step).Exchanges()
	if len(all) == 0 {
		return ""
	}
	return all[len(all)-1].Response.Body.Raw()
}

// pageCode is the error value in the page, "" when there is none.
func (s scene) pageCode() string {
	for _, block := range blocks(s.pageBody()) {
		if code := regexp.MustCompile(`\b(invalid_[a-z_]+|unauthorized_client|access_denied|unsupported_response_type|server_error|temporarily_unavailable|redirect_uri_mismatch|AADSTS\d+)\b`).FindString(block); code != "" {
			return code
		}
	}
	return ""
}

// marked finds the element that a page calls its alert or its error, as far as
// the attributes of one tag tell.
func marked(page string) string {
	if len(page) > 1<<16 {
		page = page[:1<<16]
	}
	m := regexp.MustCompile(`(?is)<[a-z0-9]+[^>]*\b(?:role="alert"|(?:id|class)="[^"]*(?:error|alert|exception)[^"]*")[^>]*>(.*?)</(?:p|div|h[1-6]|span|section|li|td)>`).FindStringSubmatch(page)
	if m == nil {
		return ""
	}
	return short(wire.Safe(strings.Join(blocks(m[1]), " ")), 240)
}

// pageWords is the part of the page that gives the reason: what the page marks
// as its alert, else the first block that speaks of redirect_uri or the client, else the first one with an error in it.
// Without a page it is what the browser told.
func (s scene) pageWords() string {
	if text := marked(s.pageBody()); text != "" {
		return text
	}
	all := blocks(s.pageBody())
	for _, words := range [][]string{redirectWords(), clientWords(), {"invalid", "error", "denied", "refused", "expired"}} {
		for _, block := range all {
			text := strings.ToLower(block)
			for _, w := range words {
				if strings.Contains(text, w) {
					return short(wire.Safe(block), 240)
				}
			}
		}
	}
	text := s.problem.Description.Raw()
	if _, rest, ok := strings.Cut(text, ": "); ok && s.pageSpoke() {
		text = rest
	}
	return text
}

// blocks are the texts of a page, a paragraph each, without title, style and
// script. It is no browser: it only has to find a sentence.
func blocks(page string) []string {
	if len(page) > 1<<16 {
		page = page[:1<<16]
	}
	page = regexp.MustCompile(`(?is)<!--.*?-->|<(head|script|style|title)\b.*?</(head|script|style|title)\s*>`).ReplaceAllString(page, "\n")
	page = regexp.MustCompile(`(?is)</?(a|abbr|b|code|em|i|kbd|small|span|strong|tt)\b[^>]*>`).ReplaceAllString(page, "")
	page = regexp.MustCompile(`(?s)<[^>]*>`).ReplaceAllString(page, "\x00")
	var out []string
	for part := range strings.SplitSeq(page, "\x00") {
		if text := strings.Join(strings.Fields(html.UnescapeString(part)), " "); text != "" {
			out = append(out, text)
		}
	}
	return out
}
