package pane

import "testing"

func TestTheForwardHasTheRealPort(t *testing.T) {
	for _, c := range [][3]string{
		{"me@192.0.2.7", "http://127.0.0.1:9501/cb", "ssh -L 9501:127.0.0.1:9501 me@192.0.2.7"},
		{"-p 2222 me@h", "http://localhost:80/cb", "ssh -L 80:localhost:80 -p 2222 me@h"},
		{"me@h", "http://[::1]:9501/cb", "ssh -L 9501:[::1]:9501 me@h"},
		{"", "http://127.0.0.1:9501/cb", ""}, {"me@h", "https://app.example/cb", ""}, {"me@h", "http://127.0.0.1/cb", ""}, {"me@h", "app:/cb", ""},
	} {
		if got := Forward(c[0], c[1]); got != c[2] {
			t.Errorf("%s %s: %q, want %q", c[0], c[1], got, c[2])
		}
	}
}
