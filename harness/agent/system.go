package agent

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/agent/internal/protocol"
	"github.com/reprise-dr/reprise/harness/internal/redact"
)

// DefaultStopTimeout is how long Stop waits before it kills, unless told otherwise.
const DefaultStopTimeout = 10 * time.Second

// WaitSystem returns when the node's supervisor answers, or with what it saw last when the context ends.
func (c *Client) WaitSystem(ctx context.Context) error {
	ticker := time.NewTicker(retryEvery)
	defer ticker.Stop()
	var last error
	for {
		err := c.callSystem(ctx, "reach the supervisor of", protocol.PathStatus, protocol.Nothing{}, nil)
		if err == nil {
			return nil
		}
		if ctx.Err() == nil || last == nil {
			last = err
		}
		select {
		case <-ctx.Done():
			return errors.Join(last, ctx.Err())
		case <-c.session.CloseChan():
			return fmt.Errorf("reach the supervisor of %s: the agent is gone: %w", c.node, last)
		case <-ticker.C:
		}
	}
}

// Status tells whether the main process runs, and how it ended when it does not. Times are the harness's.
func (c *Client) Status(ctx context.Context) (harness.SystemStatus, error) {
	var status protocol.Status
	if err := c.callSystem(ctx, "ask for the status of", protocol.PathStatus, protocol.Nothing{}, &status); err != nil {
		return harness.SystemStatus{}, err
	}
	return harness.SystemStatus{
		Running: status.Running, PID: status.PID, ExitCode: status.ExitCode, Signal: status.Signal,
		Started: c.time(status.Started), Ended: c.time(status.Ended),
	}, nil
}

// LimitsReached says how often the kernel did something at a limit of the system's container, see [harness.Limits].
type LimitsReached = protocol.LimitsReached

// LimitsReached counts since the system's container was created.
func (c *Client) LimitsReached(ctx context.Context) (LimitsReached, error) {
	var reached LimitsReached
	err := c.callSystem(ctx, "read the limits of", protocol.PathLimits, protocol.Nothing{}, &reached)
	return reached, err
}

// LogBeginning is in the first line of every system's log. The log of a system that has printed more than its limit lacks it.
const LogBeginning = protocol.LogBeginning

// time is when an instant was; the zero instant is the zero time.
func (c *Client) time(instant Instant) time.Time {
	if instant == 0 {
		return time.Time{}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.clock.Time(instant)
}

// Start starts the main process. It does nothing when it runs already, and is an error on a node
// that has lost its power.
func (c *Client) Start(ctx context.Context) error {
	return c.callSystem(ctx, "start", protocol.PathStart, protocol.Nothing{}, nil)
}

// Stop sends the main process the signal ("" means TERM) and waits for its end; after the timeout (0
// means DefaultStopTimeout) it is killed. A paused process is woken so that it can end. What the
// process had started goes on. It does nothing when the main process does not run.
func (c *Client) Stop(ctx context.Context, signal string, timeout time.Duration) error {
	if timeout == 0 {
		timeout = DefaultStopTimeout
	}
	return c.callSystem(ctx, "stop", protocol.PathStop, protocol.Stop{Signal: signal, Timeout: timeout}, nil)
}

// PowerOn presses the power button. On a node that has lost its power the links come up with the
// addresses it was given, /run and /tmp are emptied where they are in memory, what the system had
// mounted is unmounted, and the main process is started. What the system had set up in the network is
// gone: its links (bridges, tunnels, its containers' cables), addresses, routes, rules for packets
// (nftables and iptables), sets of addresses, tracked connections and learned neighbours. Settings
// below /proc/sys/net stay, which a real reboot would lose: what a system needs there it sets when it
// starts. A disk of the node's own is checked (e2fsck -fy) and mounted anew; what had not been written to it,
// or to a disk that is attached, is lost. Attached disks are not mounted. On a node that has power PowerOn brings up links
// that were taken down, and nothing more.
func (c *Client) PowerOn(ctx context.Context) error {
	return c.call(ctx, "power on", protocol.PathPowerOn, protocol.Nothing{}, nil)
}

// InstallDisk puts the system on a disk of its own: an ext4 file system of this many bytes with a copy of
// all that the system's image has, which is its root from then on. It is to be called once, before anything
// is written or started. The system's image has to have e2fsprogs.
func (c *Client) InstallDisk(ctx context.Context, size int64) error {
	return c.callSystem(ctx, "make the system disk of", protocol.PathInstallDisk, protocol.SystemDisk{Size: size}, nil)
}

// AttachDisk makes a disk show on the node, whether or not it has power. What is on it is in a file of the
// disk's name in [DisksFolder]; one that is not there yet is made, empty. A disk that shows already is no error.
func (c *Client) AttachDisk(ctx context.Context, disk harness.Disk) error {
	return c.callSystem(ctx, "attach disk "+disk.Name+" to", protocol.PathAttachDisk,
		protocol.Disk{Name: disk.Name, Size: disk.Size}, nil)
}

// DetachDisk takes a disk away from the node. One that is mounted, or otherwise open, is refused while the
// node has power. A disk that does not show is no error.
func (c *Client) DetachDisk(ctx context.Context, disk string) error {
	return c.callSystem(ctx, "detach disk "+disk+" from", protocol.PathDetachDisk, protocol.Disk{Name: disk}, nil)
}

// Exec runs a command in the system and returns its standard output. An exit code other than 0, or
// an end by a signal (-1), is a *harness.CommandError. When the context ends the command is killed,
// with everything it started.
func (c *Client) Exec(ctx context.Context, argv ...string) ([]byte, error) {
	if len(argv) == 0 {
		return nil, fmt.Errorf("run a command on %s: none is given", c.node)
	}
	var outcome protocol.Outcome
	err := c.callSystem(ctx, fmt.Sprintf("run %q on", argv[0]), protocol.PathExec, protocol.Command{Argv: argv}, &outcome)
	if err != nil {
		return nil, err
	}
	if outcome.ExitCode != 0 {
		return outcome.Stdout, &harness.CommandError{
			Node: c.node, Argv: redact.Value(argv), ExitCode: outcome.ExitCode,
			Output: redact.Text(string(outcome.Output)),
		}
	}
	return outcome.Stdout, nil
}

// ReadFile reads a file of the system, also while the main process is stopped or the power is off: a
// disk can be looked at. A missing file is fs.ErrNotExist.
func (c *Client) ReadFile(ctx context.Context, path string) ([]byte, error) {
	var content []byte
	err := c.file(ctx, http.MethodGet, path, 0, nil, func(body io.Reader) (err error) {
		content, err = io.ReadAll(body)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read %s of %s: %w", path, c.node, err)
	}
	return content, nil
}

// WriteFile replaces a file of the system at once, and makes the folders it is in. A file that is
// there keeps its owner; its mode becomes the given one, 0644 when that is 0.
func (c *Client) WriteFile(ctx context.Context, file harness.File) error {
	mode := file.Mode
	if mode == 0 {
		mode = 0o644
	}
	if err := c.file(ctx, http.MethodPut, file.Path, mode, file.Data, nil); err != nil {
		return fmt.Errorf("write %s of %s: %w", file.Path, c.node, err)
	}
	return nil
}

// RemoveFile removes a file of the system. A missing file is no error.
func (c *Client) RemoveFile(ctx context.Context, path string) error {
	if err := c.file(ctx, http.MethodDelete, path, 0, nil, nil); err != nil {
		return fmt.Errorf("remove %s of %s: %w", path, c.node, err)
	}
	return nil
}

func (c *Client) file(
	ctx context.Context, method, path string, mode fs.FileMode, content []byte, read func(io.Reader) error,
) error {
	query := url.Values{"path": {path}, "mode": {strconv.FormatUint(uint64(mode.Perm()), 8)}}
	request, err := http.NewRequestWithContext(ctx, method, protocol.URL(protocol.PathFile)+"?"+query.Encode(),
		bytes.NewReader(content))
	if err != nil {
		return err
	}
	response, err := protocol.Do(c.system, request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if read == nil {
		return nil
	}
	return read(response.Body)
}
