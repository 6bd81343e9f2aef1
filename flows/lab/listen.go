package lab

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"
)

// connectionLimit bounds the connections of each listener; more wait unaccepted.
const connectionLimit = 1024

// listening is what Start opened and Close has to end.
type listening struct {
	servers []*http.Server
	cancel  context.CancelFunc
	serving sync.WaitGroup
}

func serve(l *Lab, server, api, secure net.Listener) *listening {
	ctx, cancel := context.WithCancel(context.Background())
	s := &listening{cancel: cancel}
	for _, at := range []struct {
		listener net.Listener
		handler  http.Handler
		tls      *tls.Config
	}{{server, l.server.handler, nil}, {api, l.api.handler, nil}, {secure, l.secure.handler, l.tlsConfig()}} {
		srv := &http.Server{
			Handler: at.handler,
			// A fault may hold an answer back for ever; Close ends it here.
			BaseContext:       func(net.Listener) context.Context { return ctx },
			ReadHeaderTimeout: 5 * time.Second,
			ReadTimeout:       15 * time.Second,
			IdleTimeout:       30 * time.Second,
			MaxHeaderBytes:    32 << 10,
			ErrorLog:          log.New(io.Discard, "", 0),
		}
		s.servers = append(s.servers, srv)
		var listener net.Listener = newBounded(at.listener, connectionLimit)
		if at.tls != nil {
			listener = tls.NewListener(listener, at.tls)
		}
		s.serving.Go(func() { _ = srv.Serve(listener) })
	}
	return s
}

func (s *listening) close() error {
	s.cancel()
	var err error
	for _, srv := range s.servers {
		err = errors.Join(err, srv.Close())
	}
	s.serving.Wait()
	return err
}

// listen opens a loopback listener; flag names the setting in errors.
func listen(flag, addr string) (net.Listener, error) {
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("lab: %s %q is not host:port, for example 127.0.0.1:9500: %w", flag, addr, err)
	}
	ip := net.ParseIP(host)
	if host == "localhost" {
		ip = net.IPv4(127, 0, 0, 1)
	}
	if ip == nil || !ip.IsLoopback() {
		return nil, fmt.Errorf("lab: %s %q is not a loopback address, so other machines could reach a server with known passwords; use 127.0.0.1:%s", flag, addr, port)
	}
	listener, err := net.Listen("tcp", net.JoinHostPort(ip.String(), port))
	if err != nil {
		return nil, fmt.Errorf("lab: cannot listen on port %s: %w; another program may use it: stop that program, or give another port with %s 127.0.0.1:PORT (port 0 takes any free one)", port, err, flag)
	}
	return listener, nil
}

// bounded accepts a connection only when a slot is free.
type bounded struct {
	net.Listener
	slots  chan struct{}
	closed chan struct{}
	once   sync.Once
}

func newBounded(l net.Listener, limit int) *bounded {
	return &bounded{Listener: l, slots: make(chan struct{}, limit), closed: make(chan struct{})}
}

func (b *bounded) Accept() (net.Conn, error) {
	select {
	case b.slots <- struct{}{}:
	case <-b.closed:
		return nil, net.ErrClosed
	}
	conn, err := b.Listener.Accept()
	if err != nil {
		<-b.slots
		return nil, err
	}
	return &slotConn{Conn: conn, free: func() { <-b.slots }}, nil
}

func (b *bounded) Close() error {
	b.once.Do(func() { close(b.closed) })
	return b.Listener.Close()
}

// slotConn gives its slot back when it is closed.
type slotConn struct {
	net.Conn
	once sync.Once
	free func()
}

// lingerNot makes Close a reset.
func (c *slotConn) lingerNot() {
	if tcp, ok := c.Conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
}

func (c *slotConn) Close() error {
	c.once.Do(c.free)
	return c.Conn.Close()
}
