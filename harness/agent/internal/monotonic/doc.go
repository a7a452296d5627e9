//go:build linux

// Package monotonic reads the kernel's clock that all containers of an engine share and nobody can
// set. The agent's two servers import it.
//
//	began := monotonic.Now()
//	act()
//	took := time.Duration(monotonic.Now() - began)
package monotonic
