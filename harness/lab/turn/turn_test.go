package turn

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/reprise-dr/reprise/harness/lab/image"
)

// Goal: a run does not begin beside another one's lab, but waits for one that nobody looks after any more. Method: an
// engine that has a lab for a time, with the test's own clock.
func TestARunWaitsForLabsThatEnd(t *testing.T) {
	for _, test := range []struct {
		name    string
		lasts   time.Duration
		refused bool
	}{
		{"no lab", 0, false},
		{"a lab that ends with its lease", 15 * time.Second, false},
		{"a lab that stays", time.Hour, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Chdir(t.TempDir()) // in no module
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				err := awaitAlone(t.Context(), func(context.Context) ([]string, error) {
					if time.Since(began) < test.lasts {
						return []string{"20260120-030000-beef"}, nil
					}
					return nil, nil
				}, labsEnd, image.Plain(t.Output()))
				if refused := err != nil; refused != test.refused {
					t.Errorf("the error is %v", err)
				}
				for _, part := range []string{"20260120-030000-beef", "remove what it left with `reprise clean`"} {
					if err != nil && !strings.Contains(err.Error(), part) {
						t.Errorf("the error does not say %q: %v", part, err)
					}
				}
			})
		})
	}
}
