package cli

import (
	"errors"
	"strconv"
	"time"
)

// timeout is a duration that must be positive; a bare number means seconds.
type timeout struct{ d time.Duration }

func (t *timeout) String() string {
	if t.d == 0 {
		return ""
	}
	return t.d.String()
}

func (t *timeout) Type() string { return "duration" }

func (t *timeout) Set(s string) error {
	d, err := duration(s)
	if err != nil || d <= 0 {
		return errors.New("write a time such as 10s, 500ms or 2m")
	}
	t.d = d
	return nil
}

// duration reads 10s, 500ms, 2m, or a bare number of seconds.
func duration(s string) (time.Duration, error) {
	if n, err := strconv.ParseUint(s, 10, 31); err == nil {
		return time.Duration(n) * time.Second, nil
	}
	return time.ParseDuration(s)
}
