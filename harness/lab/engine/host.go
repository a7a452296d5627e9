package engine

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"github.com/cpuguy83/dockercfg"
	"github.com/moby/moby/client"

	"github.com/reprise-dr/reprise/harness/internal/paths"
)

// hostVariable names the engine to everything that speaks to one.
const hostVariable = client.EnvOverrideHost

// decideHost runs once per process: what it finds is put into the environment.
var decideHost = sync.OnceValue(publishHost)

// published is the engine that was put into the environment, and the docker context that names it, if one does.
var published endpoint

// namedBy says within a sentence who names the engine's address, and what to do about it; "" when that is nobody but a default.
func namedBy(host string) (who, advice string) {
	switch {
	case host == published.host && published.context != "":
		return fmt.Sprintf(", which the docker context %q names", published.context),
			"start that engine, or choose another one (docker context use, or DOCKER_HOST)"
	case host == published.host: // found by itself
	case host == os.Getenv(hostVariable):
		return ", which DOCKER_HOST names", "start that engine, or correct or unset DOCKER_HOST"
	}
	return "", ""
}

// engineHost is the engine's address, such as unix:///var/run/docker.sock.
func engineHost() (string, error) {
	if err := decideHost(); err != nil {
		return "", err
	}
	host := os.Getenv(hostVariable)
	switch {
	case host == "":
		return client.DefaultDockerHost, nil
	case strings.HasPrefix(host, "ssh://"):
		return "", fmt.Errorf("%s cannot be used over SSH directly: forward its socket (ssh -NL "+
			"/tmp/engine.sock:/var/run/docker.sock HOST) and set DOCKER_HOST=unix:///tmp/engine.sock", host)
	}
	return host, nil
}

// publishHost chooses the engine and puts every choice but the default one into the environment.
func publishHost() error {
	if os.Getenv(hostVariable) != "" {
		return nil
	}
	endpoint, err := contextEndpoint()
	if err != nil {
		return err
	}
	if endpoint.host == "" {
		endpoint.host = otherHost()
	}
	if endpoint.host == "" {
		return nil
	}
	if endpoint.certificates != "" {
		if err := errors.Join(os.Setenv(client.EnvOverrideCertPath, endpoint.certificates),
			os.Setenv(client.EnvTLSVerify, "1")); err != nil {
			return fmt.Errorf("choose the certificates of the docker context: %w", err)
		}
	}
	published = endpoint
	if err := os.Setenv(hostVariable, endpoint.host); err != nil {
		return fmt.Errorf("choose the engine %s: %w", endpoint.host, err)
	}
	return nil
}

// An endpoint is what a docker context says about its engine; the zero endpoint is the default one.
type endpoint struct {
	context      string // its name
	host         string
	certificates string // folder with ca.pem, cert.pem and key.pem; empty without TLS
}

// contextEndpoint reads the current docker context, as the docker command keeps it on disk.
func contextEndpoint() (endpoint, error) {
	config, err := dockercfg.ConfigPath()
	if err != nil {
		return endpoint{}, nil //nolint:nilerr // nobody without a home folder has a docker context
	}
	name, err := contextName(config)
	if err != nil || name == "" || name == "default" {
		return endpoint{}, err
	}
	hash := sha256.Sum256([]byte(name))
	key := hex.EncodeToString(hash[:])
	contexts := filepath.Join(filepath.Dir(config), "contexts")
	text, err := os.ReadFile(filepath.Join(contexts, "meta", key, "meta.json"))
	if err != nil {
		return endpoint{}, fmt.Errorf("read the docker context %q (docker context ls lists the known ones): %w", name, err)
	}
	var context struct {
		Endpoints map[string]struct{ Host string }
	}
	if err := json.Unmarshal(text, &context); err != nil {
		return endpoint{}, fmt.Errorf("read the docker context %q: %w", name, err)
	}
	found := endpoint{context: name, host: context.Endpoints["docker"].Host}
	if certificates := filepath.Join(contexts, "tls", key, "docker"); paths.Exists(certificates) {
		found.certificates = certificates
	}
	return found, nil
}

// contextName is the name of the current context; empty when none was ever chosen.
func contextName(config string) (string, error) {
	if name := os.Getenv("DOCKER_CONTEXT"); name != "" {
		return name, nil
	}
	var parsed dockercfg.Config
	err := dockercfg.FromFile(config, &parsed)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("read the docker configuration %s: %w", config, err)
	}
	return parsed.CurrentContext, nil
}

// otherHost finds the socket of an engine where Docker's is not in its place: one that the user runs for themselves, of Docker
// or Docker Desktop before Podman, else the machine's Podman.
func otherHost() string {
	if paths.Exists(strings.TrimPrefix(client.DefaultDockerHost, "unix://")) {
		return ""
	}
	folders := []string{os.Getenv("XDG_RUNTIME_DIR"), filepath.Join("/run/user", strconv.Itoa(os.Getuid()))}
	home, _ := os.UserHomeDir() // "" where there is none
	return firstSocket(folders, home)
}

// firstSocket looks in the user's folders for run-time files, in their home and then in the machine's folder.
func firstSocket(folders []string, home string) string {
	var sockets []string
	for _, folder := range folders {
		sockets = append(sockets, filepath.Join(folder, "docker.sock"))
	}
	sockets = append(sockets, filepath.Join(home, ".docker/run/docker.sock"), filepath.Join(home, ".docker/desktop/docker.sock"))
	for _, folder := range append(folders, "/run") {
		sockets = append(sockets, filepath.Join(folder, "podman/podman.sock"))
	}
	for _, socket := range sockets {
		if filepath.IsAbs(socket) && paths.Exists(socket) { // not so where a folder is unknown
			return "unix://" + socket
		}
	}
	return ""
}
