package harness

import (
	"cmp"
	"io/fs"
	"strings"
)

// An Image names a container image once: where upstream publishes it, and how to make the same
// thing where no registry can be reached. The lab looks for it in the engine first, then pulls
// Reference, then follows Recipe. The zero Image stands for "none".
type Image struct {
	Name      string // short name, such as "nomad": lower-case letters, digits and dashes
	Version   string // version of the product inside, such as "1.11.3"
	Reference string // upstream reference, such as "hashicorp/nomad:1.11.3"; empty when nobody publishes it
	Recipe    Recipe // how to make it here; the zero Recipe cannot be followed
}

// String names the product and its version, such as "nomad 1.11.3".
func (i Image) String() string {
	if i.Version == "" {
		return i.Name
	}
	return i.Name + " " + i.Version
}

// SavedAs is what an archive of [Recipe.Archives] calls the image, and so what the programs that load
// it ask for: Reference, or a name that no registry can have, such as "reprise.local/canary:1", where
// nobody publishes it. It is the same whether the image was pulled or built.
func (i Image) SavedAs() string {
	if i.Reference != "" {
		return i.Reference
	}
	// "+" is what versions have and tags cannot.
	return "reprise.local/" + i.Name + ":" + strings.ReplaceAll(cmp.Or(i.Version, "latest"), "+", "_")
}

// A Recipe tells how to make an image from source and packages. The machine that follows it needs
// the Go command for Binaries. For Packages it needs apt with sources of their release, or a Base that
// was pulled; for the rest it needs nothing.
type Recipe struct {
	Files fs.FS  // the build context, with a Dockerfile at its root; nil: the image cannot be built
	Base  *Image // resolved first and given to the Dockerfile as build argument BASE; nil when it starts from scratch
	// further images the Dockerfile copies from, each by the build argument it is given as, such as "CONSUL"
	Others map[string]Image
	// images that another container runtime is to load, by the path below the context's root where each lies as `docker save`
	// writes it, such as "images/pause.tar"; see [Image.SavedAs]
	Archives map[string]Image
	Binaries []GoBinary // compiled first, then placed at the root of the context
	// Debian packages of the release that the image's version names, which the Dockerfile copies from a stage called packages:
	// Base with them, or a minimal system
	Packages []string
	Without  []string // files of Packages that are left out, as patterns such as "/usr/lib/*/libLLVM*"
	// ends the sentence of an image that cannot be built, or neither pulled nor built, such as "choose another NOMAD_VERSION"
	Advice string
}

// A GoBinary is a program that is compiled, for the engine's architecture, rather than downloaded:
// Go modules and their checksums are what can be had where registries cannot.
type GoBinary struct {
	Name    string // file name in the build context, such as "nomad"
	Package string // what to build, such as "github.com/hashicorp/nomad", or "." for a main package in Module

	// Module holds, at its root, the module to build in: recipe.mod (its go.mod), recipe.sum (its go.sum) and any
	// source as NAME.go.txt. The names differ from Go's own because no module can embed a folder
	// that is a module itself. Nil means the module around the current directory; such a binary is
	// compiled each time, and the image is made again only when the outcome differs.
	Module fs.FS

	// Require lists modules ("github.com/hashicorp/nomad@v1.10.5") to use in place of the versions
	// that Module pins. The Go command then works out all other versions and verifies every
	// checksum against the checksum database, since Module cannot know them. Empty: Module's pins.
	Require []string

	Tags        string // build tags, separated by commas
	LinkerFlags string // given to the linker, such as "-s -w"; ${GOVERSION} becomes the compiling Go's version, such as "go1.26.8"
	CGO         bool   // needs a C compiler; false makes a static binary
}
