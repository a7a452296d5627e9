package run

import (
	"strings"
	"testing"

	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

// Goal: suites make the images of all their specs, and run none; one that cannot, and one that cannot be compiled, is told and
// stops no other. Method: suites of each kind.
func TestImagesOfSuites(t *testing.T) {
	making := func(images, verb string) string {
		specs := strings.ReplaceAll(specPassed, "falls", verb)
		return `[ "$REPRISE_IMAGES" = 1 ] && { ` + images + "; }\n" + writesReport(specs, true) + "[ -n \"$dry\" ] || echo ran\n"
	}
	var out strings.Builder
	made := ofSuites(t, &out, Options{}, map[string]string{"aaa": making(`echo 'acme 7: not in the engine'
echo 'acme 7: ready'; exit 0`, "falls")})
	testkit.Must(t, made.imagesOfSuites(t.Context()))
	testkit.Contains(t, "the output", out.String(), "compile aaa", "images: 1 of 1 ready\n",
		"aaa: every image of its specs is in the engine\n")

	out.Reset()
	some := ofSuites(t, &out, Options{}, map[string]string{
		"aaa": making("exit 0", "falls"), "bbb": making("echo 'build consul: no modules'; exit 1", "stops"), "ccc": "",
	})
	testkit.Expect(t, some.imagesOfSuites(t.Context()), "make images: 2 of 3 suites lack some, as the lines above say")
	testkit.Contains(t, "the output", out.String(), "aaa: every image of its specs is in the engine\n",
		"bbb: its images could not be made: exit status 1\nbuild consul: no modules\n",
		"ccc: it cannot be compiled\nrain.go:3: undefined: cloud\n")
	if strings.Contains(out.String(), "ran\n") {
		t.Errorf("a spec ran:\n%s", out.String())
	}
}
