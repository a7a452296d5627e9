package image

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/paths"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

// compiler is a Go command that compiles anything: it writes a file named by -o and counts its runs.
const compiler = `
[ "$1" = mod ] && exit 0
echo run >>"$COUNT"
while [ "$1" != -o ]; do shift; done
echo example.com/product
echo binary >"$2"
`

// Goal: several labs that start at the same time compile a binary once. Method: resolvers that share
// a cache but nothing else resolve one image at once, with a Go command that counts its runs.
func TestBinaryIsCompiledOnce(t *testing.T) {
	fakeTool(t, "go", compiler)
	count := filepath.Join(t.TempDir(), "count")
	t.Setenv("COUNT", count)
	shared := testResolver(t, &fakeEngine{}).cache
	var group sync.WaitGroup
	for range 4 {
		r := testResolver(t, &fakeEngine{})
		r.cache = shared
		made := mustRead(t, r, compiledImage("1.2.4"))
		group.Go(func() {
			path, err := r.compile(t.Context(), made, made.image.Recipe.Binaries[0])
			if content, _ := os.ReadFile(path); err != nil || string(content) != "binary\n" {
				t.Errorf("got %q, %v", content, err)
			}
		})
	}
	group.Wait()
	if runs, _ := os.ReadFile(count); string(runs) != "run\n" {
		t.Errorf("the Go command ran %d times", strings.Count(string(runs), "run"))
	}
}

// Goal: a version that no proxy serves, or that is none, ends in one sentence, before a base image is
// made. Method: a Go command that answers what the real one does, and versions people could type.
func TestVersionThatCannotBeHad(t *testing.T) {
	const advice = "; choose another PRODUCT_VERSION (known to work: 1.2.3)"
	for _, test := range []struct{ version, answer, want string }{
		{
			"1.6.99", `{"Error": "example.com/product@v1.6.99: reading the proxy: 403 Forbidden\n\tserver response: not available."}`,
			"product 1.6.99 cannot be built: the Go module proxy does not serve it" + advice,
		},
		{
			"1.3.16", `{"Error": "verifying module: example.com/product@v1.3.16: reading the checksum database: 404 Not Found"}`,
			"product 1.3.16 cannot be built: the checksum database does not vouch for it" + advice,
		},
		{
			"1.2.5", `{"Error": "example.com/product@v1.2.5: dial tcp 192.0.2.1:443: connection refused"}`,
			"build product 1.2.5: fetch its module: example.com/product@v1.2.5: dial tcp 192.0.2.1:443: connection refused",
		},
		{"latest", "", `product latest cannot be built: "latest" is not a whole version, such as 1.2.3` + advice},
		{"1.10", "", `product 1.10 cannot be built: "1.10" is not a whole version, such as 1.2.3` + advice},
	} {
		engine := &fakeEngine{}
		fakeTool(t, "go", "echo '"+test.answer+"'\nexit 1\n")
		image := compiledImage(test.version)
		image.Recipe.Base = testImage().Recipe.Base
		_, err := testResolver(t, engine).resolve(t.Context(), image)
		if err == nil || err.Error() != test.want {
			t.Errorf("got  %v\nwant %s", err, test.want)
		}
		if len(engine.calls) != 0 {
			t.Errorf("%s: the engine was asked to %q", test.version, engine.calls)
		}
	}
}

// Goal: a missing tool is named, with what to do. Method: a PATH with one tool or none.
func TestMissingToolIsNamed(t *testing.T) {
	rootfs := testImage()
	rootfs.Name, rootfs.Version, rootfs.Reference = "debian", "bookworm", ""
	rootfs.Recipe.Base, rootfs.Recipe.Packages = nil, []string{"procps"}
	withC := compiledImage("1.2.4")
	withC.Recipe.Binaries[0].CGO = true
	above := testImage()
	above.Reference, above.Recipe.Base = "", &rootfs
	const packages = "build debian bookworm: its Debian packages cannot be had: this machine has no apt-get: " +
		"let the engine reach a registry, or build on a Debian of that release"
	for _, test := range []struct {
		image harness.Image
		tool  string
		want  string
	}{
		{rootfs, "", packages},
		{above, "", packages},
		{compiledImage("1.2.4"), "", "build product 1.2.4: the go command is missing: install Go, or let the engine reach a registry"},
		{withC, "go", "build product 1.2.4: a C compiler is missing: install gcc, or let the engine reach a registry"},
	} {
		t.Setenv("CC", "")
		fakeTool(t, test.tool, "")
		_, err := testResolver(t, &fakeEngine{}).resolve(t.Context(), test.image)
		if err == nil || err.Error() != test.want {
			t.Errorf("got  %v\nwant %s", err, test.want)
		}
	}
}

// Goal: when a compilation fails, the error shows the compiler's words and not the progress. Method:
// a Go command that prints both and fails, for several reasons.
func TestCompilerErrorIsShown(t *testing.T) {
	for _, test := range []struct{ says, want string }{
		{"main.go:1: undefined: x", "build product 1.2.4: go build: exit status 1:\n# example.com/product\nmain.go:1: undefined: x"},
		{
			"x.go:12:2: example.com/needed@v1.0.0: verifying module: example.com/needed@v1.0.0: reading the checksum database: 404 " +
				"Not Found",
			"product 1.2.4 cannot be built: it needs example.com/needed@v1.0.0, which the Go module proxy or the checksum database " +
				"lacks; choose another",
		},
		{"write /tmp/x: no space left on device", "build product 1.2.4: the disk is full: make room"},
	} {
		fakeTool(t, "go", `
[ "$1" = mod ] && exit 0
echo "go: downloading example.com/needed v1.0.0"
echo example.com/needed
echo "# example.com/product"
echo "`+test.says+`"
exit 1
`)
		_, err := testResolver(t, &fakeEngine{}).resolve(t.Context(), compiledImage("1.2.4"))
		if err == nil || !strings.HasPrefix(err.Error(), test.want) {
			t.Errorf("got  %v\nwant %s", err, test.want)
		}
	}
}

// Goal: a cancelled build stops everything it started and leaves nothing half made. Method: a Go
// command with a child that would run for minutes; cancel, then look for the child and for folders.
func TestCancelledBuildLeavesNothing(t *testing.T) {
	child := filepath.Join(t.TempDir(), "child")
	t.Setenv("CHILD", child)
	fakeTool(t, "go", `
[ "$1" = mod ] && exit 0
/bin/sleep 300 &
echo $! >"$CHILD.new"
/bin/mv "$CHILD.new" "$CHILD"
wait
`)
	r := testResolver(t, &fakeEngine{})
	ctx, cancel := context.WithCancelCause(t.Context())
	interrupted := errors.New("interrupted")
	go func() {
		for !paths.Exists(child) {
			time.Sleep(5 * time.Millisecond)
		}
		cancel(interrupted)
	}()
	started := time.Now()
	_, err := r.resolve(ctx, compiledImage("1.2.4"))
	if !errors.Is(err, interrupted) || err.Error() != "build product 1.2.4: interrupted" {
		t.Errorf("got %v", err)
	}
	if took := time.Since(started); took > 5*time.Second {
		t.Errorf("it took %s to stop", took)
	}
	written, err := os.ReadFile(child)
	testkit.Must(t, err)
	pid, err := strconv.Atoi(strings.TrimSpace(string(written)))
	testkit.Must(t, err)
	if alive(pid) {
		t.Errorf("process %d, which the build started, is still there", pid)
	}
	left, err := filepath.Glob(filepath.Join(r.cache.root, "binary-*"))
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %q, %v", left, err)
	}
}

// alive tells whether a process runs. One that has ended stays as a zombie until somebody waits for
// it, which for an orphan in a container may be never.
func alive(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err == nil && !strings.Contains(string(stat), ") Z ")
}

// Goal: an older product is compiled with the dependencies it was made with. Method: change the
// version in a recipe that pins newer dependencies and look at the go.mod.
func TestChosenVersionDropsThePins(t *testing.T) {
	files, err := moduleFiles(compiledImage("1.1.0").Recipe.Binaries[0])
	testkit.Must(t, err)
	if want := "module x\n\nrequire example.com/product v1.1.0\n"; string(files["go.mod"]) != want {
		t.Errorf("got %q, want %q", files["go.mod"], want)
	}
	if len(files) != 1 {
		t.Errorf("files that are no part of the module were taken for one: %d", len(files))
	}
}

// Goal: the environment of whoever starts the harness does not change what is compiled. Method: set
// GOFLAGS and GOWORK and look at what the Go command would see, where the last setting wins.
func TestGoFlagsOfTheEnvironmentAreIgnored(t *testing.T) {
	t.Setenv("GOFLAGS", "-mod=mod -buildvcs=false")
	t.Setenv("GOWORK", "/elsewhere/go.work")
	seen := map[string]string{}
	for _, setting := range goEnvironment(compilation{binary: compiledImage("1.2.3").Recipe.Binaries[0], architecture: "arm64"}) {
		name, value, _ := strings.Cut(setting, "=")
		seen[name] = value
	}
	for name, want := range map[string]string{
		"GOFLAGS": "-trimpath", "GOWORK": "off", "CGO_ENABLED": "0", "GOARCH": "arm64",
		"GOOS": "linux",
	} {
		if seen[name] != want {
			t.Errorf("%s=%q, want %q", name, seen[name], want)
		}
	}
}

// Goal: a program of the calling module makes another image when it differs, and only then. Method:
// a Go command whose outcome is set from outside; compare tags.
func TestProgramOfThisModuleIsKnownByItsContent(t *testing.T) {
	here := t.TempDir()
	testkit.Must(t, os.WriteFile(filepath.Join(here, "go.mod"), []byte("module example.com/here\n"), 0o644))
	t.Setenv("HERE", here)
	fakeTool(t, "go", `
[ "$1" = env ] && echo "$HERE/go.mod" && exit 0
[ "$1" = list ] && exit 1
while [ "$1" != -o ]; do shift; done
/bin/mkdir -p "${2%/*}"
echo "$CONTENT" >"$2"
`)
	image := testImage()
	image.Recipe.Binaries = []harness.GoBinary{{Name: "helper", Package: "example.com/here/cmd/helper"}}
	engine := &fakeEngine{}
	r := testResolver(t, engine)
	var tags []string
	for _, content := range []string{"one", "one", "two"} {
		t.Setenv("CONTENT", content)
		tag, err := r.resolve(t.Context(), image)
		testkit.Must(t, err)
		tags = append(tags, tag)
	}
	if tags[0] != tags[1] || tags[1] == tags[2] {
		t.Errorf("tags are %q", tags)
	}
	if last := engine.contexts[len(engine.contexts)-1]["helper"]; last != "two\n" {
		t.Errorf("the image was built from %q", last)
	}
}
