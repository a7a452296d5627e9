// Package engine is the container engine of a machine: it finds it, holds the one connection that makes, looks at and
// removes everything, and bounds each call, see harness/adr/0016-one-run-one-tree-one-engine.md. It keeps two users of an
// engine apart ([TakeLock]), and removes what labs have left on it ([Sweep], [Clean]).
//
// Whatever is made for a lab carries [LabelLab]. What does not is somebody else's, and is never touched.
package engine
