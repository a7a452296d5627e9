package rack

import (
	"net/http"
	"testing"

	"github.com/reprise-dr/reprise/harness"
)

// Serving is a rack of no machines with a web site at an address, which ends with the test. A nil
// handler leaves the address without one.
func Serving(t testing.TB, address string, handler http.Handler) *Rack {
	t.Helper()
	rack := New(harness.Topology{})
	t.Cleanup(rack.Close)
	if handler != nil {
		rack.Serve(harness.VantageObserver, address, handler)
	}
	return rack
}
