package ttyin

// endMark ends a bracketed paste. Terminals send exactly this.
const endMark = "\x1b[201~"

// pasted handles one byte of a bracketed paste, which is data: the only
// sequence in it is its end. The parser would read others, and one without an
// end would swallow the mark and the keyboard with it.
func (f *filter) pasted(c byte) {
	if c == endMark[f.matched] {
		if f.matched++; f.matched == len(endMark) {
			f.emitAll([]byte(endMark))
			f.state = ground
		}
		return
	}
	f.flushMark()
	if c == esc {
		f.matched = 1
		return
	}
	f.keep(c)
}

// flushMark passes on, less its ESC, what looked like the end of the paste.
func (f *filter) flushMark() {
	seen := f.matched
	f.matched = 0
	for i := 1; i < seen; i++ {
		f.keep(endMark[i])
	}
}

func (f *filter) keep(c byte) {
	if f.size < MaxPaste {
		f.size++
		f.emit(c)
	}
}
