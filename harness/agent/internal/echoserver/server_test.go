package echoserver

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

// Goal: the canary says who it is, the same each time, and ends with its context. Method: ask twice
// with an allocation in the environment, then cancel.
func TestServe(t *testing.T) {
	t.Setenv("NOMAD_ALLOC_ID", "8ba85cef")
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	testkit.Must(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- serve(ctx, listener) }()
	var answers [2]Answer
	for i := range answers {
		response, err := http.Get("http://" + listener.Addr().String())
		testkit.Must(t, err)
		testkit.Must(t, json.NewDecoder(response.Body).Decode(&answers[i]))
		response.Body.Close()
	}
	if answers[0] != answers[1] || answers[0].PID != os.Getpid() || answers[0].Allocation != "8ba85cef" ||
		time.Since(answers[0].Started) > time.Minute {
		t.Errorf("the answers are %+v", answers)
	}
	cancel()
	select {
	case err := <-done:
		testkit.Expect(t, err, "")
	case <-time.After(5 * time.Second):
		t.Error("the canary sings on 5 s after it was told to end")
	}
}

// Goal: an address that cannot be had is an error. Method: nonsense.
func TestServeRefuses(t *testing.T) {
	if err := Serve(t.Context(), "nowhere"); err == nil {
		t.Error("it serves nowhere")
	}
}
