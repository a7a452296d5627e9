// Package survive breaks runs of a small drill off at drawn moments, in every way there is, and proves that nothing outlives them
// and that none is green. What it finds is a [survival.Proof].
package survive
