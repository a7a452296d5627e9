package nginx

import (
	"context"
	"strconv"
	"testing"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/labtest"
)

// Goal: the ledger and the probes do what all of them have to do. Method: the contracts, at a server in memory that logs.
func TestContract(t *testing.T) {
	const log = "/var/log/nginx/uploads.log"
	machines := labtest.New(harness.Topology{Nodes: []harness.Node{{Name: "web-1"}}})
	t.Cleanup(machines.Close)
	server, text := &fakeNginx{files: map[string]string{}}, ""
	server.log = func(line string) {
		text += line + "\n"
		labtest.Expect(t, machines.WriteFile(context.Background(), "web-1", harness.File{Path: log, Data: []byte(text)}), "")
	}
	machines.Serve(harness.VantageObserver, address, server)
	lose := func(_ context.Context, entry int) error {
		server.mutex.Lock()
		defer server.mutex.Unlock()
		delete(server.files, strconv.Itoa(entry))
		return nil
	}
	labtest.Expect(t, labtest.TestLedger(t.Context(), machines, labtest.LedgerCase{Ledger: Uploads(folder), Lose: lose}), "")
	// The log of the machines is a file of theirs, and what is asked is in it: that is what the probes are asked without.
	quiet := struct{ harness.Observer }{machines}
	labtest.Expect(t, labtest.TestProbe(t.Context(), quiet, labtest.ProbeCase{Probe: Accepts(folder)}), "")
	labtest.Expect(t, labtest.TestProbe(t.Context(), quiet, labtest.ProbeCase{Probe: Logged(folder, "web-1", log)}), "")
}
