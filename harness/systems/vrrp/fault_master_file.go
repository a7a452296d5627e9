package vrrp

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/fault"
)

// MasterFile removes the file that lets a router be master, or puts it back: how people hand over on purpose.
// Reverting does the opposite.
type MasterFile struct {
	Pair    Pair
	Router  string
	Restore bool // true: it is put back
}

// Describe says which.
func (m MasterFile) Describe() string {
	if m.Restore {
		return fmt.Sprintf("%s is put back on %s: it may be master again", m.Pair.MasterFile, m.Router)
	}
	return fmt.Sprintf("%s is removed from %s: it may not be master any more", m.Pair.MasterFile, m.Router)
}

// Inject removes the file or writes it.
func (m MasterFile) Inject(ctx context.Context, lab harness.Lab) (harness.Injection, error) {
	if _, known := lab.Topology().Node(m.Router); !known {
		return nil, fmt.Errorf("plan the fault: %s: %w", m.Describe(), lab.Topology().UnknownNode(m.Router))
	}
	began := time.Now()
	err := m.set(ctx, lab, m.Restore)
	return &fault.Injection{
		Struck: harness.Impact{Before: began},
		Prove: func(ctx context.Context) (string, error) {
			_, err := lab.ReadFile(ctx, m.Router, m.Pair.MasterFile)
			gone := errors.Is(err, fs.ErrNotExist)
			switch {
			case err != nil && !gone:
				return "", err
			case gone == m.Restore:
				return "", fmt.Errorf("%s of %s is as it was", m.Pair.MasterFile, m.Router)
			}
			return fmt.Sprintf("read again, %s of %s is there: %t", m.Pair.MasterFile, m.Router, !gone), nil
		},
		Lift: func(ctx context.Context) error { return m.set(ctx, lab, !m.Restore) },
	}, err
}

func (m MasterFile) set(ctx context.Context, operator harness.Operator, present bool) error {
	if present {
		return operator.WriteFile(ctx, m.Router, harness.File{Path: m.Pair.MasterFile})
	}
	return operator.RemoveFile(ctx, m.Router, m.Pair.MasterFile)
}
