package nginx

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/netip"
	"path"
	"slices"
	"sync"
	"testing"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/labtest"
)

const address = "10.201.6.100:80"

var folder = Folder{At: netip.MustParseAddrPort(address), Path: "/uploads/"}

// A fakeNginx has as much of nginx as the package needs: it stores what is PUT, lists it as JSON, and logs.
type fakeNginx struct {
	mutex    sync.Mutex
	files    map[string]string
	readOnly bool
	log      func(line string)
}

func (f *fakeNginx) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if f.log != nil && !f.readOnly {
		f.log(request.Method + " " + request.URL.Path)
	}
	name := path.Base(request.URL.Path)
	body, found := f.files[name]
	switch {
	case request.Method == http.MethodPut && f.readOnly:
		http.Error(w, "", http.StatusInternalServerError)
	case request.Method == http.MethodPut:
		content, _ := io.ReadAll(request.Body)
		f.files[name] = string(content)
		w.WriteHeader(http.StatusCreated)
	case request.URL.Path == folder.Path:
		list := []map[string]any{}
		for name, content := range f.files {
			list = append(list, map[string]any{"name": name, "type": "file", "size": len(content)})
		}
		_ = json.NewEncoder(w).Encode(list)
	case found:
		_, _ = io.WriteString(w, body)
	default:
		http.NotFound(w, request)
	}
}

// Goal: what is acknowledged can be listed, a file that lost its content is not, and a server that cannot write
// refuses. Method: write entries, empty one as a crash would, and make the disk read-only.
func TestUploads(t *testing.T) {
	server := &fakeNginx{files: map[string]string{}}
	machines, ledger := labtest.Serving(t, address, server), Uploads(folder)
	for entry := range 3 {
		labtest.Expect(t, ledger.Write(t.Context(), machines, entry), "")
	}
	labtest.Expect(t, Accepts(folder).Check(t.Context(), machines), "")
	server.files["1"] = ""
	entries, err := ledger.Entries(t.Context(), machines)
	labtest.Expect(t, err, "")
	if slices.Sort(entries); !slices.Equal(entries, []int{0, 2}) {
		t.Errorf("listed %v, want 0 and 2", entries)
	}
	server.readOnly = true
	err = ledger.Write(t.Context(), machines, 3)
	if labtest.Expect(t, err, "answered 500"); !errors.Is(err, harness.ErrRefused) {
		t.Errorf("a server that cannot write refuses: %v", err)
	}
	labtest.Expect(t, Accepts(folder).Check(t.Context(), machines), "answered 500")
}

// Goal: a log that no longer grows is noticed while every request is answered. Method: a server that logs, until
// it cannot write any more.
func TestLogged(t *testing.T) {
	const log = "/var/log/nginx/uploads.log"
	machines := labtest.New(harness.Topology{Nodes: []harness.Node{{Name: "web-1"}}})
	t.Cleanup(machines.Close)
	text := ""
	server := &fakeNginx{files: map[string]string{}, log: func(line string) {
		text += line + "\n"
		labtest.Expect(t, machines.WriteFile(t.Context(), "web-1", harness.File{Path: log, Data: []byte(text)}), "")
	}}
	machines.Serve(harness.VantageObserver, address, server)
	probe := Logged(folder, "web-1", log)
	labtest.Expect(t, probe.Check(t.Context(), machines), "")
	server.readOnly = true
	labtest.Expect(t, probe.Check(t.Context(), machines), "the last request is not in "+log)
	labtest.Expect(t, Logged(folder, "web-1", "/no/log").Check(t.Context(), machines), "open /no/log: file does not exist")
}
