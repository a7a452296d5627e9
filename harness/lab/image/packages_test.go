package image

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/moby/moby/api/types/image"
	"github.com/moby/moby/api/types/jsonstream"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

// A testPackage is a Debian package that a test makes.
type testPackage struct {
	name, version, fields string
	files                 map[string]string // content by path
}

// aptRepository makes a source of packages in a folder, as Debian's mirrors are; its name of origin is the caller's.
func aptRepository(t *testing.T, origin string, packages ...testPackage) (folder string) {
	t.Helper()
	for _, tool := range []string{"apt-get", "apt-cache", "dpkg-deb"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("this machine has no %s", tool)
		}
	}
	folder = t.TempDir()
	var index strings.Builder
	for _, one := range packages {
		index.WriteString(buildPackage(t, folder, one))
	}
	lists := filepath.Join(folder, "dists", "bookworm")
	writeFile(t, filepath.Join(lists, "main", "binary-amd64", "Packages"), index.String())
	writeFile(t, filepath.Join(lists, "Release"), fmt.Sprintf(
		"Origin: %s\nSuite: oldstable\nCodename: bookworm\nDate: Sat, 01 Nov 2025 00:00:00 UTC\n"+
			"Architectures: amd64\nComponents: main\nSHA256:\n %x %d main/binary-amd64/Packages\n",
		origin, sha256.Sum256([]byte(index.String())), index.Len()))
	return folder
}

// buildPackage makes a package's file and returns what a list says of it.
func buildPackage(t *testing.T, folder string, one testPackage) string {
	t.Helper()
	tree, file := t.TempDir(), fmt.Sprintf("pool/%s_%s_amd64.deb", one.name, one.version)
	const form = "Package: %s\nVersion: %s\nArchitecture: amd64\nMaintainer: nobody\nDescription: a test\n%s"
	control := fmt.Sprintf(form, one.name, one.version, one.fields)
	writeFile(t, filepath.Join(tree, "DEBIAN", "control"), control)
	for path, content := range one.files {
		writeFile(t, filepath.Join(tree, path), content)
	}
	writeFile(t, filepath.Join(folder, "pool", "empty"), "")
	build := exec.Command("dpkg-deb", "--root-owner-group", "--build", tree, filepath.Join(folder, file))
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	content, err := os.ReadFile(filepath.Join(folder, file))
	testkit.Must(t, err)
	return fmt.Sprintf("%sFilename: %s\nSize: %d\nSHA256: %x\n\n", control, file, len(content), sha256.Sum256(content))
}

func writeFile(t *testing.T, path, content string) {
	t.Helper()
	testkit.Must(t, errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(content), 0o644)))
}

// testPackages are a system of two packages, and one to install with what it needs.
func testPackages() []testPackage {
	return []testPackage{
		{"apt", "1", "", map[string]string{"usr/bin/apt-get": "apt"}},
		{"base-files", "1", "Essential: yes\n", map[string]string{
			"bin/sh": "shell", "usr/share/man/man1/sh.1": "manual", "usr/share/doc/base-files/copyright": "free",
		}},
		{"needed", "1:1", "", map[string]string{"lib/needed.so": "library"}},
		{"tool", "1", "Depends: needed\n", map[string]string{"usr/bin/tool": "tool"}},
		{"unwanted", "1", "", nil},
	}
}

// testApt is an apt client whose sources are lines of a sources.list.
func testApt(t *testing.T, sources ...string) aptClient {
	t.Helper()
	list := filepath.Join(t.TempDir(), "sources.list")
	writeFile(t, list, strings.Join(sources, "\n")+"\n")
	client := aptClient{
		folder: t.TempDir(), release: "bookworm", architecture: "amd64",
		settings: fmt.Sprintf("Dir::Etc::sourcelist %q;\nDir::Etc::sourceparts \"/dev/null\";\nAcquire::Retries \"0\";\n", list),
	}
	testkit.Must(t, client.prepare())
	return client
}

func mustFetch(t *testing.T, client aptClient, names ...string) []debPackage {
	t.Helper()
	testkit.Must(t, client.update(t.Context()))
	packages, err := client.fetch(t.Context(), names)
	testkit.Must(t, err)
	return packages
}

// Goal: an ordinary user's apt brings what is asked for, what that needs and a minimal system, and no more; what other sources of
// the machine have does not get in. Method: a source of Debian's in a folder, and one of somebody else's with a newer tool.
func TestPackagesAreFetched(t *testing.T) {
	debian := aptRepository(t, "Debian", testPackages()...)
	other := aptRepository(t, "Somebody",
		testPackage{"tool", "2", "Depends: needed\n", nil}, testPackage{"essential", "2", "Essential: yes\n", nil})
	client := testApt(t, "deb [trusted=yes] file:"+debian+" bookworm main", "deb [trusted=yes] file:"+other+" bookworm main")
	var names []string
	for _, one := range mustFetch(t, client, "tool") {
		names = append(names, one.name)
		if version, _ := field(one.entry, "Version"); one.name == "tool" && version != "1" {
			t.Errorf("version %s of the tool was fetched", version)
		}
	}
	slices.Sort(names)
	if want := []string{"apt", "base-files", "needed", "tool"}; !slices.Equal(names, want) {
		t.Errorf("fetched were %v, want %v", names, want)
	}
}

// Goal: the unpacked system has the packages' files below /usr, with the owners of the packages, without what is left out.
// Method: unpack fetched packages and read the archive.
func TestSystemIsUnpacked(t *testing.T) {
	client := testApt(t, "deb [trusted=yes] file:"+aptRepository(t, "Debian", testPackages()...)+" bookworm main")
	packages := mustFetch(t, client, "tool")
	folder := filepath.Join(t.TempDir(), "packages")
	testkit.Must(t, keepPackages(packages, folder))
	target := filepath.Join(t.TempDir(), "rootfs.tar")
	testkit.Must(t, unpackSystem(t.Context(), packages, leftOut, target))
	content, err := os.ReadFile(target)
	testkit.Must(t, err)
	found := entriesOf(t, content)
	for _, want := range []entry{
		{name: "bin", link: "usr/bin"},
		{name: "lib", link: "usr/lib"},
		{name: "usr/bin/sh", content: "shell"},
		{name: "usr/lib/needed.so", content: "library"},
		{name: "usr/share/doc/base-files/copyright", content: "free"},
	} {
		if !slices.Contains(found, want) {
			t.Errorf("%+v is not in %+v", want, found)
		}
	}
	names := map[string]bool{}
	for _, one := range found {
		if names[one.name] || strings.Contains(one.name, "/man1/") || strings.HasPrefix(one.name, "bin/") {
			t.Errorf("%s should not be there, or only once", one.name)
		}
		names[one.name] = true
	}
	index, err := os.ReadFile(filepath.Join(folder, indexFile))
	if err != nil || strings.Count(string(index), "\nFilename: ./") != len(packages) || strings.Contains(string(index), "pool/") {
		t.Errorf("the index is %s, %v", index, err)
	}
}

// Goal: what is not what the source's signed list says is refused, and so is a list that nobody vouches for. Method: change a
// package at its source; change it in the cache; a source without a signature, and one with a broken one.
func TestTamperedPackagesAreRefused(t *testing.T) {
	source := aptRepository(t, "Debian", testPackages()...)
	tool := filepath.Join(source, "pool", "tool_1_amd64.deb")
	original, err := os.ReadFile(tool)
	testkit.Must(t, err)
	client := testApt(t, "deb [trusted=yes] file:"+source+" bookworm main")
	packages := mustFetch(t, client, "tool")
	at := slices.IndexFunc(packages, func(one debPackage) bool { return one.name == "tool" })
	changed := slices.Clone(original)
	changed[len(changed)-1] ^= 1
	packages[at].path = filepath.Join(t.TempDir(), "tool.deb")
	writeFile(t, packages[at].path, string(changed))
	err = keepPackages(packages, filepath.Join(t.TempDir(), "packages"))
	if err == nil || !strings.HasPrefix(err.Error(), "package tool is not the one of its source's list: its checksum is ") {
		t.Errorf("changed in the cache: got %v", err)
	}

	writeFile(t, tool, string(changed))
	client = testApt(t, "deb [trusted=yes] file:"+source+" bookworm main")
	testkit.Must(t, client.update(t.Context()))
	packages, err = client.fetch(t.Context(), []string{"tool"})
	if err == nil {
		err = keepPackages(packages, filepath.Join(t.TempDir(), "packages"))
	}
	if err == nil {
		t.Error("a package that was changed at its source was taken")
	}

	unsigned := regexp.MustCompile("is not signed|GPG error")
	for name, signature := range map[string]string{
		"not signed": "", "badly signed": "-----BEGIN PGP SIGNATURE-----\n\nnothing\n-----END PGP SIGNATURE-----\n",
	} {
		if signature != "" {
			writeFile(t, filepath.Join(source, "dists", "bookworm", "Release.gpg"), signature)
		}
		if err := testApt(t, "deb file:"+source+" bookworm main").update(t.Context()); err == nil ||
			!unsigned.MatchString(err.Error()) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// packagedImage is an image of packages on a base that is published.
func packagedImage() harness.Image {
	image := testImage()
	image.Version, image.Reference = "bookworm", ""
	image.Recipe.Files = filesOf("ARG OTHER\nFROM ${OTHER} AS other\nFROM scratch\nCOPY --from=packages / /\n")
	image.Recipe.Packages, image.Recipe.Without = []string{"tool", "second"}, []string{"/usr/lib/*/libLLVM*"}
	return image
}

// Goal: where this machine has no packages, a base that was pulled brings its own; nothing stays of the stage in which they are
// installed. Method: pull the base, refuse the machine's packages, and look at what is sent and what is removed.
func TestPackagesComeFromThePulledBase(t *testing.T) {
	engine := &fakeEngine{pull: func(_ context.Context, reference string) ([]jsonstream.Message, error) {
		return []jsonstream.Message{{Status: "Pulling " + reference}}, nil
	}}
	r, made := testResolver(t, engine), packagedImage()
	hash := mustRead(t, r, made).hash
	engine.stages = map[string][]image.Summary{labelStage + "=" + hash: {{ID: "stage"}}}
	if _, err := r.resolve(t.Context(), made); err != nil {
		t.Fatal(err)
	}
	sent := engine.contexts[0]
	want := "ARG OTHER\nARG BASE\nFROM ${BASE} AS packages\nLABEL io.reprise.stage=" + hash + "\n" +
		"COPY packages /var/tmp/reprise-packages\n" +
		`RUN ["/bin/sh", "/var/tmp/reprise-packages/install.sh", "tool", "second"]` + "\nFROM ${OTHER} AS other\nFROM scratch\n"
	if !strings.HasPrefix(sent["Dockerfile"], want) {
		t.Errorf("sent was %s\nwant %s", sent["Dockerfile"], want)
	}
	leftOut := strings.HasSuffix(sent["packages/left-out"], "path-exclude=/usr/lib/*/libLLVM*\n")
	if sent["packages/install.sh"] == "" || sent["packages/Packages"] != "" || !leftOut {
		t.Errorf("sent were %q", sent)
	}
	if !slices.Contains(engine.calls, "remove stage") {
		t.Errorf("nothing was removed: %q", engine.calls)
	}
}

// Goal: a machine without packages of the release and without a registry is told so in one sentence, before anything is built.
// Method: nobody pulls, and the machine has none; then a base that somebody else has built here.
func TestMachineWithoutPackages(t *testing.T) {
	const reason = "its Debian packages cannot be had: this machine has no apt-get: " +
		"let the engine reach a registry, or build on a Debian of that release"
	system := packagedImage()
	system.Recipe.Base = nil
	base := system
	base.Name, base.Reference, base.Recipe.Files = "debian", "", filesOf("FROM scratch\nCOPY --from=packages / /\n")
	image := packagedImage()
	image.Recipe.Base = &base
	engine := &fakeEngine{}
	r := testResolver(t, engine)
	if _, err := r.resolve(t.Context(), image); err == nil || err.Error() != "build debian bookworm: "+reason {
		t.Errorf("got %v", err)
	}
	if len(engine.calls) > 0 {
		t.Errorf("the engine was asked to %q", engine.calls)
	}
	engine.add(mustRead(t, r, base).tag)
	if _, err := r.resolve(t.Context(), image); err == nil || err.Error() != "build product bookworm: "+reason {
		t.Errorf("got %v", err)
	}
}

// Goal: a machine whose apt knows another release is not taken for one that has this one. Method: an apt that tells its sources.
func TestSourcesOfTheRelease(t *testing.T) {
	for told, good := range map[string]bool{
		"bookworm bookworm Debian": true, "stable bookworm Debian": true,
		"noble noble Ubuntu": false, "bookworm bookworm Docker": false, "": false,
	} {
		dir := t.TempDir()
		t.Setenv("PATH", dir)
		for _, tool := range []string{"apt-get", "apt-cache", "dpkg-deb"} {
			testkit.Must(t, os.WriteFile(filepath.Join(dir, tool), []byte("#!/bin/sh\necho '"+told+"'\n"), 0o755))
		}
		err := AptSources(t.Context(), "bookworm")
		if (err == nil) != good || err != nil && !strings.HasSuffix(err.Error(), "has no apt source of Debian bookworm") {
			t.Errorf("%q: got %v", told, err)
		}
	}
}
