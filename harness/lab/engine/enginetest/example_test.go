package enginetest_test

import (
	"net/http"
	"testing"

	"github.com/reprise-dr/reprise/harness/internal/testkit"
	"github.com/reprise-dr/reprise/harness/lab/engine"
	"github.com/reprise-dr/reprise/harness/lab/engine/enginetest"
)

// A test of what is done when the container engine has trouble.
func ExampleServe() {
	_ = func(t *testing.T) {
		t.Setenv("DOCKER_HOST", enginetest.Serve(t, func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, `{"message": "it is shutting down"}`, http.StatusInternalServerError)
		}))
		connection, err := engine.Connect(t.Context())
		testkit.Must(t, err)
		defer connection.Close()
		if _, err := engine.Runs(t.Context(), connection); err == nil {
			t.Error("an engine that answers nothing has runs")
		}
	}
}
