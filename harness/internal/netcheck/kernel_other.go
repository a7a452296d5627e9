//go:build !linux

package netcheck

import (
	"errors"

	"github.com/reprise-dr/reprise/harness"
)

// newKernel asks what only Linux can be asked in this way.
func newKernel(harness.Check, Dial) (kind, error) {
	return nil, errors.New("the kernel can be asked on Linux only")
}
