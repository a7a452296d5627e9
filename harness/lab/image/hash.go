package image

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/reprise-dr/reprise/harness"
)

// A recipe is an image's recipe with what identifies its outcome.
type recipe struct {
	image        harness.Image
	architecture string
	hash         string            // of everything that goes into the image, hexadecimal
	tag          string            // "reprise/<name>:<version>-<first 12 digits of hash>"
	programs     map[string][]byte // binaries of the calling module, compiled already: their content is part of hash
}

// read works out the hash of all that goes into the image: two images with the same hash are
// interchangeable. Debian's packages count by name: a newer package does not make another image.
// A base image counts by its reference and its recipe, not by what those turn out to be, so that
// the tag of an image that is there already is known without its base.
func (r *resolver) read(ctx context.Context, image harness.Image) (recipe, error) {
	architecture, err := r.architecture(ctx)
	if err != nil {
		return recipe{}, err
	}
	made := recipe{image: image, architecture: architecture, programs: map[string][]byte{}}
	digest := newDigest("image", image.Name, image.Version, architecture)
	if err := digest.files(image.Recipe.Files); err != nil {
		return recipe{}, fmt.Errorf("read the recipe: %w", err)
	}
	digest.add(image.Recipe.Packages...)
	if len(image.Recipe.Packages) > 0 {
		digest.add(string(installScript), strings.Join(leftOut, "\n"))
	}
	if len(image.Recipe.Without) > 0 {
		digest.add(image.Recipe.Without...)
	}
	for _, binary := range image.Recipe.Binaries {
		identity, err := r.binaryIdentity(binary, architecture)
		if err != nil {
			return recipe{}, err
		}
		if binary.Module == nil {
			content, err := r.compileHere(ctx, image, binary, architecture)
			if err != nil {
				return recipe{}, err
			}
			made.programs[binary.Name] = content
			identity = newDigest("program", binary.Name, string(content)).String()
		}
		digest.add(identity)
	}
	if base := image.Recipe.Base; base != nil {
		if err := r.addImage(ctx, digest, *base); err != nil {
			return recipe{}, fmt.Errorf("read base image %s: %w", base, err)
		}
	}
	for _, argument := range slices.Sorted(maps.Keys(image.Recipe.Others)) {
		other := image.Recipe.Others[argument]
		digest.add(argument)
		if err := r.addImage(ctx, digest, other); err != nil {
			return recipe{}, fmt.Errorf("read image %s that it copies from: %w", other, err)
		}
	}
	for _, path := range slices.Sorted(maps.Keys(image.Recipe.Archives)) {
		archived := image.Recipe.Archives[path]
		digest.add(path, archived.SavedAs())
		if err := r.addImage(ctx, digest, archived); err != nil {
			return recipe{}, fmt.Errorf("read image %s that it holds an archive of: %w", archived, err)
		}
	}
	made.hash = digest.String()
	made.tag = fmt.Sprintf("reprise/%s:%s-%s", image.Name, tagSafe(image.Version), made.hash[:12])
	return made, nil
}

// addImage adds an image that another one is made from.
func (r *resolver) addImage(ctx context.Context, digest digest, image harness.Image) error {
	made, err := r.read(ctx, image)
	if err != nil {
		return err
	}
	digest.add(image.Reference, made.hash)
	return nil
}

// binaryIdentity is the hash of what decides the outcome of a compilation.
func (r *resolver) binaryIdentity(binary harness.GoBinary, architecture string) (string, error) {
	digest := newDigest("binary", binary.Name, binary.Package, binary.Tags, binary.LinkerFlags,
		strconv.FormatBool(binary.CGO), architecture, r.toolchain())
	digest.add(binary.Require...)
	if binary.Module != nil {
		files, err := moduleFiles(binary)
		if err != nil {
			return "", err
		}
		for _, name := range slices.Sorted(maps.Keys(files)) {
			digest.add(name, string(files[name]))
		}
	}
	return digest.String(), nil
}

// digest hashes lists of strings such that different lists never look the same.
type digest struct{ hash hash.Hash }

func newDigest(values ...string) digest {
	d := digest{sha256.New()}
	d.add(values...)
	return d
}

func (d digest) add(values ...string) {
	fmt.Fprintf(d.hash, "[%d]", len(values))
	for _, value := range values {
		fmt.Fprintf(d.hash, "%d:", len(value))
		_, _ = io.WriteString(d.hash, value)
	}
}

// files adds names and contents, in lexical order. Permissions are left out: embedding loses them.
func (d digest) files(files fs.FS) error {
	if files == nil {
		d.add()
		return nil
	}
	return fs.WalkDir(files, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(files, path)
		if err != nil {
			return err
		}
		d.add(path, string(content))
		return nil
	})
}

func (d digest) String() string { return hex.EncodeToString(d.hash.Sum(nil)) }

var notInTags = regexp.MustCompile(`[^A-Za-z0-9_.-]`)

// tagSafe spells a version as a tag can have it: "1.34.1+k3s1" becomes "1.34.1_k3s1".
func tagSafe(version string) string { return notInTags.ReplaceAllString(version, "_") }
