package image

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gofrs/flock"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/paths"
)

// goVersion tells which Go command would compile. Without one nothing can be compiled; assuming the
// version that compiled this program then finds the images of somebody who had it.
func goVersion() string {
	output, err := exec.Command("go", "env", "GOVERSION").Output()
	if err != nil {
		return runtime.Version()
	}
	return strings.TrimSpace(string(output))
}

// compile returns the path of the binary, compiled in its own module or kept from an earlier time.
func (r *resolver) compile(ctx context.Context, made recipe, binary harness.GoBinary) (string, error) {
	identity, err := r.binaryIdentity(binary, made.architecture)
	if err != nil {
		return "", err
	}
	key := "binary-" + identity
	if kept := filepath.Join(r.cache.root, key, binary.Name); paths.Exists(kept) {
		return kept, nil
	}
	release, err := r.takeCompiler(ctx)
	if err != nil {
		return "", err
	}
	defer release()
	folder, err := r.cache.folder(ctx, key, made.image.String(), func(dir string) error {
		source := filepath.Join(dir, "source")
		if err := writeModule(source, binary); err != nil {
			return err
		}
		mode := "-mod=readonly" // nothing but what the recipe pins
		if len(binary.Require) > 0 {
			mode = "-mod=mod"
		}
		build := compilation{
			image: made.image, binary: binary, architecture: made.architecture, dir: source,
			output: filepath.Join(dir, binary.Name),
		}
		r.say(made.image, "compiling %s", binary.Name)
		if err := r.goBuild(ctx, build, mode); err != nil {
			return explainCompile(made.image, err)
		}
		return os.RemoveAll(source)
	})
	if err != nil {
		return "", err
	}
	return filepath.Join(folder, binary.Name), nil
}

// compileHere compiles a binary of the module around the current directory and returns its content.
// The outcome stays in one place per module, where the Go command finds it and has nothing to link
// when nothing has changed.
func (r *resolver) compileHere(
	ctx context.Context, image harness.Image, binary harness.GoBinary, architecture string,
) ([]byte, error) {
	if err := requireGo(); err != nil {
		return nil, err
	}
	module, workspace, err := moduleHere(ctx)
	if err != nil {
		return nil, err
	}
	if module == "" {
		return nil, fmt.Errorf("compile %s: there is no Go module around the current directory: start from a folder of one that "+
			"requires it, or name the agent's image in the engine with %s", binary.Package, AgentVariable)
	}
	identity, err := r.binaryIdentity(binary, architecture)
	if err != nil {
		return nil, err
	}
	key := "here-" + newDigest(identity, module).String()
	unlock, err := r.cache.lock(ctx, key, image.String())
	if err != nil {
		return nil, err
	}
	defer unlock()
	program := filepath.Join(r.cache.root, key, binary.Name)
	flags := []string{"-mod=readonly"} // all that a workspace allows besides its vendored packages
	if !workspace {
		if flags, err = besideModule(ctx, module, filepath.Dir(program), binary.Package); err != nil {
			return nil, fmt.Errorf("compile %s: %w", binary.Package, err)
		}
	}
	build := compilation{image: image, binary: binary, architecture: architecture, output: program}
	if err := r.goBuild(ctx, build, flags...); err != nil {
		return nil, err
	}
	content, err := os.ReadFile(program)
	if err != nil {
		return nil, fmt.Errorf("read what was compiled: %w", err)
	}
	return content, nil
}

// A compilation is one run of the Go command.
type compilation struct {
	image        harness.Image
	binary       harness.GoBinary
	architecture string
	dir          string // empty: the current directory
	output       string
}

// goBuild runs the Go command and tells every few seconds how many packages it has compiled.
func (r *resolver) goBuild(ctx context.Context, build compilation, flags ...string) error {
	// Version-control stamps would make another image of every commit.
	arguments := append([]string{"build", "-v", "-trimpath", "-buildvcs=false"}, flags...)
	if strings.Contains(build.binary.LinkerFlags, "-w") {
		arguments = append(arguments, "-gcflags=all=-dwarf=false") // what the linker leaves out need not be made
	}
	if build.binary.Tags != "" {
		arguments = append(arguments, "-tags", build.binary.Tags)
	}
	if build.binary.LinkerFlags != "" {
		// k3s refuses to start unless it was told which Go compiled it.
		arguments = append(arguments, "-ldflags", strings.ReplaceAll(build.binary.LinkerFlags, "${GOVERSION}", goVersion()))
	}
	command := exec.Command("go", append(arguments, "-o", build.output, build.binary.Package)...)
	command.Dir = build.dir
	command.Env = goEnvironment(build)

	var fetched, compiled atomic.Int64
	stop := repeat(progressInterval, func(elapsed time.Duration) {
		switch {
		case elapsed == 0:
		case compiled.Load() == 0 && fetched.Load() > 0:
			r.say(build.image, "fetching modules (%s, %d so far)", elapsed, fetched.Load())
		default:
			r.say(build.image, "compiling (%s, %d packages)", elapsed, compiled.Load())
		}
	})
	defer stop()
	return runCommand(ctx, command, func(line string) bool {
		switch {
		case strings.HasPrefix(line, "go: downloading "):
			fetched.Add(1)
		case !strings.ContainsAny(line, " :"): // the bare name of a package
			compiled.Add(1)
		default:
			return false
		}
		return true
	})
}

// goEnvironment is this process's environment less what would change the outcome behind the hash's
// back. GOFLAGS is not emptied, since the Go command then takes it from its own configuration file.
func goEnvironment(build compilation) []string {
	cgo := "CGO_ENABLED=0"
	if build.binary.CGO {
		cgo = "CGO_ENABLED=1"
	}
	environment := append(os.Environ(), "GOFLAGS=-trimpath", "GO111MODULE=on", cgo, "GOOS=linux", "GOARCH="+build.architecture)
	if build.binary.Module != nil {
		environment = append(environment, "GOWORK=off")
	}
	if os.Getenv("GOGC") == "" && memoryHere() >= muchMemory {
		environment = append(environment, "GOGC=400") // a compiler lives for seconds: a fifth of its work is to collect garbage
	}
	return environment
}

// muchMemory is enough for two compilations at a time and for compilers that keep their garbage.
const muchMemory = 8 << 30

// compilersHere is how many products are compiled at the same time. One alone leaves processors idle while it links, or compiles
// a package that all others wait for; more than two gain nothing.
func compilersHere() int {
	if memoryHere() >= muchMemory {
		return 2
	}
	return 1
}

// takeCompiler waits until fewer than that are at work, by this process or another one.
func (r *resolver) takeCompiler(ctx context.Context) (release func(), err error) {
	folder := filepath.Join(r.cache.root, "locks")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, fmt.Errorf("make the cache folder: %w", err)
	}
	ticker := time.NewTicker(lockPoll)
	defer ticker.Stop()
	for {
		for number := range r.compilers {
			file := flock.New(filepath.Join(folder, fmt.Sprintf("compiler-%d", number+1)))
			locked, err := file.TryLock()
			if err != nil {
				return nil, fmt.Errorf("lock %s: %w", file.Path(), err)
			}
			if locked {
				return func() { _ = file.Unlock() }, nil
			}
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// memoryHere is this machine's memory in bytes; 0 where that is not known.
func memoryHere() int64 {
	content, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(content)) {
		var kilobytes int64
		if count, _ := fmt.Sscanf(line, "MemTotal: %d kB", &kilobytes); count == 1 {
			return kilobytes << 10
		}
	}
	return 0
}

var (
	errNoGo = errors.New("the go command is missing: install Go, or let the engine reach a registry")
	errNoC  = errors.New("a C compiler is missing: install gcc, or let the engine reach a registry")
)

func requireGo() error {
	if _, err := exec.LookPath("go"); err != nil {
		return errNoGo
	}
	return nil
}

// requireC looks where the Go command looks unless its configuration says otherwise.
func requireC() error {
	for _, compiler := range []string{os.Getenv("CC"), "gcc", "clang"} {
		// CC may hold arguments.
		name, _, _ := strings.Cut(compiler, " ")
		if _, err := exec.LookPath(name); err == nil {
			return nil
		}
	}
	return errNoC
}
