// Command reprise runs drills and looks after what they need. This package holds the command line: a file for each subcommand,
// with its flags. What they do is in the packages below internal. The targets of the Makefile are one line each around it.
//
// It works in the module around the working directory. In a clone of Reprise the drills are the folders below scenarios, in any
// other module the packages whose tests import harness/suite; arguments name others by package patterns:
//
//	go get -tool github.com/reprise-dr/reprise/harness/cmd/reprise
//	go tool reprise doctor ./drills/...
//	go tool reprise images ./drills/...
//	go tool reprise chaos ./drills/...
//
// All commands, as they are in a clone:
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
//	reprise bench --runs 5    (in a build with -tags=bench)
//
// The exit status is 0 when all went as claimed, 1 when something did not, and 2 when the command
// line was wrong and nothing was tried.
package main
