package engine

import "net/http"

// Podman tells whether the engine is Podman, which speaks Docker's interface and does not do all of it. Whatever asks for this is
// told of in harness/adr/0024-podman.md.
func (e *Engine) Podman() bool { return e.podman.Load() }

// recognize sees by an answer which engine it is.
func (e *Engine) recognize(answer *http.Response) {
	if answer.Header.Get("Libpod-Api-Version") != "" {
		e.podman.Store(true)
	}
}
