package image

import (
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/moby/moby/client"
)

// What a build context calls the files of [harness.Recipe.Packages].
const (
	rootfsFile     = "rootfs.tar"       // a minimal system, unpacked
	packagesFolder = "packages"         // packages, their index, and what installs them
	indexFile      = "Packages"         // what apt calls the index of a source
	installFile    = "install.sh"       // installScript
	leftOutFile    = "left-out"         // what dpkg leaves out, in its own words
	packagesMarker = "\nFROM "          // the stage called packages goes before the recipe's first stage
	labelStage     = "io.reprise.stage" // of what is left of a build's stage: the hash of the image that was made with it
)

// stageRemoval bounds the removal of what is left of a stage after a build.
const stageRemoval = 30 * time.Second

//go:embed install.sh
var installScript []byte

// leftOut is what Debian's own slim images leave out too: nobody reads manuals in a drill.
var leftOut = []string{
	"path-exclude=/usr/share/man/*", "path-exclude=/usr/share/info/*", "path-exclude=/usr/share/locale/*",
	"path-exclude=/usr/share/doc/*", "path-include=/usr/share/doc/*/copyright",
}

// pathRules are dpkg's, which it reads at each installation from then on.
func (m recipe) pathRules() []string {
	rules := slices.Clone(leftOut)
	for _, pattern := range m.image.Recipe.Without {
		rules = append(rules, "path-exclude="+pattern)
	}
	return rules
}

// A noPackagesError is a whole sentence about an image whose packages cannot be had.
type noPackagesError struct{ reason error }

func (e noPackagesError) Error() string {
	const advice = "let the engine reach a registry, or build on a Debian of that release"
	return fmt.Sprintf("its Debian packages cannot be had: %v: %s", e.reason, advice)
}

func (e noPackagesError) Unwrap() error { return e.reason }

// checkPackages finds out whether a system that is made from nothing can be: that takes this machine's own packages. What is
// installed on another image can come from where that image says.
func (r *resolver) checkPackages(ctx context.Context, made recipe) error {
	if len(made.image.Recipe.Packages) == 0 || made.image.Recipe.Base != nil {
		return nil
	}
	if err := r.sources(ctx, made.image.Version); err != nil {
		return noPackagesError{err}
	}
	return nil
}

// addPackages adds to a build's context what its stage called packages is made from.
func (r *resolver) addPackages(ctx context.Context, made recipe, from ingredients, contents *buildContext) error {
	base := made.image.Recipe.Base
	if err := r.sources(ctx, made.image.Version); err != nil {
		// What nobody publishes was made from the packages of a machine that had them, and does not say from where.
		if base == nil || *from.arguments["BASE"] != base.Reference {
			return noPackagesError{err}
		}
	} else {
		folder, err := r.fetchPackages(ctx, made)
		if err != nil {
			return err
		}
		files, err := filepath.Glob(filepath.Join(folder, packagesFolder, "*"))
		if err != nil {
			return fmt.Errorf("list the packages: %w", err)
		}
		for _, file := range files {
			contents.paths[packagesFolder+"/"+filepath.Base(file)] = file
		}
		if base == nil {
			contents.paths[rootfsFile] = filepath.Join(folder, rootfsFile)
		}
	}
	contents.programs[packagesFolder+"/"+installFile] = installScript
	contents.programs[packagesFolder+"/"+leftOutFile] = []byte(strings.Join(made.pathRules(), "\n") + "\n")
	contents.dockerfile = withStage(contents.dockerfile, made)
	return nil
}

// withStage puts the stage called packages in front of the others. The label tells what is left of it after the build.
func withStage(dockerfile []byte, made recipe) []byte {
	const installed = "/var/tmp/reprise-packages"
	var stage bytes.Buffer
	if made.image.Recipe.Base == nil {
		fmt.Fprintf(&stage, "FROM scratch AS packages\nLABEL %s=%s\nADD %s /\n", labelStage, made.hash, rootfsFile)
	} else {
		fmt.Fprintf(&stage, "ARG BASE\nFROM ${BASE} AS packages\nLABEL %s=%s\n", labelStage, made.hash)
	}
	fmt.Fprintf(&stage, "COPY %s %s\nRUN [\"/bin/sh\"", packagesFolder, installed)
	for _, argument := range append([]string{installed + "/" + installFile}, made.image.Recipe.Packages...) {
		fmt.Fprintf(&stage, ", %q", argument)
	}
	stage.WriteString("]")
	// What comes before the first stage are arguments, which all stages share.
	before, after, _ := bytes.Cut(append([]byte("\n"), dockerfile...), []byte(packagesMarker))
	return bytes.TrimPrefix(slices.Concat(before, []byte("\n"), stage.Bytes(), []byte(packagesMarker), after), []byte("\n"))
}

// removeStage removes what a build has left of the stage called packages: the engine keeps it to build the same again, and it
// is as large as the image.
func (r *resolver) removeStage(ctx context.Context, made recipe) {
	if len(made.image.Recipe.Packages) == 0 {
		return
	}
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), stageRemoval)
	defer cancel()
	if err := removeStages(limited, r.engine, labelStage+"="+made.hash); err != nil {
		r.say(made.image, "%v", err)
	}
}

// removeStages removes the images without a name that carry the label.
func removeStages(ctx context.Context, store imageStore, label string) error {
	nameless := make(client.Filters).Add("label", label).Add("dangling", "true")
	listed, err := store.ImageList(ctx, client.ImageListOptions{Filters: nameless})
	if err != nil {
		return fmt.Errorf("look for what a build has left: %w", err)
	}
	for _, one := range listed.Items {
		if _, removal := store.ImageRemove(ctx, one.ID, client.ImageRemoveOptions{PruneChildren: true}); removal != nil {
			err = errors.Join(err, fmt.Errorf("remove what a build has left (%s): %w", one.ID, removal))
		}
	}
	return err
}

// fetchPackages returns a folder with the packages, and with the unpacked system where there is none to install them on.
func (r *resolver) fetchPackages(ctx context.Context, made recipe) (string, error) {
	recipe := made.image.Recipe
	client := aptClient{
		folder:       filepath.Join(r.cache.root, "apt-"+made.image.Version+"-"+made.architecture),
		release:      made.image.Version,
		architecture: debianArchitecture(made.architecture),
	}
	key := newDigest("packages", client.release, client.architecture)
	key.add(recipe.Packages...)
	if recipe.Base == nil {
		key.add(made.pathRules()...)
	}
	return r.cache.folder(ctx, "packages-"+key.String(), made.image.String(), func(dir string) error {
		stop := r.doing(made, "fetching packages")
		packages, err := r.verifiedPackages(ctx, client, made)
		stop()
		if err != nil {
			return err
		}
		defer r.doing(made, "unpacking packages")()
		if err := keepPackages(packages, filepath.Join(dir, packagesFolder)); err != nil {
			return err
		}
		if recipe.Base != nil {
			return nil
		}
		return unpackSystem(ctx, packages, made.pathRules(), filepath.Join(dir, rootfsFile))
	})
}

// verifiedPackages has apt fetch the packages. One at a time asks it: it has one folder for all.
func (r *resolver) verifiedPackages(ctx context.Context, client aptClient, made recipe) ([]debPackage, error) {
	unlock, err := r.cache.lock(ctx, filepath.Base(client.folder), made.image.String())
	if err != nil {
		return nil, err
	}
	defer unlock()
	if err := client.prepare(); err != nil {
		return nil, err
	}
	if err := client.updateIfOld(ctx); err != nil {
		return nil, err
	}
	return client.fetch(ctx, made.image.Recipe.Packages)
}

// doing tells every few seconds what an image waits for, until stop is called.
func (r *resolver) doing(made recipe, what string) (stop func()) {
	return repeat(progressInterval, func(elapsed time.Duration) {
		if elapsed == 0 {
			r.say(made.image, "%s", what)
			return
		}
		r.say(made.image, "%s (%s)", what, elapsed)
	})
}

// keepPackages puts the packages and their index into a folder. They share their content with apt's own folder.
func keepPackages(packages []debPackage, dir string) error {
	if err := os.Mkdir(dir, 0o755); err != nil {
		return fmt.Errorf("make a folder for packages: %w", err)
	}
	var index strings.Builder
	for _, one := range packages {
		if err := one.verify(); err != nil {
			return err
		}
		if err := linkOrCopy(one.path, filepath.Join(dir, one.file())); err != nil {
			return fmt.Errorf("keep package %s: %w", one.name, err)
		}
		index.WriteString(one.indexed())
	}
	if err := os.WriteFile(filepath.Join(dir, indexFile), []byte(index.String()), 0o644); err != nil {
		return fmt.Errorf("write the index of packages: %w", err)
	}
	return nil
}

// linkOrCopy makes a file of the same content; a source that is a folder of this machine may be on another disk.
func linkOrCopy(from, to string) error {
	if os.Link(from, to) == nil {
		return nil
	}
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, content, 0o644)
}

// verify compares the package's file with the signed list. apt has done so when it fetched the file; that may be long ago.
func (p debPackage) verify() error {
	want, signed := field(p.entry, "SHA256")
	if !signed {
		return fmt.Errorf("package %s has no checksum in its source's list", p.name)
	}
	file, err := os.Open(p.path)
	if err != nil {
		return fmt.Errorf("read package %s: %w", p.name, err)
	}
	defer file.Close()
	digest := sha256.New()
	if _, err := io.Copy(digest, file); err != nil {
		return fmt.Errorf("read package %s: %w", p.name, err)
	}
	if found := hex.EncodeToString(digest.Sum(nil)); found != want {
		const sentence = "package %s is not the one of its source's list: its checksum is %s, and should be %s; remove %s and try again"
		return fmt.Errorf(sentence, p.name, found, want, p.path)
	}
	return nil
}

// debianArchitecture translates Go's name of an architecture into Debian's, where they differ.
func debianArchitecture(architecture string) string {
	switch architecture {
	case "386":
		return "i386"
	case "arm":
		return "armhf"
	case "ppc64le":
		return "ppc64el"
	}
	return architecture
}
