package lab

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/lab/engine"
	"github.com/reprise-dr/reprise/harness/lab/engine/enginetest"
)

// Goal: agents that are gone are told one by one while the engine answers, and as the loss of the engine when it does
// not, also after it has come back. Method: an engine that answers, one that ends every connection, and the first one again.
func TestLossOfTheEngine(t *testing.T) {
	agents := []harness.Loss{{Part: "the agent of one"}, {Part: "the agent of two"}}
	there := connect(t, enginetest.Serve(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "{}") }))
	gone := connect(t, enginetest.Serve(t, func(w http.ResponseWriter, _ *http.Request) {
		if connection, _, err := w.(http.Hijacker).Hijack(); err == nil {
			_ = connection.Close()
		}
	}))
	lab := &Lab{engine: there}
	if losses := lab.orEngine(t.Context(), agents); len(losses) != 2 {
		t.Errorf("the engine answers: %v", losses)
	}
	for _, engine := range []*engine.Engine{gone, there} {
		lab.engine = engine
		losses := lab.orEngine(t.Context(), agents)
		if len(losses) != 1 || !strings.HasPrefix(losses[0].String(), "the container engine at unix://") {
			t.Errorf("the engine is gone: %v", losses)
		}
	}
}

// Goal: a full disk is a sentence with figures, and one with room is none. Method: sizes around the limit.
func TestDiskShortage(t *testing.T) {
	for _, test := range []struct {
		free uint64
		want string
	}{{fullDisk, ""}, {1 << 40, ""}, {fullDisk - 1, "65535 KiB free below /var/lib/docker"}, {0, "0 KiB free"}} {
		if got := strings.Join(diskShortage("/var/lib/docker", test.free), ""); !strings.Contains(got, test.want) ||
			(got == "") != (test.want == "") {
			t.Errorf("%d bytes: %q, want %q", test.free, got, test.want)
		}
	}
}
