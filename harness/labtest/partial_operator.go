package labtest

import (
	"context"

	"github.com/reprise-dr/reprise/harness"
)

// A partialOperator is the operator that a runbook under test gets: an Operator and no more: its observer is a partial one too.
type partialOperator struct {
	*partialObserver
	operator harness.Operator
}

// Exec implements harness.Operator, as the methods below do.
func (o partialOperator) Exec(ctx context.Context, node string, argv ...string) ([]byte, error) {
	if err := o.pass(ctx, "run a command"); err != nil {
		return nil, err
	}
	return o.operator.Exec(ctx, node, argv...)
}

func (o partialOperator) WriteFile(ctx context.Context, node string, file harness.File) error {
	return o.do(ctx, "write "+file.Path, func() error { return o.operator.WriteFile(ctx, node, file) })
}

func (o partialOperator) RemoveFile(ctx context.Context, node, path string) error {
	return o.do(ctx, "remove "+path, func() error { return o.operator.RemoveFile(ctx, node, path) })
}

func (o partialOperator) Stop(ctx context.Context, node string) error {
	return o.do(ctx, "stop "+node, func() error { return o.operator.Stop(ctx, node) })
}

func (o partialOperator) Start(ctx context.Context, node string) error {
	return o.do(ctx, "start "+node, func() error { return o.operator.Start(ctx, node) })
}

func (o partialOperator) PowerOn(ctx context.Context, node string) error {
	return o.do(ctx, "power on "+node, func() error { return o.operator.PowerOn(ctx, node) })
}

func (o partialOperator) PowerOff(ctx context.Context, node string) error {
	return o.do(ctx, "power off "+node, func() error { return o.operator.PowerOff(ctx, node) })
}

func (o partialOperator) Reinstall(ctx context.Context, node string) error {
	return o.do(ctx, "reinstall "+node, func() error { return o.operator.Reinstall(ctx, node) })
}

func (o partialOperator) AttachDisk(ctx context.Context, disk, node string) error {
	return o.do(ctx, "attach "+disk, func() error { return o.operator.AttachDisk(ctx, disk, node) })
}

func (o partialOperator) DetachDisk(ctx context.Context, disk string) error {
	return o.do(ctx, "detach "+disk, func() error { return o.operator.DetachDisk(ctx, disk) })
}

// do carries a change out where it gets through.
func (o partialOperator) do(ctx context.Context, doing string, change func() error) error {
	if err := o.pass(ctx, doing); err != nil {
		return err
	}
	return change()
}
