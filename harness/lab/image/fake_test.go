package image

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/image"
	"github.com/moby/moby/api/types/jsonstream"
	"github.com/moby/moby/client"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

// fakeEngine is a container engine that remembers what it was asked.
type fakeEngine struct {
	pull     func(ctx context.Context, reference string) ([]jsonstream.Message, error) // nil: no registry answers
	hung     error                                                                     // in the place of an answer about an image
	messages string                                                                    // what a build says; empty: it succeeds
	saved    func(reference string) []byte                                             // what `docker save` writes

	stages map[string][]image.Summary // images without a name, by "label=value"

	building func(base string) // called when a build begins

	mu       sync.Mutex
	present  map[string]bool
	calls    []string            // "pull x", "build y from z"
	contexts []map[string]string // what was built from, by name
	given    []map[string]string // build arguments
}

func (e *fakeEngine) record(format string, arguments ...any) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.calls = append(e.calls, fmt.Sprintf(format, arguments...))
}

func (e *fakeEngine) add(reference string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.present == nil {
		e.present = map[string]bool{}
	}
	e.present[reference] = true
}

func (e *fakeEngine) ImageInspect(
	_ context.Context, reference string, _ ...client.ImageInspectOption,
) (client.ImageInspectResult, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.hung != nil {
		return client.ImageInspectResult{}, e.hung
	}
	if !e.present[reference] {
		return client.ImageInspectResult{}, errdefs.ErrNotFound
	}
	return client.ImageInspectResult{}, nil
}

func (e *fakeEngine) ImagePull(
	ctx context.Context, reference string, _ client.ImagePullOptions,
) (client.ImagePullResponse, error) {
	e.record("pull %s", reference)
	if e.pull == nil {
		return nil, errors.New("no such host")
	}
	messages, err := e.pull(ctx, reference)
	if err != nil {
		return nil, err
	}
	e.add(reference)
	return fakePull{messages: messages}, nil
}

func (e *fakeEngine) ImageBuild(
	_ context.Context, buildContext io.Reader, options client.ImageBuildOptions,
) (client.ImageBuildResult, error) {
	base := "scratch"
	if options.BuildArgs["BASE"] != nil {
		base = *options.BuildArgs["BASE"]
	}
	e.record("build %s from %s", options.Tags[0], base)
	if e.building != nil {
		e.building(base)
	}
	given := map[string]string{}
	for argument, value := range options.BuildArgs {
		given[argument] = *value
	}
	files := map[string]string{}
	for archive := tar.NewReader(buildContext); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return client.ImageBuildResult{}, err
		}
		content, err := io.ReadAll(archive)
		if err != nil {
			return client.ImageBuildResult{}, err
		}
		files[header.Name] = string(content)
	}
	e.mu.Lock()
	e.contexts, e.given = append(e.contexts, files), append(e.given, given)
	e.mu.Unlock()
	if e.messages == "" {
		e.add(options.Tags[0])
	}
	return client.ImageBuildResult{Body: io.NopCloser(strings.NewReader(e.messages))}, nil
}

func (e *fakeEngine) ImageList(_ context.Context, options client.ImageListOptions) (client.ImageListResult, error) {
	if !options.Filters["dangling"]["true"] {
		return client.ImageListResult{}, errors.New("images with a name were asked for")
	}
	for label := range options.Filters["label"] {
		return client.ImageListResult{Items: e.stages[label]}, nil
	}
	return client.ImageListResult{}, nil
}

func (e *fakeEngine) ImageRemove(_ context.Context, id string, _ client.ImageRemoveOptions) (client.ImageRemoveResult, error) {
	e.record("remove %s", id)
	return client.ImageRemoveResult{}, nil
}

func (e *fakeEngine) ImageSave(
	_ context.Context, references []string, _ ...client.ImageSaveOption,
) (client.ImageSaveResult, error) {
	e.record("save %s", strings.Join(references, " "))
	return io.NopCloser(bytes.NewReader(e.saved(references[0]))), nil
}

func (e *fakeEngine) ServerVersion(context.Context, client.ServerVersionOptions) (client.ServerVersionResult, error) {
	return client.ServerVersionResult{Arch: "amd64"}, nil
}

type fakePull struct {
	io.ReadCloser
	messages []jsonstream.Message
}

func (fakePull) Close() error { return nil }

func (fakePull) Wait(context.Context) error { return nil }

func (p fakePull) JSONMessages(context.Context) iter.Seq2[jsonstream.Message, error] {
	return func(yield func(jsonstream.Message, error) bool) {
		for _, message := range p.messages {
			if !yield(message, nil) {
				return
			}
		}
	}
}

// events is a progress that remembers.
type events struct {
	mu    sync.Mutex
	lines []string
}

func (e *events) Event(line string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.lines = append(e.lines, line)
}

func (e *events) String() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return strings.Join(e.lines, "\n")
}

// testResolver has a cache and a memory of registries of its own.
func testResolver(t *testing.T, engine engineCalls) *resolver {
	t.Helper()
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv(PullVariable, "")
	r, err := newResolver(engine, 1, &events{})
	testkit.Must(t, err)
	r.registries = &registries{}
	r.toolchain = func() string { return "go1.26.8" }
	r.sources = func(context.Context, string) error { return errors.New("this machine has no apt-get") }
	return r
}

// testImage is an image on a base, neither of which needs a tool to build.
func testImage() harness.Image {
	base := harness.Image{
		Name: "debian", Version: "bookworm", Reference: "debian:bookworm-slim",
		Recipe: harness.Recipe{Files: fstest.MapFS{"Dockerfile": {Data: []byte("FROM scratch")}}},
	}
	return harness.Image{
		Name: "product", Version: "1.2.3+k3s1", Reference: "vendor/product:1.2.3",
		Recipe: harness.Recipe{
			Files: fstest.MapFS{"Dockerfile": {Data: []byte("ARG BASE\nFROM ${BASE}")}, "etc/product.conf": {Data: []byte("x = 1")}},
			Base:  &base,
		},
	}
}

// filesOf is a recipe of a Dockerfile and nothing else.
func filesOf(dockerfile string) fstest.MapFS {
	return fstest.MapFS{"Dockerfile": {Data: []byte(dockerfile)}}
}

// compiledImage is an image with a binary, of a version that somebody chose.
func compiledImage(version string) harness.Image {
	image := testImage()
	image.Version, image.Reference = version, ""
	image.Recipe.Advice = "choose another PRODUCT_VERSION (known to work: 1.2.3)"
	image.Recipe.Base = nil
	image.Recipe.Binaries = []harness.GoBinary{{
		Name: "product", Package: "example.com/product", Require: []string{"example.com/product@v" + version},
		Module: fstest.MapFS{
			"recipe.mod": {Data: []byte("module x\n\nrequire example.com/product v1.2.3\n\nrequire example.com/needed v1.0.0 // " +
				"indirect\n")},
			"Dockerfile": {Data: []byte("not part of the module")},
		},
	}}
	return image
}

// fakeTool puts a shell script on an otherwise empty PATH.
func fakeTool(t *testing.T, name, script string) {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("PATH", dir)
	if name == "" {
		return
	}
	testkit.Must(t, os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+script), 0o755))
}
