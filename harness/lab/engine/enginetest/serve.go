// Package enginetest stands in for a container engine in tests.
package enginetest

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// API is the version of the interface that the stand-in speaks: the oldest that drills run on.
const API = "1.41"

// Socket gives a path that is short enough for a socket, which a test's own folder is not everywhere.
func Socket(t *testing.T) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "engine") //nolint:usetesting // t.TempDir is too long for a socket's path on some machines
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	return filepath.Join(folder, "engine.sock")
}

// Serve listens at a socket as an engine that greets, until the test ends; host is a value for DOCKER_HOST. Everything else
// is for the handler; a nil one never answers, not even when the client has given up.
func Serve(t *testing.T, handle http.HandlerFunc) (host string) {
	t.Helper()
	return serve(t, nil, handle)
}

// ServePodman is [Serve] as Podman, which says so whenever it answers.
func ServePodman(t *testing.T, handle http.HandlerFunc) (host string) {
	t.Helper()
	return serve(t, map[string]string{"Libpod-Api-Version": "4.3.1"}, handle)
}

func serve(t *testing.T, headers map[string]string, handle http.HandlerFunc) (host string) {
	t.Helper()
	path := Socket(t)
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	over := make(chan struct{})
	if handle == nil {
		handle = func(http.ResponseWriter, *http.Request) { <-over }
	}
	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Api-Version", API)
		w.Header().Set("Ostype", "linux")
		for name, value := range headers {
			w.Header().Set(name, value)
		}
		if !strings.HasSuffix(r.URL.Path, "/_ping") {
			handle(w, r)
		}
	})}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { close(over); _ = server.Close() })
	return "unix://" + path
}

// Empty listens as an engine that has nothing, with an id of its own, until the test ends; host is a value for DOCKER_HOST.
func Empty(t *testing.T) (host string) {
	t.Helper()
	id := "the engine of " + t.TempDir()
	return Serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch {
		case strings.HasSuffix(r.URL.Path, "/info"):
			_ = json.NewEncoder(w).Encode(map[string]any{"ID": id, "SystemTime": "2026-01-20T03:00:00Z"})
		case strings.HasSuffix(r.URL.Path, "/volumes"):
			_, _ = io.WriteString(w, `{"Volumes": []}`)
		case strings.HasSuffix(r.URL.Path, "/version"):
			_ = json.NewEncoder(w).Encode(map[string]any{"Arch": runtime.GOARCH})
		case strings.Contains(r.URL.Path, "/images/") && strings.HasSuffix(r.URL.Path, "/json"):
			http.Error(w, `{"message": "no such image"}`, http.StatusNotFound)
		default:
			_, _ = io.WriteString(w, `[]`)
		}
	})
}
