//go:build linux

// Package outages is the service that calibrates the observer: small servers of every kind the observer
// can ask, each of which goes away and comes back at moments that are planned by a seed and stamped on
// CLOCK_MONOTONIC. Only the program reprise-agent imports it.
//
//	err := outages.Serve(ctx, "[::]:9000", []string{"a-site=http-refused@[::]:8002"})
//	// POST /begin?seed=7&outages=100 -> 204; GET /truth -> 409 while it goes on, then a Truth
package outages
