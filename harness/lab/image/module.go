package image

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/semver"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/supervise"
)

// A cannotBuild is a whole sentence about a version that cannot be had; it needs no more context.
type cannotBuild struct {
	image  harness.Image
	reason string
}

func (e *cannotBuild) Error() string {
	sentence := fmt.Sprintf("%s cannot be built: %s", e.image, e.reason)
	if advice := e.image.Recipe.Advice; advice != "" {
		sentence += "; " + advice
	}
	return sentence
}

// checkVersion refuses a version that a person mistyped before it becomes part of a reference, a
// file name or an argument. Only versions that somebody chose ([harness.GoBinary.Require]) can be.
func checkVersion(image harness.Image) error {
	for _, binary := range image.Recipe.Binaries {
		for _, required := range binary.Require {
			_, version, _ := strings.Cut(required, "@")
			// "v1.10" is valid to semver but means "the newest 1.10": not a version one can come back to.
			if semver.Canonical(version) != version {
				return &cannotBuild{image, fmt.Sprintf("%q is not a whole version, such as 1.2.3", image.Version)}
			}
		}
	}
	return nil
}

// moduleFiles are a binary's go.mod, go.sum and sources under the names that the Go command knows.
// Other files at the recipe's root, such as its Dockerfile, are no part of the module.
func moduleFiles(binary harness.GoBinary) (map[string][]byte, error) {
	entries, err := fs.ReadDir(binary.Module, ".")
	if err != nil {
		return nil, fmt.Errorf("read the module of %s: %w", binary.Name, err)
	}
	files := map[string][]byte{}
	for _, entry := range entries {
		name, ok := moduleName(entry.Name())
		if !ok {
			continue
		}
		if files[name], err = fs.ReadFile(binary.Module, entry.Name()); err != nil {
			return nil, fmt.Errorf("read the module of %s: %w", binary.Name, err)
		}
	}
	if len(binary.Require) > 0 {
		if files["go.mod"], err = repin(files["go.mod"], binary.Require); err != nil {
			return nil, fmt.Errorf("change versions in the module of %s: %w", binary.Name, err)
		}
	}
	return files, nil
}

// moduleName undoes the renaming that lets a module be embedded in another.
func moduleName(name string) (string, bool) {
	switch name {
	case "recipe.mod":
		return "go.mod", true
	case "recipe.sum":
		return "go.sum", true
	}
	source, ok := strings.CutSuffix(name, ".go.txt")
	return source + ".go", ok
}

func writeModule(dir string, binary harness.GoBinary) error {
	files, err := moduleFiles(binary)
	if err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		return fmt.Errorf("make a folder to compile in: %w", err)
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
			return fmt.Errorf("write the module of %s: %w", binary.Name, err)
		}
	}
	return nil
}

// repin replaces versions in a go.mod. The indirect requirements go: they are what the pinned
// version needed, and would force newer dependencies on an older one than its authors tested.
func repin(goMod []byte, require []string) ([]byte, error) {
	file, err := modfile.Parse("recipe.mod", goMod, nil)
	if err != nil {
		return nil, err
	}
	for _, requirement := range slices.Clone(file.Require) {
		if requirement.Indirect {
			if err := file.DropRequire(requirement.Mod.Path); err != nil {
				return nil, err
			}
		}
	}
	for _, module := range require {
		path, version, _ := strings.Cut(module, "@")
		if err := file.AddRequire(path, version); err != nil {
			return nil, err
		}
	}
	file.Cleanup()
	return file.Format()
}

// fetchRequired downloads the modules of a version that somebody chose, before anything else is
// made, so that a version nobody serves is known in seconds.
func (r *resolver) fetchRequired(ctx context.Context, image harness.Image, binary harness.GoBinary, architecture string) error {
	if len(binary.Require) == 0 {
		return nil
	}
	dir, remove, err := supervise.MakeTemporary()
	if err != nil {
		return fmt.Errorf("make a folder for the go command: %w", err)
	}
	defer func() { _ = remove() }()
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module reprise.invalid/fetch\n"), 0o644); err != nil {
		return fmt.Errorf("write a module for the go command: %w", err)
	}
	r.say(image, "fetching %s", strings.Join(binary.Require, ", "))
	command := exec.Command("go", append([]string{"mod", "download", "-json"}, binary.Require...)...)
	command.Dir, command.Env = dir, goEnvironment(compilation{binary: binary, architecture: architecture})
	var output strings.Builder
	silence := r.tellSilence(image, "the go command, which fetches modules,")
	defer silence.stop()
	err = runCommand(ctx, command, func(line string) bool {
		silence.heard()
		output.WriteString(line + "\n")
		return false
	})
	if err == nil || ctx.Err() != nil {
		return err
	}
	return explainFetch(image, output.String(), err)
}

// explainFetch tells a version that does not exist from a proxy that does not answer.
func explainFetch(image harness.Image, output string, err error) error {
	reason := output
	for decoder := json.NewDecoder(strings.NewReader(output)); decoder.More(); {
		var module struct{ Error string }
		if decoder.Decode(&module) != nil {
			break
		}
		if module.Error != "" {
			reason = module.Error
			break
		}
	}
	reason = strings.Join(strings.Fields(reason), " ")
	// First, since the checksum database answers "404 Not Found" too.
	if strings.Contains(reason, "verifying") {
		return &cannotBuild{image, "the checksum database does not vouch for it"}
	}
	for _, sign := range []string{"404 Not Found", "410 Gone", "403 Forbidden", "unknown revision", "no matching versions"} {
		if strings.Contains(reason, sign) {
			return &cannotBuild{image, "the Go module proxy does not serve it"}
		}
	}
	if reason == "" {
		return err
	}
	return errors.New("fetch its module: " + reason)
}

var missingDependency = regexp.MustCompile(`(\S+@v[^\s:]+): (?:verifying|reading) `)

// explainCompile tells a version whose dependencies cannot be had from one that does not compile.
func explainCompile(image harness.Image, err error) error {
	var failed *outputError
	if !errors.As(err, &failed) {
		return err
	}
	if found := missingDependency.FindStringSubmatch(failed.output); found != nil {
		return &cannotBuild{image, fmt.Sprintf("it needs %s, which the Go module proxy or the checksum database lacks", found[1])}
	}
	return err
}
