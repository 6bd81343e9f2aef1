package exec

import "time"

// limits bound one exchange in size and time. They can be made smaller, never
// switched off.
type limits struct {
	body         int64 // bytes after decompression, when the effect names no limit
	ratio        int64 // decompressed to received bytes …
	ratioFrom    int64 // … once this much came out: small texts compress well and harm nobody
	headerBytes  int64
	headerFields int
	dial, tls    time.Duration
	header       time.Duration // from the request to the first byte of the answer
	idle         time.Duration // without a byte while the body comes
	total        time.Duration
}

func standard() limits {
	return limits{
		body: 4 << 20, ratio: 100, ratioFrom: 64 << 10, headerBytes: 256 << 10, headerFields: 200,
		dial: 10 * time.Second, tls: 10 * time.Second, header: 15 * time.Second, idle: 10 * time.Second, total: 30 * time.Second,
	}
}

// callbackLimits bound what anybody may send to the loopback listener.
type callbackLimits struct {
	header int // bytes of request line and headers
	body   int64
	conns  int           // open at once; the oldest gives way
	read   time.Duration // to send a whole request
	linger time.Duration // from the answer until the port is closed
	kept   int           // foreign requests that are shown; more are only counted
	orphan time.Duration // a port stays open for a run that does not come back to it
}

func callbackStandard() callbackLimits {
	return callbackLimits{header: 32 << 10, body: 64 << 10, conns: 32, read: 5 * time.Second, linger: 900 * time.Millisecond, kept: 100, orphan: time.Second}
}
