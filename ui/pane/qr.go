package pane

import (
	"net/netip"
	"net/url"
	"strings"

	"charm.land/lipgloss/v2"
	"rsc.io/qr"

	"authdance/themes"
)

// quiet is the light margin of a QR code, in modules (ISO/IEC 18004 §6.3.8).
const quiet = 4

// QR draws an address as a QR code, two modules in a cell, in at most w cells
// and h lines; false where it does not fit with its margin. The dark modules are
// the foreground: draw it dark on light, or many readers see nothing.
func QR(text string, w, h int) ([]string, bool) {
	code, err := qr.Encode(text, qr.L)
	if err != nil {
		return nil, false
	}
	n := code.Size + 2*quiet
	if n > w || (n+1)/2 > h {
		return nil, false
	}
	out := make([]string, 0, (n+1)/2)
	for y := 0; y < n; y += 2 {
		var line strings.Builder
		for x := range n {
			upper, lower := code.Black(x-quiet, y-quiet), code.Black(x-quiet, y+1-quiet)
			switch {
			case upper && lower:
				line.WriteRune('█')
			case upper:
				line.WriteRune('▀')
			case lower:
				line.WriteRune('▄')
			default:
				line.WriteByte(' ')
			}
		}
		out = append(out, line.String())
	}
	return out, true
}

// Elsewhere reports whether another device can open an address: one of this
// computer alone it cannot.
func Elsewhere(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" {
		return false
	}
	ip, err := netip.ParseAddr(u.Hostname())
	return !strings.EqualFold(u.Hostname(), "localhost") && (err != nil || !ip.Unmap().IsLoopback())
}

// Scannable is the QR code of an address, black on white, where it helps: nil
// for an address of this computer alone, without colours (the code would come
// out light on dark for half of the terminals), in ASCII, and where it does not fit.
func Scannable(st *themes.Styles, address string, w, h int) []string {
	_, colourless := st.OK.GetForeground().(lipgloss.NoColor)
	if colourless || st.Sym.Name == "ascii" || !Elsewhere(address) {
		return nil
	}
	lines, ok := QR(address, w, h)
	if !ok {
		return nil
	}
	ink := lipgloss.NewStyle().Foreground(lipgloss.Color("#000000")).Background(lipgloss.Color("#ffffff"))
	for i, l := range lines {
		lines[i] = ink.Render(l)
	}
	return lines
}
