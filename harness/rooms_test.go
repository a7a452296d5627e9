package harness_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// floors are the rooms of this folder, those that stand on others after them: a file of package harness, or a folder with all
// that is below it. A room uses names of those before it; what it uses of those after it are arrows that run back up.
var floors = []string{
	"doc.go", "errors.go", "image.go", "network.go", "rights.go", "topology.go", "validate.go", "check.go", "fingerprint.go",
	"action.go",
	"capability.go", "wait.go", "http.go", "probe.go", "ledger.go", "fault.go", "runbook.go", "plan.go", "miss.go", "judgement.go",
	"record.go",
	"probe", "internal", "drift", "judge", "fault", "runbook", "labtest", "systems", "drill", "agent", "lab",
	"suite", "drilltest", "selftest", "cmd",
}

// The most that there may be. Who adds a room, or an arrow that runs back up, has a reason for it and changes these.
const (
	mostRooms = 36
	mostUp    = 5
)

// Goal: a reader finds his way: the rooms of this folder are few, and what one uses is before it. Method: which room uses a
// name of which is counted from the types of package harness and the imports of all others.
func TestRooms(t *testing.T) {
	rooms, arrows := readRooms(t, ".")
	var up []string
	for _, a := range arrows {
		if slices.Index(floors, a.to) > slices.Index(floors, a.from) {
			up = append(up, a.from+" uses "+a.to)
		}
	}
	t.Logf("%d rooms, %d arrows, %d of them run back up:\n%s", len(rooms), len(arrows), len(up), strings.Join(up, "\n"))
	for _, room := range rooms {
		if !slices.Contains(floors, room) {
			t.Errorf("%s has no floor: put it into the list where it belongs", room)
		}
	}
	for _, room := range floors {
		if !slices.Contains(rooms, room) {
			t.Errorf("%s is in the list of floors and not in the folder", room)
		}
	}
	if len(rooms) > mostRooms || len(up) > mostUp {
		t.Errorf("there are %d rooms and %d arrows that run back up: at most %d and %d were wanted",
			len(rooms), len(up), mostRooms, mostUp)
	}
}

// readRooms lists the rooms of a folder and who uses whom, each once.
func readRooms(t *testing.T, folder string) (rooms []string, arrows []arrow) {
	t.Helper()
	set := token.NewFileSet()
	var files []*ast.File
	uses := map[arrow]bool{}
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var folders []string
	for _, entry := range entries {
		switch name := entry.Name(); {
		case entry.IsDir() && name != "adr":
			folders = append(folders, name)
		case strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go"):
			rooms = append(rooms, name)
			file, err := parser.ParseFile(set, filepath.Join(folder, name), nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, file)
		}
	}
	home := usedWithin(set, files, uses)
	for _, name := range folders {
		usedBelow(t, folder, name, home, uses)
	}
	rooms = append(rooms, folders...)
	arrows = slices.SortedFunc(maps.Keys(uses), func(a, b arrow) int { return strings.Compare(a.from+" "+a.to, b.from+" "+b.to) })
	return rooms, arrows
}

// usedWithin adds the arrows between the files of a package, and tells which file declares which name.
func usedWithin(set *token.FileSet, files []*ast.File, uses map[arrow]bool) (home map[string]string) {
	fileOf := func(at token.Pos) string { return filepath.Base(set.Position(at).Filename) }
	info := &types.Info{Uses: map[*ast.Ident]types.Object{}}
	// The standard library is not read: its names are no room's.
	config := types.Config{Importer: noImports{}, Error: func(error) {}}
	checked, _ := config.Check("harness", set, files, info)
	home = map[string]string{}
	for _, name := range checked.Scope().Names() {
		home[name] = fileOf(checked.Scope().Lookup(name).Pos())
	}
	for name, object := range info.Uses {
		if from, to := fileOf(name.Pos()), fileOf(object.Pos()); object.Pkg() == checked && to != "." && from != to {
			uses[arrow{from: from, to: to}] = true
		}
	}
	return home
}

// noImports makes every package an empty one.
type noImports struct{}

func (noImports) Import(name string) (*types.Package, error) {
	empty := types.NewPackage(name, path.Base(name))
	empty.MarkComplete()
	return empty, nil
}

// usedBelow adds the arrows of a folder: to the files of package harness whose names it uses, and to other folders.
func usedBelow(t *testing.T, root, room string, home map[string]string, uses map[arrow]bool) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join(root, room), func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		imports, err := readImports(name)
		for _, to := range imports {
			if below, ours := strings.CutPrefix(to, "./harness/"); ours {
				if other, _, _ := strings.Cut(below, "/"); other != room {
					uses[arrow{from: room, to: other}] = true
				}
			}
		}
		ast.Inspect(file, func(node ast.Node) bool {
			if selected, ok := node.(*ast.SelectorExpr); ok {
				if of, ok := selected.X.(*ast.Ident); ok && of.Name == "harness" && home[selected.Sel.Name] != "" {
					uses[arrow{from: room, to: home[selected.Sel.Name]}] = true
				}
			}
			return true
		})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
