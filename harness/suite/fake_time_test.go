package suite

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/onsi/ginkgo/v2"
)

// theSuite is the test that runs the specs of this package.
var theSuite *testing.T

// A fakeTime is a bubble of [synctest] for a spec and its cleanup, which the runner calls one after the other: nobody waits
// there, and a busy machine changes nothing.
type fakeTime struct {
	calls chan func()
	ended chan struct{}
}

func startFakeTime() *fakeTime {
	f := &fakeTime{calls: make(chan func()), ended: make(chan struct{})}
	go func() {
		defer close(f.ended)
		synctest.Test(theSuite, func(*testing.T) {
			for call := range f.calls {
				call()
			}
		})
	}()
	return f
}

// do calls a function in the bubble, or here when there is none, and panics when that does: so the runner learns of failures.
func (f *fakeTime) do(call func()) {
	if f == nil {
		call()
		return
	}
	panicked := make(chan any)
	f.calls <- func() {
		defer func() { panicked <- recover() }()
		call()
	}
	if why := <-panicked; why != nil {
		panic(why)
	}
}

func (f *fakeTime) end() {
	close(f.calls)
	<-f.ended
}

// inFakeTime is a spec whose drill is in a lab with a bubble of its own. Its context never ends: the runner's is outside.
func inFakeTime(spec func(context.Context, *site)) func(ginkgo.SpecContext) {
	return func(ctx ginkgo.SpecContext) {
		place := &site{time: startFakeTime()}
		ginkgo.DeferCleanup(place.time.end)
		place.time.do(func() { spec(context.WithoutCancel(ctx), place) })
	}
}
