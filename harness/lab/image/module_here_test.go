package image

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/agent"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

// files writes files below a folder.
func files(t *testing.T, folder string, contents map[string]string) {
	t.Helper()
	for name, content := range contents {
		place := filepath.Join(folder, name)
		testkit.Must(t, os.MkdirAll(filepath.Dir(place), 0o755))
		testkit.Must(t, os.WriteFile(place, []byte(content), 0o644))
	}
}

// Goal: a program of a module that another one requires is compiled there, whether that vendors its packages or not and however
// little its go.sum knows; nothing of that module is changed. Method: a real Go command that may ask nobody; a module without
// vendor folder, one with, and one in a workspace, none of which imports the program.
func TestProgramOfARequiredModule(t *testing.T) {
	compiled, err := exec.CommandContext(t.Context(), "go", "env", "GOCACHE").Output()
	if err != nil {
		t.Skipf("there is no Go command: %v", err)
	}
	t.Setenv("GOCACHE", strings.TrimSpace(string(compiled))) // the resolver's folder for caches is another one
	for _, name := range []string{"plain", "vendor", "workspace"} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			files(t, folder, map[string]string{
				"required/go.mod": "module example.com/required\n\ngo 1.24\n\nrequire example.com/further v1.0.0\n\n" +
					"replace example.com/further => ../further\n",
				"required/go.sum":             "example.com/known v1.0.0 h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
				"required/library/library.go": "package library\n",
				"required/program/main.go":    "package main\n\nimport _ \"example.com/further\"\n\nfunc main() {}\n",
				"further/go.mod":              "module example.com/further\n\ngo 1.24\n",
				"further/further.go":          "package further\n",
				"here/go.mod": "module example.com/here\n\ngo 1.24\n\nrequire (\n\texample.com/required v1.0.0\n" +
					"\texample.com/further v1.0.0 // indirect\n)\n\n" +
					"replace (\n\texample.com/required => ../required\n\texample.com/further => ../further\n)\n",
				"here/here.go": "package here\n\nimport _ \"example.com/required/library\"\n",
			})
			here := filepath.Join(folder, "here")
			t.Setenv("GOPROXY", "off")
			t.Setenv("GOFLAGS", "")
			t.Chdir(here)
			switch name {
			case "vendor":
				if said, err := exec.CommandContext(t.Context(), "go", "mod", "vendor").CombinedOutput(); err != nil {
					t.Fatalf("%v: %s", err, said)
				}
			case "workspace":
				files(t, here, map[string]string{"go.work": "go 1.24\n\nuse .\n"})
			}
			before := contentsOf(t, here)
			r := testResolver(t, &fakeEngine{})
			image := harness.Image{Name: "program", Recipe: harness.Recipe{Files: filesOf("FROM scratch")}}
			content, err := r.compileHere(t.Context(), image, harness.GoBinary{Name: "program", Package: "example.com/required/program"},
				"amd64")
			if err != nil || !strings.HasPrefix(string(content), "\x7fELF") {
				t.Errorf("compiled were %d bytes, %v", len(content), err)
			}
			if after := contentsOf(t, here); after != before {
				t.Errorf("the module is\n%s, and was\n%s", after, before)
			}
			if sums, _ := filepath.Glob(filepath.Join(r.cache.root, "here-*", "go.sum")); name != "workspace" {
				content, _ := os.ReadFile(strings.Join(sums, ""))
				if !strings.Contains(string(content), "example.com/known") {
					t.Errorf("the required module's checksums are not in %q: %q", sums, content)
				}
			}
		})
	}
}

// contentsOf are the files of a module, but for what is vendored.
func contentsOf(t *testing.T, folder string) string {
	t.Helper()
	var all strings.Builder
	entries, err := os.ReadDir(folder)
	testkit.Must(t, err)
	for _, entry := range entries {
		all.WriteString(entry.Name() + "\n")
		content, _ := os.ReadFile(filepath.Join(folder, entry.Name()))
		all.Write(content)
	}
	return all.String()
}

// Goal: where the agent's image is named nothing is compiled, also where there is no Go command; one that is nowhere is an error
// that names it. Without a name and without a module around, the error says how to name one. Method: engines that have the image
// and not.
func TestAgentImageIsNamed(t *testing.T) {
	fakeTool(t, "", "")
	t.Setenv(AgentVariable, "reprise/agent:3-eca46bd19514")
	engine := &fakeEngine{}
	engine.add("reprise/agent:3-eca46bd19514")
	for name, want := range map[*fakeEngine]string{engine: "", {}: "get image agent: there is no recipe to build it from"} {
		references, err := testResolver(t, name).all(t.Context(), needed())
		switch {
		case want == "" && (err != nil || strings.Join(references, " ") != "reprise/agent:3-eca46bd19514"):
			t.Errorf("the references are %q, %v", references, err)
		case want != "" && (err == nil || !strings.HasPrefix(err.Error(), want)):
			t.Errorf("the error is %v, want %s ...", err, want)
		}
	}
	t.Setenv(AgentVariable, "")
	fakeTool(t, "go", "echo /dev/null\n")
	_, err := testResolver(t, &fakeEngine{}).resolve(context.Background(), agent.Image())
	if want := "name the agent's image in the engine with " + AgentVariable; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("the error is %v, want %q in it", err, want)
	}
}
