package lab

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/lab/engine/enginetest"
)

// Goal: a system's command and user are those of its image where the topology has none, and an image without a command is told
// from a topology that forgot it. Method: an image with all three and one with none, and topologies that say both, one or nothing.
func TestCommandAndUserOfTheImage(t *testing.T) {
	connection := connect(t, enginetest.Serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if strings.Contains(r.URL.Path, "/images/bare") {
			fmt.Fprint(w, `{"Config": {}}`)
			return
		}
		fmt.Fprint(w, `{"Config": {"User": "app", "Entrypoint": ["/entry", "--"], "Cmd": ["serve"]}}`)
	}))
	for _, test := range []struct {
		image   string
		system  harness.System
		command []string
		user    string
		err     string
	}{
		{"app:1", harness.System{}, []string{"/entry", "--", "serve"}, "app", ""},
		{"app:1", harness.System{Command: []string{"mine"}}, []string{"mine"}, "app", ""},
		{"app:1", harness.System{User: "root"}, []string{"/entry", "--", "serve"}, "root", ""},
		{"app:1", harness.System{Command: []string{"mine"}, User: "root"}, []string{"mine"}, "root", ""},
		{"bare:1", harness.System{Command: []string{"mine"}}, []string{"mine"}, "", ""},
		{
			"bare:1", harness.System{}, nil, "",
			"the topology has no command for app-1, and image bare:1 has neither entrypoint nor command",
		},
	} {
		node := &node{lab: &Lab{engine: connection}, Node: harness.Node{Name: "app-1", System: test.system}}
		got, err := node.started(t.Context(), test.image)
		said := ""
		if err != nil {
			said = err.Error()
		}
		if !slices.Equal(got.Command, test.command) || got.User != test.user || said != test.err {
			t.Errorf("%s, %+v: %q as %q, %q", test.image, test.system, got.Command, got.User, said)
		}
	}
}
