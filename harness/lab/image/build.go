package image

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/moby/moby/api/types/jsonstream"
	"github.com/moby/moby/client"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/lab/engine"
)

const dockerfileName = "Dockerfile"

// check finds out what a build would fail for later: before the base image is made, in seconds.
func (r *resolver) check(ctx context.Context, made recipe) error {
	if err := r.checkPackages(ctx, made); err != nil {
		return err
	}
	for _, binary := range made.image.Recipe.Binaries {
		if err := requireGo(); err != nil {
			return err
		}
		if binary.CGO {
			if err := requireC(); err != nil {
				return err
			}
		}
		if err := r.fetchRequired(ctx, made.image, binary, made.architecture); err != nil {
			return err
		}
	}
	return nil
}

// make gathers what the Dockerfile needs and has the engine build it.
func (r *resolver) make(ctx context.Context, made recipe, from ingredients) error {
	dockerfile, err := labelled(made)
	if err != nil {
		return err
	}
	contents := buildContext{
		files: made.image.Recipe.Files, dockerfile: dockerfile, programs: maps.Clone(made.programs),
		paths: map[string]string{},
	}
	for _, binary := range made.image.Recipe.Binaries {
		if binary.Module == nil {
			continue // compiled when the recipe was read
		}
		path, err := r.compile(ctx, made, binary)
		if err != nil {
			return err
		}
		contents.paths[binary.Name] = path
	}
	if len(made.image.Recipe.Packages) > 0 {
		if err := r.addPackages(ctx, made, from, &contents); err != nil {
			return err
		}
		defer r.removeStage(ctx, made)
	}
	if len(from.archives) > 0 {
		// The lock on the image's hash makes the folder this build's own.
		dir := filepath.Join(r.cache.root, archivesPrefix+made.hash)
		defer os.RemoveAll(dir)
		archives, err := r.saveArchives(ctx, made, from.archives, dir)
		if err != nil {
			return err
		}
		maps.Copy(contents.paths, archives)
	}
	return r.engineBuild(ctx, made, from.arguments, contents)
}

// labelled is the recipe's Dockerfile with the labels in one instruction at its end. Labels given as
// an option of the build become an instruction each, which takes the engine seconds to commit.
func labelled(made recipe) ([]byte, error) {
	dockerfile, err := fs.ReadFile(made.image.Recipe.Files, dockerfileName)
	if err != nil {
		return nil, fmt.Errorf("read the recipe: %w", err)
	}
	return fmt.Appendf(dockerfile, "\nLABEL %s=%q %s=%q\n", engine.LabelImage, made.image.Name, labelRecipe, made.hash), nil
}

// engineBuild streams the context to the engine and follows the build to its end.
func (r *resolver) engineBuild(ctx context.Context, made recipe, arguments map[string]*string, contents buildContext) error {
	reader, writer := io.Pipe()
	defer reader.Close() // ends the goroutine when the engine has not read everything
	go func() { writer.CloseWithError(contents.write(writer)) }()

	silence := r.tellSilence(made.image, "the engine's build")
	defer silence.stop()
	result, err := r.engine.ImageBuild(ctx, reader, client.ImageBuildOptions{
		Tags: []string{made.tag}, BuildArgs: arguments, Remove: true, ForceRemove: true,
		NetworkMode: "host", // a recipe that installs packages needs a way out, which a bridge does not have everywhere
	})
	if err != nil {
		return fmt.Errorf("ask the engine to build: %w", engine.CauseOf(ctx, err))
	}
	defer result.Body.Close()
	return engine.CauseOf(ctx, r.followBuild(made.image, silence.heardOf(result.Body)))
}

// progressPrefix begins a line of a recipe's program by which it tells how far it has come: a step may take minutes.
const progressPrefix = "progress: "

// followBuild reports the engine's steps and what they tell of themselves, and returns its error with the lines that led to it.
func (r *resolver) followBuild(image harness.Image, messages io.Reader) error {
	var last tail
	for decoder := json.NewDecoder(messages); ; {
		var message jsonstream.Message
		err := decoder.Decode(&message)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("follow the engine's build: %w", err)
		}
		if message.Error != nil {
			return &outputError{program: "the engine's build", err: message.Error, output: last.String()}
		}
		for line := range strings.Lines(message.Stream) {
			line = strings.TrimSpace(line)
			if line == "" {
				continue
			}
			last.add(line)
			if strings.HasPrefix(line, "Step ") {
				r.say(image, "%s", strings.Replace(line, " : ", ": ", 1))
			}
			if told, tells := strings.CutPrefix(line, progressPrefix); tells {
				r.say(image, "%s", told)
			}
		}
	}
}

// A buildContext is what the engine builds from. It is written as a stream: some of it is large.
type buildContext struct {
	files      fs.FS // all but the Dockerfile
	dockerfile []byte
	programs   map[string][]byte // executables, by name
	paths      map[string]string // files on this machine, by name; executables too
}

func (b buildContext) write(w io.Writer) error {
	archive := tar.NewWriter(w)
	err := fs.WalkDir(b.files, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path == dockerfileName {
			return err
		}
		content, err := fs.ReadFile(b.files, path)
		if err != nil {
			return err
		}
		return addContent(archive, path, content)
	})
	if err != nil {
		return fmt.Errorf("send the recipe's files: %w", err)
	}
	if err := addContent(archive, dockerfileName, b.dockerfile); err != nil {
		return err
	}
	for name, content := range b.programs {
		if err := addContent(archive, name, content); err != nil {
			return err
		}
	}
	for name, path := range b.paths {
		if err := addPath(archive, name, path); err != nil {
			return err
		}
	}
	return archive.Close()
}

func addPath(archive *tar.Writer, name, path string) error {
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("send %s: %w", name, err)
	}
	defer file.Close()
	state, err := file.Stat()
	if err != nil {
		return fmt.Errorf("send %s: %w", name, err)
	}
	return addFile(archive, name, state.Size(), file)
}

func addContent(archive *tar.Writer, name string, content []byte) error {
	return addFile(archive, name, int64(len(content)), bytes.NewReader(content))
}

// addFile makes everything executable: embedding has lost which of the recipe's files were, and a
// script in one of them may be.
func addFile(archive *tar.Writer, name string, size int64, content io.Reader) error {
	if err := archive.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: size}); err != nil {
		return fmt.Errorf("send %s: %w", name, err)
	}
	if _, err := io.Copy(archive, content); err != nil {
		return fmt.Errorf("send %s: %w", name, err)
	}
	return nil
}

// explain makes one sentence of why an image could not be built.
func explain(ctx context.Context, image harness.Image, err error) error {
	var base alreadyExplained
	var version *cannotBuild
	switch {
	case errors.As(err, &base):
		return base.error
	case errors.As(err, &version):
		return version
	case context.Cause(ctx) != nil:
		return fmt.Errorf("build %s: %w", image, context.Cause(ctx))
	case errors.Is(err, syscall.ENOSPC), strings.Contains(err.Error(), syscall.ENOSPC.Error()):
		return fmt.Errorf("build %s: the disk is full: make room in the caches of Reprise and Go (below the folder of this user's "+
			"caches) or in the engine (docker system df), then try again: %w", image, err)
	}
	return fmt.Errorf("build %s: %w", image, err)
}
