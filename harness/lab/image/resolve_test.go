package image

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/jsonstream"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/paths"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
	"github.com/reprise-dr/reprise/harness/lab/engine"
)

func mustRead(t *testing.T, r *resolver, image harness.Image) recipe {
	t.Helper()
	made, err := r.read(t.Context(), image)
	testkit.Must(t, err)
	return made
}

// Goal: the cheapest way to an image is taken. Method: give an engine that remembers its calls one
// way after the other and compare the calls with the ones expected.
func TestResolveTakesTheCheapestWay(t *testing.T) {
	image := testImage()
	served := func(context.Context, string) ([]jsonstream.Message, error) {
		return []jsonstream.Message{{Status: "Pulling from vendor/product"}}, nil
	}
	tag := mustRead(t, testResolver(t, &fakeEngine{}), image).tag
	baseTag := mustRead(t, testResolver(t, &fakeEngine{}), *image.Recipe.Base).tag
	for name, test := range map[string]struct {
		engine    *fakeEngine
		reference string
		calls     []string
	}{
		"upstream's is there": {&fakeEngine{present: map[string]bool{image.Reference: true}}, image.Reference, nil},
		"a built one is there": {
			&fakeEngine{present: map[string]bool{tag: true}, pull: served}, tag, nil,
		},
		"a registry answers": {&fakeEngine{pull: served}, image.Reference, []string{"pull " + image.Reference}},
		"only the base is there": {
			&fakeEngine{present: map[string]bool{"debian:bookworm-slim": true}}, tag,
			[]string{"pull " + image.Reference, "build " + tag + " from debian:bookworm-slim"},
		},
		"nothing is there": {
			&fakeEngine{}, tag,
			[]string{"pull " + image.Reference, "build " + baseTag + " from scratch", "build " + tag + " from " + baseTag},
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := testResolver(t, test.engine)
			for range 2 { // the second time it is there, whatever the way was
				reference, err := r.resolve(t.Context(), image)
				if err != nil || reference != test.reference {
					t.Fatalf("got %q, %v; want %q", reference, err, test.reference)
				}
			}
			if !slices.Equal(test.engine.calls, test.calls) {
				t.Errorf("calls were %q, want %q", test.engine.calls, test.calls)
			}
		})
	}
}

// Goal: who waits for a build hears its steps and what they tell of themselves, and nothing else. Method: an engine's
// messages by hand.
func TestBuildTellsItsProgress(t *testing.T) {
	heard := &events{}
	r := testResolver(t, &fakeEngine{})
	r.progress = heard
	const messages = `{"stream":"Step 1/2 : RUN sh snapshot.sh\n"}{"stream":"Get:1 a package\nprogress: boot both\n"}`
	testkit.Must(t, r.followBuild(harness.Image{Name: "pair"}, strings.NewReader(messages)))
	if want := "pair: Step 1/2: RUN sh snapshot.sh\npair: boot both"; strings.TrimSpace(heard.String()) != want {
		t.Errorf("heard %q", heard)
	}
}

// Goal: what an engine builds from is the recipe, labelled. Method: look at the context it was sent.
func TestBuildSendsTheRecipe(t *testing.T) {
	engine := &fakeEngine{}
	r := testResolver(t, engine)
	image := testImage()
	if _, err := r.resolve(t.Context(), image); err != nil {
		t.Fatal(err)
	}
	sent := engine.contexts[1]
	if sent["etc/product.conf"] != "x = 1" || !strings.HasPrefix(sent["Dockerfile"], "ARG BASE\nFROM ${BASE}\n") {
		t.Errorf("the recipe's files are not what was sent: %q", sent)
	}
	label := fmt.Sprintf("\nLABEL io.reprise.image=\"product\" io.reprise.recipe=%q\n", mustRead(t, r, image).hash)
	if !strings.HasSuffix(sent["Dockerfile"], label) {
		t.Errorf("the Dockerfile does not end with %q: %q", label, sent["Dockerfile"])
	}
}

// Goal: an image that copies from others gets all of them as build arguments, and is another image
// when one of them is. Method: build one from a base and another, then change the other.
func TestResolveOtherImages(t *testing.T) {
	image, other := testImage(), testImage()
	other.Name, other.Reference = "other", ""
	image.Reference = ""
	image.Recipe.Others = map[string]harness.Image{"OTHER": other}
	engine := &fakeEngine{}
	r := testResolver(t, engine)
	tag, err := r.resolve(t.Context(), image)
	testkit.Must(t, err)
	given := engine.given[len(engine.given)-1]
	if want := mustRead(t, r, other).tag; given["OTHER"] != want || given["BASE"] != mustRead(t, r, *image.Recipe.Base).tag {
		t.Errorf("built with the arguments %v, want %s as OTHER", given, want)
	}
	other.Version = "other"
	image.Recipe.Others = map[string]harness.Image{"OTHER": other}
	if changed := mustRead(t, r, image).tag; changed == tag {
		t.Errorf("the tag stays %s when an image that it copies from changes", tag)
	}
}

// Goal: images that share a base make it once, even when they are resolved at the same time.
// Method: resolve several at once with a builder for each and count the builds of the base.
func TestSharedBaseIsBuiltOnce(t *testing.T) {
	engine := &fakeEngine{}
	r := testResolver(t, engine)
	r.slots = make(chan struct{}, 4)
	var images []harness.Image
	for _, name := range []string{"one", "two", "three"} {
		image := testImage()
		image.Name = name
		images = append(images, image)
	}
	references, err := r.all(t.Context(), append(images, *images[0].Recipe.Base))
	if err != nil || len(references) != 4 {
		t.Fatalf("got %q, %v", references, err)
	}
	bases := 0
	for _, call := range engine.calls {
		if strings.HasSuffix(call, "from scratch") {
			bases++
		}
	}
	if bases != 1 {
		t.Errorf("the base was built %d times: %q", bases, engine.calls)
	}
}

// Goal: a product is compiled while its base is made. Method: a base that is not ready before the compiler has begun.
func TestProductIsCompiledBesideItsBase(t *testing.T) {
	began := filepath.Join(t.TempDir(), "began")
	fakeTool(t, "go", `
[ "$1" = build ] || exit 0
for argument; do [ "$last" != -o ] || : > "$argument"; last=$argument; done
: > `+began+"\n")
	engine := &fakeEngine{building: func(base string) {
		for deadline := time.Now().Add(20 * time.Second); base == "scratch" && !paths.Exists(began); time.Sleep(10 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Error("nothing was compiled while the base was built")
				return
			}
		}
	}}
	image := compiledImage("1.2.4")
	image.Recipe.Base = testImage().Recipe.Base
	if _, err := testResolver(t, engine).resolve(t.Context(), image); err != nil {
		t.Fatal(err)
	}
}

// Goal: a process that is busy with another image keeps nobody from building this one. Method: occupy the only
// slot of one resolver, and have another one, of the same cache, make the image meanwhile.
func TestWaitingForASlotHoldsNoLock(t *testing.T) {
	engine := &fakeEngine{}
	busy := testResolver(t, engine)
	synctest.Test(t, func(t *testing.T) {
		busy.slots = make(chan struct{}, 1)
		busy.slots <- struct{}{}
		image := testImage()
		image.Recipe.Base = nil
		waited := make(chan error)
		go func() {
			_, err := busy.resolve(t.Context(), image)
			waited <- err
		}()
		synctest.Wait()

		limited, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		idle, err := newResolver(engine, 1, nil)
		testkit.Must(t, err)
		idle.registries = busy.registries
		if _, err := idle.resolve(limited, image); err != nil {
			t.Errorf("while another process waits for its turn: %v", err)
		}
		<-busy.slots
		if err := <-waited; err != nil {
			t.Errorf("after that: %v", err)
		}
	})
	if builds := slices.DeleteFunc(engine.calls, func(call string) bool {
		return !strings.HasPrefix(call,
			"build")
	}); len(builds) != 1 {
		t.Errorf("it was built %d times: %q", len(builds), builds)
	}
}

// Goal: a registry that cannot be reached costs its wait once; one that lacks an image is asked for
// the next. Method: let two images fail to be pulled, in both ways, and count the attempts.
func TestRegistryIsGivenUpWhenItCannotBeReached(t *testing.T) {
	for name, test := range map[string]struct {
		failure error
		pulls   int
	}{
		"unreachable": {errors.New("dial tcp: lookup: no such host"), 1},
		"not there":   {fmt.Errorf("manifest unknown: %w", errdefs.ErrNotFound), 2},
	} {
		t.Run(name, func(t *testing.T) {
			engine := &fakeEngine{pull: func(context.Context, string) ([]jsonstream.Message, error) { return nil, test.failure }}
			r := testResolver(t, engine)
			for range 2 {
				image := testImage()
				if err := r.tryPull(t.Context(), image); err == nil {
					t.Fatal("the pull succeeded")
				}
			}
			if len(engine.calls) != test.pulls {
				t.Errorf("%d pulls, want %d", len(engine.calls), test.pulls)
			}
		})
	}
}

// Goal: a registry behind a wall that swallows packets is noticed in seconds. Method: an engine that
// never answers, on synctest's clock.
func TestSilentRegistryIsNoticed(t *testing.T) {
	engine := &fakeEngine{pull: func(ctx context.Context, _ string) ([]jsonstream.Message, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}}
	r := testResolver(t, engine)
	synctest.Test(t, func(t *testing.T) {
		started := time.Now()
		err := r.tryPull(t.Context(), testImage())
		if want := "registry docker.io cannot be reached: no answer within 10s"; err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
		if took := time.Since(started); took != pullAnswer {
			t.Errorf("it took %s", took)
		}
	})
}

// Goal: REPRISE_PULL=never keeps the engine from asking, and a mistyped value is not taken for
// consent. Method: set it, resolve, look at the calls.
func TestPullCanBeForbidden(t *testing.T) {
	engine := &fakeEngine{}
	testResolver(t, engine) // for its cache folder
	t.Setenv(PullVariable, "never")
	r, err := newResolver(engine, 1, nil)
	testkit.Must(t, err)
	image := testImage()
	image.Recipe.Base = nil
	if _, err := r.resolve(t.Context(), image); err != nil {
		t.Fatal(err)
	}
	if len(engine.calls) != 1 || !strings.HasPrefix(engine.calls[0], "build") {
		t.Errorf("calls were %q, want one build", engine.calls)
	}
	t.Setenv(PullVariable, "nevr")
	want := `read REPRISE_PULL: "nevr" is neither "missing" (pull what the engine lacks, the default) nor "never"`
	if _, err := newResolver(engine, 1, nil); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// Goal: an image nobody can build says why it was not pulled either. Method: resolve one without a recipe.
func TestImageWithoutRecipe(t *testing.T) {
	_, err := testResolver(t, &fakeEngine{}).resolve(t.Context(), harness.Image{
		Name: "ryuk", Version: "0.14.0",
		Reference: "testcontainers/ryuk:0.14.0",
		Recipe:    harness.Recipe{Advice: "do without it"},
	})
	want := "get image ryuk 0.14.0: there is no recipe to build it from, and it was not pulled: registry docker.io cannot be " +
		"reached: no such host; do without it"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// Goal: an engine that does not answer ends the making of images with one sentence of what to do. Method: one that is asked for
// an image.
func TestHungEngineEndsTheMakingOfImages(t *testing.T) {
	hung := &engine.HungError{Asked: "look for image vendor/product:1.2.3", Limit: time.Second}
	_, err := testResolver(t, &fakeEngine{hung: hung}).resolve(t.Context(), testImage())
	if !errors.Is(err, hung) || strings.Contains(err.Error(), "\n") {
		t.Errorf("the error is %v", err)
	}
}

// Goal: a build that fails in the engine shows what led to it. Method: let the engine report lines
// and then an error.
func TestEngineErrorShowsItsOutput(t *testing.T) {
	engine := &fakeEngine{messages: `{"stream":"Step 1/1 : RUN apt-get install x\n"}{"stream":"E: Unable to locate package ` +
		`x\n"}{"errorDetail":{"message":"returned a non-zero code: 100"}}`}
	image := testImage()
	image.Recipe.Base = nil
	_, err := testResolver(t, engine).resolve(t.Context(), image)
	want := "build product 1.2.3+k3s1: the engine's build: returned a non-zero code: 100:\nStep 1/1 : RUN apt-get install x\nE: " +
		"Unable to locate package x"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
