// Package verdicts holds drills whose outcome is known before they begin, half of them broken on
// purpose, and holds the judge's verdict and figures against it. `make verdicts` runs them.
//
// A drill is drawn from the seed: which server, which delay, how many writes. What must come of it
// follows from what was done and from a second observer of its own, never from the record that is judged.
//
// Only a false verdict counts as wrong. A verdict that is inconclusive because the machine was starved
// while the drill ran is neither right nor wrong, and counted apart.
//
// The drills are tests. The package itself counts their records ([CountOf]).
package verdicts
