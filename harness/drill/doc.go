// Package drill runs one drill and keeps its record: baseline, inject, detect, repair, await the recovery, reconcile, judge,
// close. It acts through the harness.Lab that it is given, and leaves the verdict to package judge and the comparison of nodes
// to package drift. The order of the steps is told at [Drill]; package harness has the words and an example.
package drill
