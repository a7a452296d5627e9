// Command reprise runs drills and looks after what they need. It ties the packages together as the
// scenarios do; nobody imports it. The targets of the Makefile are one line each around it.
//
//	reprise chaos --labels 'renumbering && !nightly' --seed 7
//	reprise repro --id 2020-01-20-ip-renumbering
//	reprise controls --labels renumbering
//	reprise verdicts
//	reprise survive --only 'repair: SIGHUP'
//	reprise calibrate
//	reprise images
//	reprise doctor
//	reprise clean --images
//	reprise rejudge reports/out/latest
//	reprise bench --runs 5
//
// A run compiles its suites and asks each of them which specs it would run (a dry run). What comes back is held against that: a
// chosen spec without an outcome, and a suite that does not report, are failures.
//
// The exit status is 0 when all went as claimed, 1 when something did not, and 2 when the command
// line was wrong and nothing was tried.
package main
