package image

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/reprise-dr/reprise/harness"
)

// Goal: an image is made again when something that goes into it has changed, and not otherwise.
// Method: change one ingredient at a time and compare the hashes.
func TestHashFollowsTheIngredients(t *testing.T) {
	original := func() harness.Image {
		image := compiledImage("1.2.3")
		base := *testImage().Recipe.Base
		image.Recipe.Base = &base
		return image
	}
	for name, test := range map[string]struct {
		change func(*harness.Image)
		same   bool
	}{
		"nothing":     {func(*harness.Image) {}, true},
		"advice":      {func(i *harness.Image) { i.Recipe.Advice = "other" }, true},
		"permissions": {func(i *harness.Image) { i.Recipe.Files.(fstest.MapFS)["Dockerfile"].Mode = fs.ModePerm }, true},
		"a file": {
			func(i *harness.Image) { i.Recipe.Files.(fstest.MapFS)["etc/product.conf"].Data = []byte("x = 2") },
			false,
		},
		"a new file":          {func(i *harness.Image) { i.Recipe.Files.(fstest.MapFS)["new"] = &fstest.MapFile{} }, false},
		"the base's file":     {func(i *harness.Image) { i.Recipe.Base.Recipe.Files.(fstest.MapFS)["Dockerfile"].Data = nil }, false},
		"the base's source":   {func(i *harness.Image) { i.Recipe.Base.Reference = "debian:trixie-slim" }, false},
		"the base's packages": {func(i *harness.Image) { i.Recipe.Base.Recipe.Packages = []string{"procps"} }, false},
		"what is left out":    {func(i *harness.Image) { i.Recipe.Without = []string{"/usr/lib/*"} }, false},
		"linker flags":        {func(i *harness.Image) { i.Recipe.Binaries[0].LinkerFlags = "-s" }, false},
		"cgo":                 {func(i *harness.Image) { i.Recipe.Binaries[0].CGO = true }, false},
		"the product": {
			func(i *harness.Image) { i.Recipe.Binaries[0].Require = []string{"example.com/product@v1.2.4"} },
			false,
		},
		"the module": {func(i *harness.Image) {
			i.Recipe.Binaries[0].Module.(fstest.MapFS)["recipe.mod"].Data = []byte("module y\n")
		}, false},
	} {
		r := testResolver(t, &fakeEngine{})
		changed := original()
		test.change(&changed)
		before, after := mustRead(t, r, original()), mustRead(t, r, changed)
		if same := before.hash == after.hash; same != test.same {
			t.Errorf("%s changed: same hash is %t", name, same)
		}
	}
	r := testResolver(t, &fakeEngine{})
	before := mustRead(t, r, original())
	r.toolchain = func() string { return "go1.27.0" }
	if mustRead(t, r, original()).hash == before.hash {
		t.Error("another Go version compiles another binary, but the hash is the same")
	}
}

// Goal: a tag is one that engines accept, and is recognisable. Method: look at the tag of a version
// with a character that tags cannot have.
func TestTagNamesImageVersionAndHash(t *testing.T) {
	made := mustRead(t, testResolver(t, &fakeEngine{}), testImage())
	if want := "reprise/product:1.2.3_k3s1-" + made.hash[:12]; made.tag != want || strings.Contains(made.tag, "+") {
		t.Errorf("got %s, want %s", made.tag, want)
	}
}
