package pane

import (
	"strings"
	"testing"

	"rsc.io/qr"
)

// Read back, the cells are the modules of the code, in a light margin of four.
func TestTheCellsAreTheModules(t *testing.T) {
	const address = "https://idp.example/device?user_code=BCDF-GHJK"
	lines, ok := QR(address, 80, 40)
	if !ok {
		t.Fatal("it does not fit in 80 × 40")
	}
	code, err := qr.Encode(address, qr.L)
	if err != nil {
		t.Fatal(err)
	}
	n := code.Size + 8
	if len(lines) != (n+1)/2 {
		t.Fatalf("%d lines for %d modules", len(lines), n)
	}
	for i, l := range lines {
		cells := []rune(l)
		if len(cells) != n {
			t.Fatalf("line %d has %d cells, want %d", i, len(cells), n)
		}
		for x, c := range cells {
			for half := range 2 {
				dark := c == '█' || c == '▀' && half == 0 || c == '▄' && half == 1
				if y := 2*i + half; dark != code.Black(x-4, y-4) {
					t.Fatalf("module %d,%d is wrong", x, y)
				}
			}
		}
	}
}

func TestACodeThatDoesNotFitWithItsMarginIsLeftOut(t *testing.T) {
	lines, _ := QR("https://idp.example/d", 80, 40)
	w, h := len([]rune(lines[0])), len(lines)
	if _, ok := QR("https://idp.example/d", w, h); !ok {
		t.Error("the exact size is refused")
	}
	for _, size := range [][2]int{{w - 1, h}, {w, h - 1}, {0, 0}} {
		if _, ok := QR("https://idp.example/d", size[0], size[1]); ok {
			t.Errorf("drawn in %v", size)
		}
	}
	if _, ok := QR(strings.Repeat("x", 5000), 1000, 1000); ok {
		t.Error("too long a text was drawn")
	}
}

func TestAnotherDeviceCannotOpenAnAddressOfThisComputer(t *testing.T) {
	for address, want := range map[string]bool{"https://idp.example/device": true, "http://127.0.0.1:9500/device": false, "http://localhost/x": false, "http://[::1]:8/": false, "nonsense": false} {
		if Elsewhere(address) != want {
			t.Errorf("%s: %v", address, !want)
		}
	}
}
