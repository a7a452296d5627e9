package labtest

import (
	"context"
	"errors"
	"net"
	"syscall"
	"testing"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

// lateDial is machines of which a connection to them is there only after something else was done.
type lateDial struct {
	harness.Observer
	meanwhile func()
}

func (l lateDial) Dial(context.Context, string, string, string) (net.Conn, error) {
	near, far := net.Pipe()
	l.meanwhile()
	return near, far.Close()
}

// Goal: nothing reaches machines that are gone, also what was on its way before. Method: a connection is dialed while machines
// are there, and is there when they are gone or silent.
func TestDialRefusesWhatComesTooLate(t *testing.T) {
	for name, now := range map[string]condition{"gone": gone, "silent": silent} {
		t.Run(name, func(t *testing.T) {
			var observer *partialObserver
			observer = newPartialObserver(lateDial{meanwhile: func() { observer.set(now, 0) }})
			if _, err := observer.Dial(t.Context(), "a", "tcp", "[fd00::1]:80"); !errors.Is(err, syscall.ECONNREFUSED) {
				t.Errorf("the connection is given: %v", err)
			}
			observer.set(whole, 0)
			observer.Observer = lateDial{meanwhile: func() {}}
			_, err := observer.Dial(t.Context(), "a", "tcp", "[fd00::1]:80")
			testkit.Must(t, err)
		})
	}
}
