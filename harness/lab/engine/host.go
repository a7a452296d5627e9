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
		endpoint.host = rootlessHost()
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
	if err := os.Setenv(hostVariable, endpoint.host); err != nil {
		return fmt.Errorf("choose the engine %s: %w", endpoint.host, err)
	}
	return nil
}

// An endpoint is what a docker context says about its engine; the zero endpoint is the default one.
type endpoint struct {
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
	found := endpoint{host: context.Endpoints["docker"].Host}
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

// rootlessHost finds the socket of an engine that the user runs for themselves, where there is no
// other. The folders are those where rootless engines and Docker Desktop have it.
func rootlessHost() string {
	if paths.Exists(strings.TrimPrefix(client.DefaultDockerHost, "unix://")) {
		return ""
	}
	folders := []string{os.Getenv("XDG_RUNTIME_DIR"), filepath.Join("/run/user", strconv.Itoa(os.Getuid()))}
	if home, err := os.UserHomeDir(); err == nil {
		folders = append(folders, filepath.Join(home, ".docker", "run"), filepath.Join(home, ".docker", "desktop"))
	}
	for _, folder := range folders {
		if socket := filepath.Join(folder, "docker.sock"); folder != "" && paths.Exists(socket) {
			return "unix://" + socket
		}
	}
	return ""
}
