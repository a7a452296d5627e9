package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/user"
	"strings"
	"syscall"

	"github.com/moby/moby/client"
	"github.com/moby/moby/client/pkg/versions"
)

// MinimumAPI is the oldest version of the engine's interface that drills run on: that of Docker 20.10.
const MinimumAPI = "1.41"

// Connect opens the connection to the container engine: the one DOCKER_HOST names, else that of the
// current docker context (DOCKER_CONTEXT or `docker context use`), else the one behind the default
// socket, else a rootless one, else Podman. Every choice but the default is put into DOCKER_HOST of this process,
// so that testcontainers-go and child processes use the same engine; a setting of its own that names another is an error.
//
// An error is one sentence that says what is wrong and what to do. The caller closes the connection.
func Connect(ctx context.Context) (*Engine, error) {
	host, err := engineHost()
	if err != nil {
		return nil, fmt.Errorf("reach the container engine: %w", err)
	}
	if err := sameEngine(host); err != nil {
		return nil, err
	}
	found := &Engine{limits: usualLimits}
	connection, err := client.New(client.FromEnv, client.WithResponseHook(found.recognize))
	if err != nil {
		return nil, fmt.Errorf("reach the container engine at %s: %w", host, err)
	}
	if err := ping(ctx, connection, host); err != nil {
		return nil, errors.Join(err, connection.Close())
	}
	found.client = connection
	return found, nil
}

// ping finds out whether the engine answers and whether drills can run on it.
func ping(ctx context.Context, engine *client.Client, host string) error {
	limited, cancel := context.WithTimeout(ctx, engineAnswer)
	defer cancel()
	hello, err := engine.Ping(limited, client.PingOptions{NegotiateAPIVersion: true})
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("reach the container engine at %s: %w", host, context.Cause(ctx))
	case hello.APIVersion != "" && versions.LessThan(hello.APIVersion, MinimumAPI):
		return fmt.Errorf("the container engine at %s is too old: it speaks API %s and drills need %s, which Docker has since "+
			"20.10: upgrade it", host, hello.APIVersion, MinimumAPI)
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("the container engine at %s took a connection but did not answer within %v: restart it", host, engineAnswer)
	case err != nil:
		return explainConnection(ctx, host, err)
	case hello.OSType != "" && hello.OSType != "linux":
		return fmt.Errorf("the container engine at %s runs %s containers and drills need Linux ones: switch it over or set "+
			"DOCKER_HOST", host, hello.OSType)
	}
	return nil
}

// explainConnection makes one sentence of why nothing answers. The client's own error has lost the
// cause, so a local socket is dialled once more to learn it.
func explainConnection(ctx context.Context, host string, err error) error {
	path, local := strings.CutPrefix(host, "unix://")
	if !local {
		return fmt.Errorf("reach the container engine at %s: %w: check DOCKER_HOST and the docker context", host, err)
	}
	who, advice := namedBy(host)
	connection, dialErr := (&net.Dialer{Timeout: engineAnswer}).DialContext(ctx, "unix", path)
	switch {
	case dialErr == nil:
		return errors.Join(fmt.Errorf("reach the container engine at %s: something answers, but not as an engine does: %w", path,
			err), connection.Close())
	case errors.Is(dialErr, fs.ErrNotExist):
		return fmt.Errorf("reach the container engine: there is no socket at %s%s: %s", path, who,
			cmp.Or(advice, "install Docker, start it (systemctl start docker), or set DOCKER_HOST"))
	case errors.Is(dialErr, fs.ErrPermission):
		return fmt.Errorf("reach the container engine: user %s may not use %s: join the group that owns it (usermod --append "+
			"--groups docker %[1]s, then log in again)", userName(), path)
	case errors.Is(dialErr, syscall.ECONNREFUSED):
		return fmt.Errorf("reach the container engine: nobody listens at %s%s: %s", path, who,
			cmp.Or(advice, "start it (systemctl start docker)"))
	}
	return fmt.Errorf("reach the container engine at %s%s: %w", path, who, dialErr)
}

func userName() string {
	if current, err := user.Current(); err == nil {
		return current.Username
	}
	return fmt.Sprintf("number %d", os.Getuid())
}
