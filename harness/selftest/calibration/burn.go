package calibration

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness/lab"
)

// loopsPerProcessor is more than one, so that no processor is idle while another has two loops.
const loopsPerProcessor = 2

// burn keeps every processor of the engine's machine busy until the context ends; the function waits
// for the end and says what went wrong.
func burn(ctx context.Context, cluster *lab.Lab) (wait func() error, err error) {
	processors, err := strconv.Atoi(cluster.Engine(ctx)["processors"])
	if err != nil {
		return nil, fmt.Errorf("learn how many processors the engine has: %w", err)
	}
	const loops = `i=0; while [ $i -lt "$1" ]; do (while :; do :; done) & i=$((i+1)); done; wait`
	burnt := make(chan error, 1)
	go func() {
		_, err := cluster.Exec(ctx, fixtures.CalibrationLoad, "sh", "-c", loops, "sh", strconv.Itoa(loopsPerProcessor*processors))
		if ctx.Err() == nil {
			err = errors.Join(errors.New("the processors were not kept busy to the end"), err)
		} else {
			err = nil // killed, as it should be
		}
		burnt <- err
	}()
	return func() error { return <-burnt }, nil
}
