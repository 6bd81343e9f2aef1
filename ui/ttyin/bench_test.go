package ttyin

import (
	"bytes"
	"strings"
	"testing"
)

func BenchmarkTyping(b *testing.B) {
	benchmark(b, []byte("k"))
}

func BenchmarkMouse(b *testing.B) {
	benchmark(b, bytes.Repeat([]byte("\x1b[<35;120;36M"), 300))
}

func BenchmarkPasteASCII(b *testing.B) {
	benchmark(b, []byte("\x1b[200~"+strings.Repeat("eyJhbGciOiJSUzI1NiJ9.", 190)+"\x1b[201~"))
}

func BenchmarkPasteLetters(b *testing.B) {
	benchmark(b, []byte("\x1b[200~"+strings.Repeat("Л漢é", 500)+"\x1b[201~"))
}

func benchmark(b *testing.B, chunk []byte) {
	r := New(&loop{chunk})
	p := make([]byte, 4096)
	b.SetBytes(int64(len(chunk)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.Read(p); err != nil {
			b.Fatal(err)
		}
	}
}

type loop struct{ chunk []byte }

func (l *loop) Read(p []byte) (int, error) { return copy(p, l.chunk), nil }
