package image

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/containerd/errdefs"
	"github.com/cpuguy83/dockercfg"
	"github.com/distribution/reference"
	"github.com/moby/moby/api/pkg/authconfig"
	"github.com/moby/moby/api/types/registry"
	"github.com/moby/moby/client"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/lab/engine"
)

// PullVariable is the environment variable that decides whether registries are asked.
const PullVariable = "REPRISE_PULL"

// How long a registry may keep silent before it is given up: short at first, since a build
// can take its place, then long enough for a slow line.
const (
	pullAnswer = 10 * time.Second
	pullStall  = silenceLimit
)

// PullAllowed tells whether registries may be asked.
func PullAllowed() (bool, error) {
	switch value := os.Getenv(PullVariable); value {
	case "", "missing":
		return true, nil
	case "never":
		return false, nil
	default:
		return false, fmt.Errorf("read %s: %q is neither \"missing\" (pull what the engine lacks, the default) nor \"never\"",
			PullVariable, value)
	}
}

// ErrCannotAsk is an engine that asks a registry only when it pulls.
var ErrCannotAsk = errors.New("an engine like Podman asks a registry only when it pulls")

// AskRegistry has the engine ask a registry about a published image and says how long the answer took. It waits as long as a
// pull would. An engine that cannot is [ErrCannotAsk].
func AskRegistry(ctx context.Context, connection *engine.Engine, image harness.Image) (time.Duration, error) {
	if connection.Podman() {
		return 0, ErrCannotAsk
	}
	limited, cancel := context.WithTimeout(ctx, pullAnswer)
	defer cancel()
	started := time.Now()
	_, err := connection.DistributionInspect(limited, image.Reference, client.DistributionInspectOptions{})
	return time.Since(started), err
}

// registries remembers, for as long as the process lives, which registries could not be reached, so
// that the wait to find out is paid once and not per image.
type registries struct{ unreachable sync.Map } // by host, such as "docker.io"

var processRegistries registries

// tryPull pulls the image's reference. An error is the reason why the image was not pulled; whether
// that matters is for the caller to say.
func (r *resolver) tryPull(ctx context.Context, image harness.Image) error {
	if image.Reference == "" {
		return errNotPublished
	}
	if !r.pull {
		return fmt.Errorf("%s=never forbids it", PullVariable)
	}
	named, err := reference.ParseNormalizedNamed(image.Reference)
	if err != nil {
		return fmt.Errorf("read reference %q: %w", image.Reference, err)
	}
	host := reference.Domain(named)
	if _, known := r.registries.unreachable.Load(host); known {
		return fmt.Errorf("registry %s could not be reached before", host)
	}
	answered, err := r.stream(ctx, image, credentials(host))
	if err == nil {
		return nil
	}
	// A registry that says no has been reached: it may well have the next image.
	refused := errdefs.IsNotFound(err) || errdefs.IsUnauthorized(err) || errdefs.IsPermissionDenied(err)
	if !answered && !refused && ctx.Err() == nil {
		r.registries.unreachable.Store(host, true)
		return fmt.Errorf("registry %s cannot be reached: %w", host, err)
	}
	return err
}

// stream pulls and follows the engine's messages; answered tells whether the registry said anything.
func (r *resolver) stream(ctx context.Context, image harness.Image, login string) (answered bool, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	// The engine retries for a long time without a word, so silence is what there is to measure.
	var began atomic.Bool
	watchdog := time.AfterFunc(pullAnswer, func() {
		if began.Load() {
			cancel(fmt.Errorf("nothing more within %s", pullStall))
		}
		cancel(fmt.Errorf("no answer within %s", pullAnswer))
	})
	defer watchdog.Stop()

	pull, err := r.engine.ImagePull(ctx, image.Reference, client.ImagePullOptions{RegistryAuth: login})
	if err != nil {
		return false, engine.CauseOf(ctx, err)
	}
	defer pull.Close()
	layers := newLayers()
	stop := repeat(progressInterval, func(elapsed time.Duration) {
		if elapsed > 0 {
			r.say(image, "pulling %s (%s, %s)", image.Reference, elapsed, layers)
		}
	})
	defer stop()
	for message, err := range pull.JSONMessages(ctx) {
		if err != nil {
			return answered, engine.CauseOf(ctx, err)
		}
		if message.Error != nil {
			return answered, message.Error
		}
		if !answered {
			answered = true
			began.Store(true)
			r.say(image, "pulling %s", image.Reference)
		}
		watchdog.Reset(pullStall)
		layers.add(message)
	}
	return answered, engine.CauseOf(ctx, nil)
}

// credentials returns what `docker login` left on this machine for the registry. Without any the
// pull goes on as anybody's, which is how public images are pulled.
func credentials(host string) string {
	user, password, err := dockercfg.GetRegistryCredentials(dockercfg.ResolveRegistryHost(host))
	if err != nil || user == "" && password == "" {
		return ""
	}
	login := registry.AuthConfig{Username: user, Password: password}
	if user == "" { // the configuration's way to say that the password is a token
		login = registry.AuthConfig{IdentityToken: password}
	}
	encoded, err := authconfig.Encode(login)
	if err != nil {
		return ""
	}
	return encoded
}
