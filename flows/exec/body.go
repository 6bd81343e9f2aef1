package exec

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"authdance/flows/wire"
)

// read takes the body of an answer, unpacked and at most limit bytes of it.
// idle is called when nothing came for too long; it must end the exchange.
func (l limits) read(res *http.Response, limit int64, idle func()) (body string, cut bool, err error) {
	alarm := time.AfterFunc(l.idle, idle)
	defer alarm.Stop()
	in := &counter{from: res.Body, alive: func() { alarm.Reset(l.idle) }}
	plain, err := unpacked(in, res.Header.Get("Content-Encoding"))
	if err != nil {
		return "", false, in.blame(err)
	}
	var out bytes.Buffer
	chunk := make([]byte, 16<<10)
	for {
		n, err := plain.Read(chunk)
		room := limit - int64(out.Len())
		if int64(n) > room {
			out.Write(chunk[:room])
			return out.String(), true, nil
		}
		out.Write(chunk[:n])
		if got := int64(out.Len()); got > l.ratioFrom && got > l.ratio*in.n {
			return "", false, errBomb
		}
		switch {
		case errors.Is(err, io.EOF):
			return out.String(), false, nil
		case err != nil:
			return "", false, in.blame(err)
		}
	}
}

// unpacked undoes the content coding. None was asked for, but some servers
// compress all the same.
func unpacked(in io.Reader, coding string) (io.Reader, error) {
	buf := bufio.NewReader(in)
	switch c := strings.ToLower(strings.TrimSpace(coding)); c {
	case "", "identity":
		return buf, nil
	case "gzip", "x-gzip", "deflate":
		head, err := buf.Peek(2)
		if errors.Is(err, io.EOF) && len(head) == 0 {
			return buf, nil // no body at all, as in an answer to HEAD
		}
		if c != "deflate" {
			return gzip.NewReader(buf)
		}
		// "deflate" means zlib (RFC 9110 §8.4.1.2), and many send it bare.
		if len(head) == 2 && head[0]&0x0f == 8 && (int(head[0])<<8|int(head[1]))%31 == 0 {
			return zlib.NewReader(buf)
		}
		return flate.NewReader(buf), nil
	}
	return nil, &failure{code: UnknownEncoding,
		text: "the answer is compressed as " + clipped(coding) + ", which authdance did not ask for and cannot read. Look at the server, or at a proxy between"}
}

// counter counts what comes from the network and keeps its error apart from
// those of the unpacker above it.
type counter struct {
	from  io.Reader
	alive func()
	n     int64
	err   error
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.from.Read(p)
	c.n += int64(n)
	if n > 0 {
		c.alive()
	}
	if err != nil && !errors.Is(err, io.EOF) {
		c.err = err
	}
	return n, err
}

// blame finds whose error it is: the connection's, or the packed bytes'.
func (c *counter) blame(err error) error {
	var known *failure
	switch {
	case c.err != nil:
		return c.err
	case errors.As(err, &known):
		return err
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return &failure{code: BodyCorrupt, text: "the compressed answer ends too early to be unpacked (" + wire.Safe(err.Error()) + "). Look at the server, or at a proxy that changes answers"}
	}
	return err
}
