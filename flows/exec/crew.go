package exec

import (
	"fmt"
	"runtime/debug"
	"sync"

	"authdance/flows"
)

// Crash is a panic that was caught. The fact in the log only says that there
// was one; the stack goes to the crash report and nowhere else.
type Crash struct {
	Value any
	Stack []byte
}

// crew starts every goroutine of this package and knows when all are gone.
type crew struct {
	running sync.WaitGroup
	crashed func(Crash)
}

// start runs work on a goroutine of its own. When it panics, fell is called
// with a failure, so that whoever waits for the work gets an answer.
func (c *crew) start(work func(), fell func(*failure)) {
	c.running.Go(func() {
		if f := c.caught(work); f != nil && fell != nil {
			fell(f)
		}
	})
}

func (c *crew) wait() { c.running.Wait() }

// guard performs on the caller's goroutine and turns a panic into a fact.
func (c *crew) guard(id int, perform func() flows.Event) (answer flows.Event) {
	if f := c.caught(func() { answer = perform() }); f != nil {
		return broke(id, f)
	}
	return answer
}

func (c *crew) caught(work func()) (f *failure) {
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		f = internal("authdance made a mistake here (%s); please report it with the crash file", fmt.Sprintf("%T", v))
		if c.crashed != nil {
			c.crashed(Crash{Value: v, Stack: debug.Stack()})
		}
	}()
	work()
	return nil
}
