package jose

import "testing"

func BenchmarkDecode(b *testing.B) {
	text := forge{}.String()
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		Decode(text)
	}
}

func BenchmarkVerifyES256(b *testing.B) {
	tok, keys := Decode(forge{}.String()), goodKeys()
	for b.Loop() {
		if _, used := Verify(tok, keys, Policy{}); used == nil {
			b.Fatal("does not verify")
		}
	}
}

func BenchmarkVerifyRS256(b *testing.B) {
	tok, keys := Decode(forge{alg: "RS256", key: rsaKey(), header: `{"alg":"RS256","kid":"rsa"}`}.String()), goodKeys()
	for b.Loop() {
		if _, used := Verify(tok, keys, Policy{}); used == nil {
			b.Fatal("does not verify")
		}
	}
}

func BenchmarkCheckIDToken(b *testing.B) {
	tok, keys, want := Decode(forge{}.String()), goodKeys(), expect()
	for b.Loop() {
		if r := CheckIDToken(tok, want, keys, now); r.Verdict != Valid {
			b.Fatal(r.Verdict)
		}
	}
}

func BenchmarkParseKeys(b *testing.B) {
	text := []byte(set(jwk(ecKey(), "ec", ""), jwk(rsaKey(), "rsa", ""), jwk(edKey(), "ed", "")))
	for b.Loop() {
		ParseKeys(text)
	}
}
