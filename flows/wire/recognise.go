package wire

// recognise names what a body is that is not JSON.
func recognise(src string, e *SyntaxError) {
	if src == "" {
		e.Want, e.Got = "a JSON document", "an empty body"
	}
}
