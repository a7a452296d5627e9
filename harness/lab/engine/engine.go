package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/moby/moby/client"
)

// An Engine is the connection to a container engine. It has the calls that labs need and no others, and none of them
// waits for ever: each has its limit in the package's table. Only what streams for as long as it takes (builds, pulls,
// saved images) is without one; whoever reads it says when it falls silent.
type Engine struct {
	client *client.Client
	limits callLimits
	podman atomic.Bool
}

// A HungError is an engine that took a request and did not answer.
type HungError struct {
	Asked string // continues "was asked to"
	Limit time.Duration
}

func (e *HungError) Error() string {
	return fmt.Sprintf("the container engine was asked to %s and did not answer within %v: restart it, or wait for what keeps "+
		"it busy", e.Asked, e.Limit)
}

// Unwrap makes it a deadline that has passed.
func (e *HungError) Unwrap() error { return context.DeadlineExceeded }

// within makes a call of the engine and waits for its answer no longer than the limit.
func within[R any](ctx context.Context, asked string, limit time.Duration, call func(context.Context) (R, error)) (R, error) {
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	answer, err := call(limited)
	if err != nil && limited.Err() != nil && ctx.Err() == nil {
		return answer, &HungError{asked, limit}
	}
	return answer, err
}

// about makes a call of the engine that takes options and nothing else.
func about[O, R any](
	ctx context.Context, asked string, limit time.Duration, call func(context.Context, O) (R, error), options O,
) (R, error) {
	return within(ctx, asked, limit, func(ctx context.Context) (R, error) { return call(ctx, options) })
}

// aboutOne makes a call of the engine about one thing, which what was asked ends with.
func aboutOne[O, R any](
	ctx context.Context, asked, thing string, limit time.Duration, call func(context.Context, string, O) (R, error), options O,
) (R, error) {
	return within(ctx, asked+thing, limit, func(ctx context.Context) (R, error) { return call(ctx, thing, options) })
}

// leaveBehind makes a call that does not heed its context, and waits for its answer no longer than the context lasts. An answer
// that comes later is released.
func leaveBehind[R any](ctx context.Context, call func() (R, error), release func(late R)) (R, error) {
	type answer struct {
		value R
		err   error
	}
	answered := make(chan answer, 1)
	go func() {
		value, err := call()
		answered <- answer{value, err}
	}()
	select {
	case answer := <-answered:
		return answer.value, answer.err
	case <-ctx.Done():
	}
	go func() {
		if late := <-answered; late.err == nil {
			release(late.value)
		}
	}()
	var none R
	return none, context.Cause(ctx)
}

// Close closes the connection.
func (e *Engine) Close() error { return e.client.Close() }

// DaemonHost is the engine's address.
func (e *Engine) DaemonHost() string { return e.client.DaemonHost() }

// ClientVersion is the version of the interface that both sides speak.
func (e *Engine) ClientVersion() string { return e.client.ClientVersion() }

// Info describes the engine.
func (e *Engine) Info(ctx context.Context, options client.InfoOptions) (client.SystemInfoResult, error) {
	return about(ctx, "describe itself", e.limits.look, e.client.Info, options)
}

// id is the engine's own: the same one by whatever address it is reached. Podman makes up another at every look: it is known by
// where it keeps its containers. An engine that has none is known by its address.
func (e *Engine) id(ctx context.Context) (string, error) {
	info, err := e.Info(ctx, client.InfoOptions{})
	if err != nil {
		return "", fmt.Errorf("ask the engine who it is: %w", err)
	}
	id := info.Info.ID
	if e.Podman() {
		id = "podman " + info.Info.Name + info.Info.DockerRootDir
	}
	return cmp.Or(id, e.DaemonHost()), nil
}

// ServerVersion asks for the engine's version and machine.
func (e *Engine) ServerVersion(ctx context.Context, options client.ServerVersionOptions) (client.ServerVersionResult, error) {
	return about(ctx, "tell its version", e.limits.look, e.client.ServerVersion, options)
}

// ContainerList lists containers.
func (e *Engine) ContainerList(ctx context.Context, options client.ContainerListOptions) (client.ContainerListResult, error) {
	return about(ctx, "list containers", e.limits.look, e.client.ContainerList, options)
}

// ContainerCreate creates a container.
func (e *Engine) ContainerCreate(
	ctx context.Context, options client.ContainerCreateOptions,
) (client.ContainerCreateResult, error) {
	return about(ctx, "create container "+options.Name, e.limits.change, e.client.ContainerCreate, options)
}

// ContainerStart starts a container.
func (e *Engine) ContainerStart(
	ctx context.Context, id string, options client.ContainerStartOptions,
) (client.ContainerStartResult, error) {
	return aboutOne(ctx, "start container ", id, e.limits.change, e.client.ContainerStart, options)
}

// ContainerKill sends a signal to a container's first process.
func (e *Engine) ContainerKill(
	ctx context.Context, id string, options client.ContainerKillOptions,
) (client.ContainerKillResult, error) {
	return aboutOne(ctx, "kill container ", id, e.limits.change, e.client.ContainerKill, options)
}

// ContainerRemove removes a container.
func (e *Engine) ContainerRemove(
	ctx context.Context, id string, options client.ContainerRemoveOptions,
) (client.ContainerRemoveResult, error) {
	return aboutOne(ctx, "remove container ", id, e.limits.remove, e.client.ContainerRemove, options)
}

// ContainerWait waits for a container, for as long as the context says.
func (e *Engine) ContainerWait(ctx context.Context, id string, options client.ContainerWaitOptions) client.ContainerWaitResult {
	return e.client.ContainerWait(ctx, id, options)
}

// ContainerAttach attaches to a container's input and output. What comes later over the connection has no limit.
func (e *Engine) ContainerAttach(
	ctx context.Context, id string, options client.ContainerAttachOptions,
) (client.ContainerAttachResult, error) {
	attach := func() (client.ContainerAttachResult, error) {
		return e.client.ContainerAttach(ctx, id, options) // the connection outlives the limit
	}
	release := func(late client.ContainerAttachResult) { late.Close() }
	return within(ctx, "attach to container "+id, e.limits.look, func(ctx context.Context) (client.ContainerAttachResult, error) {
		return leaveBehind(ctx, attach, release)
	})
}

// ContainerLogs opens what a container has printed so far.
func (e *Engine) ContainerLogs(
	ctx context.Context, id string, options client.ContainerLogsOptions,
) (client.ContainerLogsResult, error) {
	return openStream(ctx, e.limits.look, "read the log of container "+id, func(ctx context.Context) (io.ReadCloser, error) {
		return e.client.ContainerLogs(ctx, id, options)
	})
}

// ContainerStats opens what a container uses.
func (e *Engine) ContainerStats(
	ctx context.Context, id string, options client.ContainerStatsOptions,
) (client.ContainerStatsResult, error) {
	body, err := openStream(ctx, e.limits.look, "count what container "+id+" uses",
		func(ctx context.Context) (io.ReadCloser, error) {
			answer, err := e.client.ContainerStats(ctx, id, options)
			return answer.Body, err
		})
	return client.ContainerStatsResult{Body: body}, err
}

// NetworkList lists networks.
func (e *Engine) NetworkList(ctx context.Context, options client.NetworkListOptions) (client.NetworkListResult, error) {
	return about(ctx, "list networks", e.limits.look, e.client.NetworkList, options)
}

// NetworkCreate creates a network.
func (e *Engine) NetworkCreate(
	ctx context.Context, name string, options client.NetworkCreateOptions,
) (client.NetworkCreateResult, error) {
	return aboutOne(ctx, "create network ", name, e.limits.change, e.client.NetworkCreate, options)
}

// NetworkConnect connects a container to a network.
func (e *Engine) NetworkConnect(
	ctx context.Context, id string, options client.NetworkConnectOptions,
) (client.NetworkConnectResult, error) {
	return within(ctx, "connect container "+options.Container, e.limits.change,
		func(ctx context.Context) (client.NetworkConnectResult, error) {
			return e.client.NetworkConnect(ctx, id, options)
		})
}

// NetworkRemove removes a network.
func (e *Engine) NetworkRemove(
	ctx context.Context, id string, options client.NetworkRemoveOptions,
) (client.NetworkRemoveResult, error) {
	return aboutOne(ctx, "remove network ", id, e.limits.remove, e.client.NetworkRemove, options)
}

// VolumeList lists volumes.
func (e *Engine) VolumeList(ctx context.Context, options client.VolumeListOptions) (client.VolumeListResult, error) {
	return about(ctx, "list volumes", e.limits.look, e.client.VolumeList, options)
}

// VolumeRemove removes a volume.
func (e *Engine) VolumeRemove(
	ctx context.Context, id string, options client.VolumeRemoveOptions,
) (client.VolumeRemoveResult, error) {
	return aboutOne(ctx, "remove volume ", id, e.limits.remove, e.client.VolumeRemove, options)
}

// ImageList lists images.
func (e *Engine) ImageList(ctx context.Context, options client.ImageListOptions) (client.ImageListResult, error) {
	return about(ctx, "list images", e.limits.look, e.client.ImageList, options)
}

// ImageInspect looks at an image.
func (e *Engine) ImageInspect(
	ctx context.Context, reference string, options ...client.ImageInspectOption,
) (client.ImageInspectResult, error) {
	return within(ctx, "look for image "+reference, e.limits.look, func(ctx context.Context) (client.ImageInspectResult, error) {
		return e.client.ImageInspect(ctx, reference, options...)
	})
}

// ImageRemove removes an image.
func (e *Engine) ImageRemove(
	ctx context.Context, id string, options client.ImageRemoveOptions,
) (client.ImageRemoveResult, error) {
	return aboutOne(ctx, "remove image ", id, e.limits.removeImage, e.client.ImageRemove, options)
}

// DistributionInspect has the engine ask a registry.
func (e *Engine) DistributionInspect(
	ctx context.Context, reference string, options client.DistributionInspectOptions,
) (client.DistributionInspectResult, error) {
	return aboutOne(ctx, "ask a registry about ", reference, e.limits.look, e.client.DistributionInspect, options)
}

// ImagePull pulls an image, for as long as it takes.
func (e *Engine) ImagePull(
	ctx context.Context, reference string, options client.ImagePullOptions,
) (client.ImagePullResponse, error) {
	return e.client.ImagePull(ctx, reference, options)
}

// ImageBuild builds an image, for as long as it takes.
func (e *Engine) ImageBuild(
	ctx context.Context, context io.Reader, options client.ImageBuildOptions,
) (client.ImageBuildResult, error) {
	return e.client.ImageBuild(ctx, context, options)
}

// ImageSave opens an archive of images, for as long as it takes.
func (e *Engine) ImageSave(
	ctx context.Context, references []string, options ...client.ImageSaveOption,
) (client.ImageSaveResult, error) {
	return e.client.ImageSave(ctx, references, options...)
}

// errNoMore ends a stream that has been closed.
var errNoMore = errors.New("the stream was closed")

// A limitedStream is an answer that comes bit by bit, none of which may take longer than the limit.
type limitedStream struct {
	io.ReadCloser
	limit    time.Duration
	watchdog *time.Timer
	ctx      context.Context //nolint:containedctx // it is that of the request, which lasts until the stream is closed
	cancel   context.CancelCauseFunc
}

// openStream makes a call whose answer is read bit by bit.
func openStream(
	ctx context.Context, limit time.Duration, asked string, call func(context.Context) (io.ReadCloser, error),
) (io.ReadCloser, error) {
	limited, cancel := context.WithCancelCause(ctx)
	watchdog := time.AfterFunc(limit, func() { cancel(&HungError{asked, limit}) })
	body, err := call(limited)
	if err != nil {
		watchdog.Stop()
		err = CauseOf(limited, err)
		cancel(nil)
		return nil, err
	}
	return &limitedStream{body, limit, watchdog, limited, cancel}, nil
}

// Read is that of the answer.
func (s *limitedStream) Read(data []byte) (int, error) {
	s.watchdog.Reset(s.limit)
	n, err := s.ReadCloser.Read(data)
	if err != nil && !errors.Is(err, io.EOF) {
		err = CauseOf(s.ctx, err)
	}
	return n, err
}

// Close ends the request.
func (s *limitedStream) Close() error {
	s.watchdog.Stop()
	s.cancel(errNoMore)
	return s.ReadCloser.Close()
}

// CauseOf prefers the reason the work was stopped for over the error the stop led to.
func CauseOf(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil && !errors.Is(err, cause) {
		return cause
	}
	return err
}
