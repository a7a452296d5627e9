package calibration

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness"
)

// A shellLoop is `while :; do curl ...; sleep 1; done`.
type shellLoop struct{ operator harness.Operator }

func (shellLoop) method() string { return "curl every second" }

// stopFile ends the shell loops.
const stopFile = "/tmp/stop"

// loop prints the time of day in nanoseconds and the status (000: none), once for every look.
const loop = `while [ ! -e ` + stopFile + ` ]; do
	at=$(date +%s%N)
	echo "$at $(curl -s -o /dev/null -m 1 -w '%{http_code}' "$1")"
	sleep 1
done`

func (s shellLoop) watch(ctx context.Context, stop <-chan struct{}, site fixtures.Cuttable) ([]stamped, error) {
	stopped := make(chan error, 1)
	if err := s.operator.RemoveFile(ctx, fixtures.CalibrationShell, stopFile); err != nil {
		return nil, err
	}
	go func() {
		<-stop
		stopped <- s.operator.WriteFile(ctx, fixtures.CalibrationShell, harness.File{Path: stopFile})
	}()
	output, err := s.operator.Exec(ctx, fixtures.CalibrationShell, "sh", "-c", loop, "sh", url(site))
	if err != nil {
		return nil, err
	}
	if err := <-stopped; err != nil {
		return nil, err
	}
	return readLoop(string(output))
}

// readLoop finds the outages in what the loop printed: from the look that failed to the next that did not.
func readLoop(output string) ([]stamped, error) {
	var outages []stamped
	var lost moment
	before, away := false, false
	for line := range strings.Lines(output) {
		at, status, ok := strings.Cut(strings.TrimSpace(line), " ")
		nanoseconds, err := strconv.ParseInt(at, 10, 64)
		if !ok || err != nil {
			return nil, fmt.Errorf("read the shell loop: %q is no time and status", line)
		}
		now := moment{there: nanoseconds}
		up := status == "200"
		switch {
		case !up && before && !away:
			lost, away = now, true
		case up && away:
			outages, away = append(outages, stamped{asked: lost, lost: lost, back: now}), false
		}
		before = before || up
	}
	return outages, nil
}
