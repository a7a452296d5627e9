// Package run runs suites: it compiles them, asks each which specs it would run (a dry run), makes their images, runs them below
// a supervisor, and holds what comes back against what was planned. A chosen spec without an outcome, and a suite that does
// not report, are failures.
//
// [Chaos] runs the specs as they are, [Controls] without their faults and without their runbooks, [Calibrate] and [Verdicts] the
// suites that test the harness. Each takes the engine for itself ([turn.Take]), leaves a folder with a report, and removes
// what suites have left. [Clean] removes what runs left that could not.
package run
