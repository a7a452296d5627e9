package labtest

import (
	"net/http"
	"strings"
	"testing"

	"github.com/reprise-dr/reprise/harness"
)

// Serving is a lab of no machines with a web site at an address, which ends with the test. A nil
// handler leaves the address without one.
func Serving(t testing.TB, address string, handler http.Handler) *Lab {
	t.Helper()
	lab := New(harness.Topology{})
	t.Cleanup(lab.Close)
	if handler != nil {
		lab.Serve(harness.VantageObserver, address, handler)
	}
	return lab
}

// Expect checks that an error contains what is wanted; "" wants none.
func Expect(t testing.TB, err error, want string) {
	t.Helper()
	if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
		t.Errorf("the error is %v, want %q", err, want)
	}
}
