// Package judge says what follows from a record: [Judge] reads nothing else and has no clock, so that judging a record again
// gives the same judgement for ever. What the figures mean is said in harness/adr/0001-what-the-clock-means.md and
// 0018-a-moment-counts-when-it-was-known.md. [Observe] is the part of it that a drill needs while it runs.
package judge
