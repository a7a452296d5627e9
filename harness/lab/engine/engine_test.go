package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/client"

	"github.com/reprise-dr/reprise/harness/internal/testkit"
	"github.com/reprise-dr/reprise/harness/lab/engine/enginetest"
)

// impatient is a connection to an engine whose calls end soon.
func impatient(t *testing.T, host string) *Engine {
	t.Helper()
	t.Setenv(hostVariable, host)
	engine, err := Connect(t.Context())
	testkit.Must(t, err)
	t.Cleanup(func() { _ = engine.Close() })
	const soon = 100 * time.Millisecond
	engine.limits = callLimits{soon, soon, soon, soon}
	return engine
}

// unlimited are the calls that last for as long as they take, and those that ask nothing.
var unlimited = []string{
	"ImageBuild", "ImagePull", "ImageSave", "ContainerWait", "Close", "DaemonHost", "ClientVersion", "Podman",
}

// Goal: no call of the engine waits for ever for an engine that only greets, and its error says what to do. Method: every
// method of the connection there is, called with empty options against a server that answers nothing but greetings.
func TestEveryCallHasALimit(t *testing.T) {
	engine := impatient(t, enginetest.Serve(t, nil))
	methods := reflect.TypeFor[*Engine]()
	for method := range methods.Methods() {
		if slices.Contains(unlimited, method.Name) {
			continue
		}
		t.Run(method.Name, func(t *testing.T) {
			arguments := []reflect.Value{reflect.ValueOf(engine), reflect.ValueOf(t.Context())}
			for p := 2; p < method.Type.NumIn() && (p < method.Type.NumIn()-1 || !method.Type.IsVariadic()); p++ {
				argument := reflect.New(method.Type.In(p)).Elem()
				if argument.Kind() == reflect.String {
					argument.SetString("thing")
				}
				for _, field := range []string{"Image", "Container"} { // without which the client does not even ask
					if argument.Kind() == reflect.Struct && argument.FieldByName(field).IsValid() {
						argument.FieldByName(field).SetString("thing")
					}
				}
				arguments = append(arguments, argument)
			}
			ended := make(chan error, 1)
			go func() {
				results := method.Func.Call(arguments)
				err, _ := reflect.TypeAssert[error](results[len(results)-1])
				ended <- err
			}()
			select {
			case err := <-ended:
				if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "did not answer within 100ms: restart it") {
					t.Errorf("the error is %v", err)
				}
			case <-time.After(20 * time.Second):
				t.Error("it still waits")
			}
		})
	}
}

// Goal: what the commands do first ends with one sentence when an engine only greets. Method: cleaning, looking for runs
// and taking the lock, against such an engine.
func TestAHungEngineEndsCommands(t *testing.T) {
	engine := impatient(t, enginetest.Serve(t, nil))
	for name, command := range map[string]func(context.Context) error{
		"clean": func(ctx context.Context) error { _, err := Clean(ctx, engine); return err },
		"runs":  func(ctx context.Context) error { _, err := Runs(ctx, engine); return err },
		"lock":  func(ctx context.Context) error { _, err := TakeLock(ctx, engine, Shared, "test", nil); return err },
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, errors.New("hung"))
			defer cancel()
			testkit.Expect(t, command(ctx), "did not answer within")
		})
	}
}

// Goal: an answer that comes bit by bit may take long, and not for ever. Method: a log whose second part never comes.
func TestAStreamThatFallsSilentEnds(t *testing.T) {
	over := make(chan struct{})
	defer close(over)
	engine := impatient(t, enginetest.Serve(t, func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "begun")
		w.(http.Flusher).Flush()
		<-over
	}))
	log, err := engine.ContainerLogs(t.Context(), "thing", client.ContainerLogsOptions{})
	testkit.Must(t, err)
	defer log.Close()
	text, err := io.ReadAll(log)
	if string(text) != "begun" || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("read %q, then %v", text, err)
	}
}
