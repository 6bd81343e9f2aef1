package cli

import (
	"context"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"
)

// signals remembers the signal that ended the program. The first one cancels
// the context, so that ports close and files end in order; a second one finds
// nobody listening and ends the process at once.
type signals struct {
	got  atomic.Int32
	over <-chan struct{} // closed once a signal came
	once sync.Once
	done chan struct{}
	in   chan os.Signal
	pipe chan os.Signal
}

// watchSignals listens for SIGINT, SIGTERM, SIGHUP and SIGQUIT, which would
// otherwise print every goroutine of the program. SIGPIPE is caught so
// that a closed pipe is an error of the write and not the end of the process.
func watchSignals() (context.Context, *signals) {
	ctx, cancel := context.WithCancel(context.Background())
	s := &signals{over: ctx.Done(), done: make(chan struct{}), in: make(chan os.Signal, 1), pipe: make(chan os.Signal, 1)}
	signal.Notify(s.in, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT)
	signal.Notify(s.pipe, syscall.SIGPIPE)
	go func() {
		defer cancel()
		select {
		case sig := <-s.in:
			signal.Stop(s.in)
			if n, ok := sig.(syscall.Signal); ok {
				s.got.Store(int32(n))
			}
		case <-s.done:
		}
	}()
	return ctx, s
}

func (s *signals) number() int { return int(s.got.Load()) }

// came is closed when the program is to end. Without a watch it never is.
func (s *signals) came() <-chan struct{} {
	if s == nil {
		return nil
	}
	return s.over
}

// stop gives the signals back to whoever comes next.
func (s *signals) stop() {
	s.once.Do(func() {
		signal.Stop(s.in)
		close(s.done)
	})
}
