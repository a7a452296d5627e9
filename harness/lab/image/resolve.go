package image

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/client"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/singleflight"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/supervise"
)

// A resolver finds, pulls or builds images in one engine.
type resolver struct {
	engine     engineCalls
	progress   Progress
	registries *registries
	cache      cache
	pull       bool
	slots      chan struct{}      // one per build of the engine that may run at the same time
	compilers  int                // how many products may be compiled at the same time, by all processes
	flights    singleflight.Group // by tag

	architecture func(context.Context) (string, error)           // the engine's, in Go's spelling
	toolchain    func() string                                   // version of the Go command, part of what a binary is
	sources      func(ctx context.Context, release string) error // whether this machine has packages of a Debian release
}

func newResolver(engine engineCalls, builds int, progress Progress) (*resolver, error) {
	pull, err := PullAllowed()
	if err != nil {
		return nil, err
	}
	root, err := supervise.CacheRoot()
	if err != nil {
		return nil, err
	}
	if progress == nil {
		progress = Plain(io.Discard)
	}
	r := &resolver{
		engine: engine, progress: progress, registries: &processRegistries, pull: pull,
		cache: cache{root: root, progress: progress},
		slots: make(chan struct{}, max(builds, 1)), compilers: compilersHere(),
		toolchain: sync.OnceValue(goVersion), sources: AptSources,
	}
	r.architecture = r.askArchitecture()
	return r, nil
}

// askArchitecture asks the engine once: a remote engine need not be of this machine's kind.
func (r *resolver) askArchitecture() func(context.Context) (string, error) {
	var mu sync.Mutex
	var known string
	return func(ctx context.Context) (string, error) {
		mu.Lock()
		defer mu.Unlock()
		if known != "" {
			return known, nil
		}
		version, err := r.engine.ServerVersion(ctx, client.ServerVersionOptions{})
		if err != nil {
			return "", fmt.Errorf("ask the engine what machine it runs on: %w", err)
		}
		known = version.Arch
		return known, nil
	}
}

// resolve tries, in order of cost: what the engine has, what a registry has, what can be built.
func (r *resolver) resolve(ctx context.Context, image harness.Image) (string, error) {
	if err := checkVersion(image); err != nil {
		return "", err
	}
	if image.Reference != "" {
		present, err := r.present(ctx, image.Reference)
		if present || err != nil {
			return image.Reference, err
		}
	}
	if image.Recipe.Files == nil {
		if err := r.tryPull(ctx, image); err != nil {
			err = fmt.Errorf("get image %s: there is no recipe to build it from, and it was not pulled: %w", image, err)
			if advice := image.Recipe.Advice; advice != "" {
				err = fmt.Errorf("%w; %s", err, advice)
			}
			return "", err
		}
		return image.Reference, nil
	}
	made, err := r.read(ctx, image)
	if err != nil {
		return "", explain(ctx, image, err)
	}
	present, err := r.present(ctx, made.tag)
	if present || err != nil {
		return made.tag, err
	}
	// Several images may have the same base: it is made once and told about once.
	reference, err, _ := r.flights.Do(made.tag, func() (any, error) { return r.obtain(ctx, made) })
	if err != nil {
		return "", err
	}
	return reference.(string), nil
}

// obtain pulls the image, else builds it.
func (r *resolver) obtain(ctx context.Context, made recipe) (string, error) {
	r.say(made.image, imageWanted)
	refusal := r.tryPull(ctx, made.image)
	if refusal == nil {
		r.say(made.image, imageReady)
		return made.image.Reference, nil
	}
	if cause := context.Cause(ctx); cause != nil {
		return "", fmt.Errorf("pull %s: %w", made.image.Reference, cause)
	}
	if made.image.Reference != "" {
		r.say(made.image, "not pulled (%v), building it instead", refusal)
	}
	if err := r.build(ctx, made); err != nil {
		return "", explain(ctx, made.image, err)
	}
	r.say(made.image, imageReady)
	return made.tag, nil
}

func (r *resolver) present(ctx context.Context, reference string) (bool, error) {
	_, err := r.engine.ImageInspect(ctx, reference)
	if errdefs.IsNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look for image %s in the engine: %w", reference, err)
	}
	return true, nil
}

// build makes the image unless another process or goroutine has made it in the meantime. Its base
// and the others come first, beside what it is made from, outside of the slot and the lock: nobody who holds a slot waits for
// another's. The slot comes before the lock, so that who has the lock builds: other processes wait for nothing else.
func (r *resolver) build(ctx context.Context, made recipe) error {
	if err := r.check(ctx, made); err != nil {
		return err
	}
	var from ingredients
	group, within := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		if from, err = r.ingredients(within, made.image.Recipe); err != nil {
			return alreadyExplained{err}
		}
		return nil
	})
	group.Go(func() error { return r.materials(within, made) })
	if err := group.Wait(); err != nil {
		return err
	}
	release, err := enter(ctx, r.slots)
	if err != nil {
		return err
	}
	defer release()
	unlock, err := r.cache.lock(ctx, imageLock+made.hash, made.image.String())
	if err != nil {
		return err
	}
	defer unlock()
	if present, err := r.present(ctx, made.tag); present || err != nil {
		return err
	}
	return r.make(ctx, made, from)
}

// enter waits for a free slot.
func enter(ctx context.Context, slots chan struct{}) (release func(), err error) {
	select {
	case slots <- struct{}{}:
		return func() { <-slots }, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// materials compiles and fetches what the image is made from, one beside the other: to fetch takes the network and to compile the
// processors. Both stay in the cache, where the build finds them.
func (r *resolver) materials(ctx context.Context, made recipe) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, binary := range made.image.Recipe.Binaries {
		if binary.Module == nil {
			continue // compiled when the recipe was read
		}
		group.Go(func() error {
			_, err := r.compile(ctx, made, binary)
			return err
		})
	}
	if len(made.image.Recipe.Packages) > 0 && r.sources(ctx, made.image.Version) == nil {
		group.Go(func() error {
			_, err := r.fetchPackages(ctx, made)
			return err
		})
	}
	return group.Wait()
}

// ingredients are references to the images that another one is made from.
type ingredients struct {
	arguments map[string]*string // images that the Dockerfile names, by build argument
	archives  map[string]string  // images that it copies as archives, by path in the build context
}

func (r *resolver) ingredients(ctx context.Context, recipe harness.Recipe) (ingredients, error) {
	images := maps.Clone(recipe.Others)
	if recipe.Base != nil {
		if images == nil {
			images = map[string]harness.Image{}
		}
		images["BASE"] = *recipe.Base
	}
	named, err := r.eachOf(ctx, images)
	if err != nil {
		return ingredients{}, err
	}
	archives, err := r.eachOf(ctx, recipe.Archives)
	if err != nil {
		return ingredients{}, err
	}
	arguments := map[string]*string{}
	for argument, reference := range named {
		arguments[argument] = &reference
	}
	return ingredients{arguments, archives}, nil
}

// eachOf resolves one image after the other.
func (r *resolver) eachOf(ctx context.Context, images map[string]harness.Image) (map[string]string, error) {
	references := map[string]string{}
	for _, key := range slices.Sorted(maps.Keys(images)) {
		reference, err := r.resolve(ctx, images[key])
		if err != nil {
			return nil, err
		}
		references[key] = reference
	}
	return references, nil
}

func (r *resolver) say(image harness.Image, format string, arguments ...any) {
	r.progress.Event(image.String() + ": " + fmt.Sprintf(format, arguments...))
}

// alreadyExplained marks the error of an image that this one is made from, which is a whole sentence about another image.
type alreadyExplained struct{ error }

func (e alreadyExplained) Unwrap() error { return e.error }

var errNotPublished = errors.New("nobody publishes it")
