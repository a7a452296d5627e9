package run

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/reprise-dr/reprise/harness/cmd/reprise/internal/repository"
	"github.com/reprise-dr/reprise/harness/internal/supervise"
)

// A suite is the specs of a folder, compiled.
type suite struct {
	folder  string // see [repository.SourceFolder]
	named   string // the name of its folder on this machine; "" when that is the last one of folder
	program string // path of the compiled suite; "" when it could not be compiled
	problem string // what the compiler said then
}

// selftest tells whether the suite tests the harness itself.
func (s suite) selftest() bool { return strings.HasPrefix(s.folder, repository.Selftests) }

// scenario is the name under which the suite's drills are reported.
func (s suite) scenario() string { return cmp.Or(s.named, path.Base(s.folder)) }

// fileName is the suite's own among those of a run.
func (s suite) fileName() string { return url.PathEscape(strings.TrimPrefix(s.folder, "./")) }

// A suiteCompiler compiles suites with the go command.
type suiteCompiler struct {
	environment, flags []string
}

// compileSuites has the flags of the Makefile and of the images' programs, all without C: so they share what is compiled of
// the standard library, a minute's work of one processor on a machine without caches.
var compileSuites = suiteCompiler{[]string{"CGO_ENABLED=0"}, []string{"-gcflags=all=-dwarf=false", "-ldflags=-s -w"}}.compile

// longCompile is from when on a person wonders what takes so long.
const longCompile = 5 * time.Second

// compileAll compiles the suites of the run. It says what, since the first time takes a minute in which nothing else is to be
// seen, and how long it took when that was long.
func (r *chaosRun) compileAll(ctx context.Context) (err error) {
	fmt.Fprintf(r.out, "compile %s, with what they import: a minute the first time, seconds later\n", strings.Join(r.Folders, ", "))
	began := time.Now()
	r.suites, err = r.compile(ctx, r.root, r.compiled, r.Folders)
	if took := time.Since(began); err == nil && took >= longCompile {
		fmt.Fprintf(r.out, "compiled in %v\n", took.Round(time.Second))
	}
	return err
}

// compile compiles the suites of the folders into a folder. One that cannot be compiled says why; the others
// are compiled all the same. An error is one of starting the go command.
func (c suiteCompiler) compile(ctx context.Context, root, into string, folders []string) ([]suite, error) {
	if err := os.MkdirAll(into, 0o755); err != nil {
		return nil, fmt.Errorf("make the folder of compiled suites: %w", err)
	}
	compile := func(output string, packages ...string) (string, error) {
		return combinedOutput(ctx, root, c.environment, "go", slices.Concat([]string{"test", "-c"}, c.flags,
			[]string{"-o", output}, packages)...)
	}
	var packages []string
	for _, folder := range folders {
		packages = append(packages, "./"+repository.SourceFolder(folder))
	}
	// All at once, since they share most packages. What the compiler says of one of them is asked for below.
	if _, err := compile(into+string(filepath.Separator), packages...); err != nil && !isExit(err) {
		return nil, fmt.Errorf("compile the suites: %w", err)
	}
	var suites []suite
	for _, folder := range folders {
		one := suite{folder: folder, named: filepath.Base(filepath.Join(root, repository.SourceFolder(folder)))}
		one.program = filepath.Join(into, one.named+".test")
		if !repository.Exists(one.program) { // packages that end alike are refused together
			one.program = filepath.Join(into, one.fileName()+".alone.test")
		}
		if ctx.Err() == nil && !repository.Exists(one.program) {
			text, err := compile(one.program, "./"+repository.SourceFolder(folder))
			if err != nil || !repository.Exists(one.program) {
				one.program, one.problem = "", lastLines(text, tailLines)
			}
		}
		suites = append(suites, one)
	}
	return suites, context.Cause(ctx)
}

// isExit tells whether a program ran and ended badly, from one that could not be run.
func isExit(err error) bool {
	var exit *exec.ExitError
	return errors.As(err, &exit)
}

// combinedOutput runs a program to its end and returns what it printed. When the context ends first, or this process does,
// the program and all that it has started end too.
func combinedOutput(ctx context.Context, folder string, environment []string, name string, arguments ...string) (string, error) {
	program := exec.Command(name, arguments...)
	program.Dir, program.Env = folder, append(os.Environ(), environment...)
	var text bytes.Buffer
	program.Stdout, program.Stderr = &text, &text
	temporary, err := supervise.TemporaryFolder()
	if err != nil {
		return "", err
	}
	process, err := supervise.Start(program, supervise.Options{Temporary: temporary})
	if err == nil {
		err = process.WaitOrStop(ctx)
	}
	return text.String(), err
}
