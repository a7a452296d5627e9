package lab

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// rootfsFile is what a Dockerfile calls the root filesystem that Packages made.
const rootfsFile = "rootfs.tar"

var errNoMmdebstrap = errors.New("mmdebstrap is missing: install it (apt-get install mmdebstrap debian-archive-keyring), or let the engine reach a registry")

// leftOut is what Debian's own slim images leave out too: nobody reads manuals in a drill.
var leftOut = []string{
	"path-exclude=/usr/share/man/*", "path-exclude=/usr/share/info/*", "path-exclude=/usr/share/locale/*",
	"path-exclude=/usr/share/doc/*", "path-include=/usr/share/doc/*/copyright",
}

// mergedHook makes /bin a link to /usr/bin from the start. Without it a package that comes with all
// of Perl does that, and stays.
const mergedHook = "/usr/share/mmdebstrap/hooks/merged-usr"

// rootfs returns the path of an archive with a minimal Debian system and the recipe's packages.
func (r *resolver) rootfs(ctx context.Context, made recipe) (string, error) {
	release, packages := made.image.Version, strings.Join(made.image.Recipe.Packages, ",")
	options := slices.Clone(leftOut)
	for _, pattern := range made.image.Recipe.Without {
		options = append(options, "path-exclude="+pattern)
	}
	key := "rootfs-" + newDigest(append([]string{release, packages, made.architecture}, options...)...).String()
	folder, err := r.cache.folder(ctx, key, made.image.String(), func(dir string) error {
		// Not below the cache: mmdebstrap run by an ordinary user works as other users, who
		// cannot enter that person's home.
		temporary, err := os.MkdirTemp("", "reprise-rootfs-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(temporary)
		if err := os.Chmod(temporary, 0o755); err != nil {
			return err
		}
		arguments := []string{"--variant=minbase", "--include=" + packages, "--architectures=" + debianArchitecture(made.architecture)}
		for _, option := range options {
			arguments = append(arguments, "--dpkgopt="+option)
		}
		if exists(mergedHook) {
			arguments = append(arguments, "--hook-dir="+mergedHook)
		}
		command := exec.Command("mmdebstrap", append(arguments, release, filepath.Join(dir, rootfsFile))...)
		command.Env = append(os.Environ(), "TMPDIR="+temporary)
		return r.mmdebstrap(ctx, made, command)
	})
	if err != nil {
		return "", err
	}
	return filepath.Join(folder, rootfsFile), nil
}

func (r *resolver) mmdebstrap(ctx context.Context, made recipe, command *exec.Cmd) error {
	var doing atomic.Value
	doing.Store("starting")
	stop := repeat(progressInterval, func(elapsed time.Duration) {
		r.say(made.image, "making a root filesystem from packages (%s, %s)", elapsed, doing.Load())
	})
	defer stop()
	return runCommand(ctx, command, func(line string) bool {
		if step, ok := strings.CutPrefix(line, "I: "); ok {
			doing.Store(strings.TrimSuffix(step, "..."))
		}
		return false
	})
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

func requireMmdebstrap() error {
	if _, err := exec.LookPath("mmdebstrap"); err != nil {
		return errNoMmdebstrap
	}
	return nil
}
