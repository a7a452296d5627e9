package image

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// Goal: one line tells how many images are ready and what the others wait for; where lines stay, not more of them than somebody
// reads. Method: events of two suites about the same images, on synctest's clock.
func TestImagesLeft(t *testing.T) {
	events := []string{
		"debian bookworm: not in the engine", "consul 1.22.5: not in the engine", "debian bookworm: not in the engine",
		"consul 1.22.5: compiling (5s, 12 packages)", "something else", "nomad 1.11.3: Step 1/2",
		"debian bookworm: ready", "debian bookworm: ready",
	}
	synctest.Test(t, func(t *testing.T) {
		var text, screen strings.Builder
		plain, terminal := NewStatusLine(&text, false), NewStatusLine(&screen, true)
		for _, event := range events {
			plain.Event(event)
			terminal.Event(event)
		}
		time.Sleep(leftInterval)
		plain.Event("consul 1.22.5: compiling (25s, 80 packages)")
		plain.Event("consul 1.22.5: ready")
		plain.End()
		terminal.End()
		want := "images: 0 of 1 ready; left: debian bookworm (not in the engine)\n" +
			"images: 1 of 2 ready; left: consul 1.22.5 (compiling (5s, 12 packages))\n" +
			"images: 1 of 2 ready; left: consul 1.22.5 (compiling (25s, 80 packages))\n" +
			"images: 2 of 2 ready\n"
		if text.String() != want {
			t.Errorf("got  %s\nwant %s", text.String(), want)
		}
		last := "\r\x1b[Kimages: 1 of 2 ready; left: consul 1.22.5 (compiling (5s, 12 packages))\n"
		if !strings.HasSuffix(screen.String(), last) || strings.Count(screen.String(), "\n") != 1 {
			t.Errorf("the screen shows %q", screen.String())
		}
	})
}
