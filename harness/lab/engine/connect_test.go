package engine

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/moby/moby/client"

	"github.com/reprise-dr/reprise/harness/internal/testkit"
	"github.com/reprise-dr/reprise/harness/lab/engine/enginetest"
)

// answering listens at a socket and answers every request with the headers.
func answering(t *testing.T, headers map[string]string) string {
	t.Helper()
	path := enginetest.Socket(t)
	listener, err := net.Listen("unix", path)
	testkit.Must(t, err)
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for key, value := range headers {
			w.Header().Set(key, value)
		}
		_, _ = io.WriteString(w, "{}")
	})}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	return "unix://" + path
}

// Goal: every reason why no drill can run on an engine is one sentence with a way out. Method: the
// reasons are made, one by one, behind DOCKER_HOST.
func TestConnectExplainsItself(t *testing.T) {
	refusing := enginetest.Socket(t)
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: refusing})
	testkit.Must(t, err)
	listener.SetUnlinkOnClose(false)
	testkit.Must(t, listener.Close())
	for _, test := range []struct{ name, host, want string }{
		{"no socket", "unix:///nowhere/engine.sock", "there is no socket at /nowhere/engine.sock, which DOCKER_HOST names: start "},
		{"nobody listens", "unix://" + refusing, "nobody listens at " + refusing + ", which DOCKER_HOST names: start "},
		{"not an engine", "unix://" + mute(t), "something answers, but not as an engine does"},
		{
			"too old", answering(t, map[string]string{"Api-Version": "1.40", "Ostype": "linux"}),
			"is too old: it speaks API 1.40 and drills need 1.41",
		},
		{
			"much too old", answering(t, map[string]string{"Api-Version": "1.24", "Ostype": "linux"}),
			"is too old: it speaks API 1.24 and drills need 1.41",
		},
		{
			"windows", answering(t, map[string]string{"Api-Version": "1.52", "Ostype": "windows"}),
			"runs windows containers and drills need Linux ones",
		},
		{"ssh", "ssh://root@machine", "cannot be used over SSH directly: forward its socket"},
		{"nonsense", "nonsense", "reach the container engine at nonsense"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Setenv(hostVariable, test.host)
			engine, err := Connect(t.Context())
			if err == nil {
				_ = engine.Close()
				t.Fatal("connected")
			}
			if text := err.Error(); !strings.Contains(text, test.want) || strings.Contains(text, "\n") {
				t.Errorf("the error is %q, want one line with %q", text, test.want)
			}
		})
	}
}

// mute listens and ends every connection at once.
func mute(t *testing.T) string {
	t.Helper()
	path := enginetest.Socket(t)
	listener, err := net.Listen("unix", path)
	testkit.Must(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			_ = connection.Close()
		}
	}()
	return path
}

// Goal: an engine that is new enough is connected to. Method: the smallest server that says so.
func TestConnectTakesANewEnoughEngine(t *testing.T) {
	t.Setenv(hostVariable, answering(t, map[string]string{"Api-Version": MinimumAPI, "Ostype": "linux"}))
	engine, err := Connect(t.Context())
	testkit.Must(t, err)
	defer engine.Close()
	if got := engine.ClientVersion(); got != MinimumAPI {
		t.Errorf("talks API %s, want %s", got, MinimumAPI)
	}
}

// Goal: the current docker context decides where no DOCKER_HOST does. Method: a docker configuration
// on disk as `docker context use` writes it; what ends up in the environment, and what is said of an engine that is not there.
func TestPublishHostFollowsTheDockerContext(t *testing.T) {
	folder := t.TempDir()
	hash := sha256.Sum256([]byte("elsewhere"))
	meta := filepath.Join(folder, "contexts", "meta", hex.EncodeToString(hash[:]))
	testkit.Must(t, os.MkdirAll(meta, 0o755))
	write := func(path, text string) {
		t.Helper()
		testkit.Must(t, os.WriteFile(path, []byte(text), 0o600))
	}
	write(filepath.Join(meta, "meta.json"), `{"Name":"elsewhere","Endpoints":{"docker":{"Host":"unix:///elsewhere.sock","SkipTLSVerify":false}}}`)

	const byContext = `, which the docker context "elsewhere" names: start that engine, or choose another one`
	for _, test := range []struct{ name, config, context, host, want, problem, says string }{
		{
			name: "chosen by docker context use", config: `{"currentContext":"elsewhere"}`, want: "unix:///elsewhere.sock",
			says: byContext,
		},
		{
			name: "chosen by DOCKER_CONTEXT", config: `{}`, context: "elsewhere", want: "unix:///elsewhere.sock",
			says: byContext,
		},
		{
			name: "DOCKER_HOST comes first", config: `{"currentContext":"elsewhere"}`, host: "unix:///here.sock",
			want: "unix:///here.sock", says: ", which DOCKER_HOST names: start that engine, or correct or unset DOCKER_HOST",
		},
		{name: "unknown", config: `{"currentContext":"nowhere"}`, problem: `read the docker context "nowhere"`},
		{name: "broken", config: `{`, problem: "read the docker configuration"},
	} {
		t.Run(test.name, func(t *testing.T) {
			write(filepath.Join(folder, "config.json"), test.config)
			t.Setenv("DOCKER_CONFIG", folder)
			t.Setenv("DOCKER_CONTEXT", test.context)
			t.Setenv(hostVariable, test.host)
			err := publishHost()
			if test.problem != "" {
				testkit.Expect(t, err, test.problem)
				return
			}
			testkit.Must(t, err)
			if got := os.Getenv(client.EnvOverrideHost); got != test.want {
				t.Errorf("DOCKER_HOST is %q, want %q", got, test.want)
			}
			testkit.Expect(t, explainConnection(t.Context(), test.want, nil), "there is no socket at /"+
				strings.TrimPrefix(test.want, "unix:///")+test.says)
		})
	}
}

// Goal: a socket that the user may not use is told from one that is not there. Method: a socket
// without permissions; root may use it all the same, so only others can see the refusal.
func TestConnectExplainsAMissingPermission(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root may use every socket: run the tests as another user to see this one")
	}
	host := answering(t, map[string]string{"Api-Version": MinimumAPI, "Ostype": "linux"})
	testkit.Must(t, os.Chmod(strings.TrimPrefix(host, "unix://"), 0))
	t.Setenv(hostVariable, host)
	_, err := Connect(t.Context())
	if want := fmt.Sprintf("user %s may not use", userName()); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("the error is %v, want %q", err, want)
	}
}

// Goal: an engine is found where there is no DOCKER_HOST and no Docker: a rootless Docker before Podman, and the user's before
// the machine's. Method: folders with one socket more each time.
func TestSocketsOfOtherEngines(t *testing.T) {
	user, home := t.TempDir(), t.TempDir()
	if found := firstSocket([]string{"", user}, home); found != "" && found != "unix:///run/podman/podman.sock" {
		t.Errorf("found %s where there is none", found)
	}
	for _, socket := range []string{
		filepath.Join(user, "podman/podman.sock"), filepath.Join(home, ".docker/desktop/docker.sock"),
		filepath.Join(home, ".docker/run/docker.sock"), filepath.Join(user, "docker.sock"),
	} {
		if err := os.MkdirAll(filepath.Dir(socket), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(socket, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if found := firstSocket([]string{"", user}, home); found != "unix://"+socket {
			t.Errorf("found %q, and not %s", found, socket)
		}
	}
}

// Goal: it is known whether an engine is Podman before anything is asked of it. Method: both greet.
func TestPodmanIsRecognized(t *testing.T) {
	for want, serve := range map[bool]func(*testing.T, http.HandlerFunc) string{
		true: enginetest.ServePodman, false: enginetest.Serve,
	} {
		if engine := impatient(t, serve(t, nil)); engine.Podman() != want {
			t.Errorf("it is Podman: %t, want %t", engine.Podman(), want)
		}
	}
}

// Goal: two runs on one Podman meet at one lock. Method: a Podman that makes up another id at every look, as it does, asked
// twice.
func TestPodmanHasOneID(t *testing.T) {
	looks := 0
	engine := impatient(t, enginetest.ServePodman(t, func(w http.ResponseWriter, _ *http.Request) {
		looks++
		fmt.Fprintf(w, `{"ID": "made up %d", "Name": "machine", "DockerRootDir": "/var/lib/containers/storage"}`, looks)
	}))
	first, err := engine.id(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if second, err := engine.id(t.Context()); err != nil || second != first || looks != 2 {
		t.Errorf("it is %q and then %q, in %d looks: %v", first, second, looks, err)
	}
}
