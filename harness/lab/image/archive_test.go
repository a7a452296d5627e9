package image

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/paths"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

// An entry is one file of an archive.
type entry struct{ name, content, link string }

// archiveOf makes a tar of the entries.
func archiveOf(t *testing.T, entries ...entry) []byte {
	t.Helper()
	var archive bytes.Buffer
	writer := tar.NewWriter(&archive)
	for _, e := range entries {
		header := &tar.Header{Name: e.name, Mode: 0o644, Size: int64(len(e.content))}
		if e.link != "" {
			header.Typeflag, header.Linkname = tar.TypeSymlink, e.link
		}
		testkit.Must(t, writer.WriteHeader(header))
		if _, err := io.WriteString(writer, e.content); err != nil {
			t.Fatal(err)
		}
	}
	testkit.Must(t, writer.Close())
	return archive.Bytes()
}

// entriesOf reads a tar.
func entriesOf(t *testing.T, archive []byte) []entry {
	t.Helper()
	var entries []entry
	for reader := tar.NewReader(bytes.NewReader(archive)); ; {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return entries
		}
		testkit.Must(t, err)
		content, err := io.ReadAll(reader)
		testkit.Must(t, err)
		entries = append(entries, entry{header.Name, string(content), header.Linkname})
	}
}

// savedAs is an image as an engine saves it under a name, for older programs and for newer ones.
func savedAs(t *testing.T, name string) []byte {
	t.Helper()
	return archiveOf(t,
		entry{name: "oci-layout", content: `{"imageLayoutVersion":"1.0.0"}`},
		entry{name: "index.json", content: `{"manifests":[{"annotations":{"io.containerd.image.name":"` + name + `"}}]}`},
		entry{name: "a/layer.tar", content: "layer"},
		entry{name: "b/layer.tar", link: "../a/layer.tar"},
		entry{name: "manifest.json", content: `[{"Config":"c.json","RepoTags":["` + name +
			`"],"Layers":["a/layer.tar","b/layer.tar"]}]`},
		entry{name: "repositories", content: `{"` + name + `":{}}`},
	)
}

// Goal: an archive names its image as asked, in the one manifest that every runtime reads, and holds
// the same layers. Method: rename one that an engine could have saved, and look at what is in it.
func TestArchiveIsRenamed(t *testing.T) {
	var renamed bytes.Buffer
	testkit.Must(t, renameArchived(&renamed, bytes.NewReader(savedAs(t, "reprise/pause:3.6-0123456789ab")),
		"rancher/mirrored-pause:3.6"))
	want := []entry{
		{name: "a/layer.tar", content: "layer"},
		{name: "b/layer.tar", link: "../a/layer.tar"},
		{name: "manifest.json", content: `[{"Config":"c.json","Layers":["a/layer.tar","b/layer.tar"],"RepoTags":["rancher/mirrored-pause:3.6"]}]`},
	}
	if found := entriesOf(t, renamed.Bytes()); !slices.Equal(found, want) {
		t.Errorf("found %q, want %q", found, want)
	}
}

// Goal: what is no archive of one image is an error. Method: one without a manifest, one of two
// images, one that is cut off.
func TestArchiveOfNoImage(t *testing.T) {
	layer := archiveOf(t, entry{name: "a/layer.tar", content: "layer"})
	for name, test := range map[string]struct {
		archive []byte
		want    string
	}{
		"no manifest": {archiveOf(t, entry{name: "a/layer.tar"}), "the engine's archive has no manifest.json"},
		"two images": {
			archiveOf(t, entry{name: "manifest.json", content: "[{},{}]"}),
			"the engine's archive holds 2 images instead of one",
		},
		"no JSON": {
			archiveOf(t, entry{name: "manifest.json", content: "x"}),
			"read manifest.json of the engine's archive: invalid character 'x'",
		},
		"cut off":    {layer[:514], "copy a/layer.tar of the engine's archive: unexpected EOF"},
		"no archive": {[]byte("no"), "read the engine's archive: unexpected EOF"},
	} {
		err := renameArchived(io.Discard, bytes.NewReader(test.archive), "pause:3.6")
		if err == nil || !strings.HasPrefix(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %s", name, err, test.want)
		}
	}
}

// Goal: an image gets archives of others, each resolved like any image and under its name, and
// nothing of them stays on the disk. Method: build one that holds an archive of a published image and
// of one that nobody publishes, and look at the calls, the context and the cache.
func TestImageHoldsArchives(t *testing.T) {
	pause, canary := testImage(), testImage()
	pause.Name, pause.Version, pause.Reference, pause.Recipe.Base = "pause", "3.6", "rancher/mirrored-pause:3.6", nil
	canary.Name, canary.Version, canary.Reference, canary.Recipe.Base = "canary", "1+x", "", nil
	image := testImage()
	image.Reference, image.Recipe.Base = "", nil
	image.Recipe.Archives = map[string]harness.Image{"images/pause.tar": pause, "images/canary.tar": canary}
	engine := &fakeEngine{
		present: map[string]bool{pause.Reference: true},
		saved:   func(reference string) []byte { return savedAs(t, reference) },
	}
	r := testResolver(t, engine)
	tag, err := r.resolve(t.Context(), image)
	testkit.Must(t, err)
	canaryTag := mustRead(t, r, canary).tag
	calls := []string{"build " + canaryTag + " from scratch", "save " + canaryTag, "save " + pause.Reference, "build " + tag +
		" from scratch"}
	if !slices.Equal(engine.calls, calls) {
		t.Errorf("calls were %q, want %q", engine.calls, calls)
	}
	sent := engine.contexts[len(engine.contexts)-1]
	for path, name := range map[string]string{
		"images/pause.tar":  "rancher/mirrored-pause:3.6",
		"images/canary.tar": "reprise.local/canary:1_x",
	} {
		entries := entriesOf(t, []byte(sent[path]))
		if len(entries) == 0 || !strings.Contains(entries[len(entries)-1].content, `"RepoTags":["`+name+`"]`) {
			t.Errorf("%s is %q, want an image called %s", path, entries, name)
		}
	}
	left, err := filepath.Glob(filepath.Join(r.cache.root, "archives-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left on the disk: %q, %v", left, err)
	}
}

// Goal: what a build that was killed left of its archives does not stay. Method: put something where
// the archives go, then build.
func TestAbandonedArchivesAreRemoved(t *testing.T) {
	archived, image := testImage(), testImage()
	archived.Name, archived.Recipe.Base = "archived", nil
	image.Recipe.Base, image.Recipe.Archives = nil, map[string]harness.Image{"archived.tar": archived}
	r := testResolver(t, &fakeEngine{saved: func(reference string) []byte { return savedAs(t, reference) }})
	folder := filepath.Join(r.cache.root, "archives-"+mustRead(t, r, image).hash)
	if err := os.MkdirAll(filepath.Join(folder, "0"), 0o755); err != nil { // a folder where the first file goes
		t.Fatal(err)
	}
	if _, err := r.resolve(t.Context(), image); err != nil {
		t.Fatal(err)
	}
	if paths.Exists(folder) {
		t.Errorf("%s is still there", folder)
	}
}

// Goal: an image is made again when an archive that it holds would be another. Method: change the
// archived image, its name and its place, and compare the hashes.
func TestHashFollowsTheArchives(t *testing.T) {
	holding := func(path string, change func(*harness.Image)) harness.Image {
		archived, image := testImage(), testImage()
		archived.Name = "archived"
		change(&archived)
		image.Recipe.Archives = map[string]harness.Image{path: archived}
		return image
	}
	same := func(*harness.Image) {}
	r := testResolver(t, &fakeEngine{})
	original := mustRead(t, r, holding("a.tar", same)).hash
	if mustRead(t, r, holding("a.tar", same)).hash != original {
		t.Error("the hash changes by itself")
	}
	for name, changed := range map[string]harness.Image{
		"the place":   holding("b.tar", same),
		"the name":    holding("a.tar", func(i *harness.Image) { i.Reference = "" }),
		"the version": holding("a.tar", func(i *harness.Image) { i.Version = "1.2.4" }),
		"a file": holding("a.tar", func(i *harness.Image) {
			i.Recipe.Files = fstest.MapFS{"Dockerfile": {Data: []byte("FROM scratch")}}
		}),
		"nothing is archived": testImage(),
	} {
		if mustRead(t, r, changed).hash == original {
			t.Errorf("%s changed, and the hash is the same", name)
		}
	}
}

// Goal: an image that cannot be archived says which, and in which words. Method: archive one that
// cannot be had, then one that the engine saves as something else.
func TestImageThatCannotBeArchived(t *testing.T) {
	archived, image := testImage(), testImage()
	archived.Name, archived.Reference, archived.Recipe.Files = "archived", "vendor/archived:1", nil
	image.Reference, image.Recipe.Base = "", nil
	image.Recipe.Archives = map[string]harness.Image{"a.tar": archived}
	_, err := testResolver(t, &fakeEngine{}).resolve(t.Context(), image)
	if want := "get image archived 1.2.3+k3s1: there is no recipe to build it from"; err == nil ||
		!strings.HasPrefix(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
	engine := &fakeEngine{present: map[string]bool{"vendor/archived:1": true}, saved: func(string) []byte { return archiveOf(t) }}
	_, err = testResolver(t, engine).resolve(t.Context(), image)
	want := "build product 1.2.3+k3s1: save archived 1.2.3+k3s1: the engine's archive has no manifest.json"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
