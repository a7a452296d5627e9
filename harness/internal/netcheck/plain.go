package netcheck

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
)

// The answers that are none.
var (
	errNoConnection = errors.New("no connection in time")
	errNoAnswer     = errors.New("no answer in time")
	errHungUp       = errors.New("the connection was closed before the answer was complete")
)

// plain turns an error of the network into what a reader of a report wants: what is wrong, without
// the addresses and calls that led there. A missed time limit becomes late. The context's end that is
// no missed limit stays what it is.
func plain(ctx context.Context, err, late error) error {
	if err == nil {
		return nil
	}
	if isTimeout(err) {
		if cause := ctx.Err(); cause != nil && !errors.Is(cause, context.DeadlineExceeded) {
			return cause
		}
		return late
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errHungUp
	}
	if number, ok := errors.AsType[syscall.Errno](err); ok {
		return number
	}
	if network, ok := errors.AsType[*net.OpError](err); ok {
		return network.Err
	}
	return err
}

func isTimeout(err error) bool {
	if errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return true
	}
	network, ok := errors.AsType[net.Error](err)
	// A connection that the kernel gives up on is an answer of the kernel, whose words say more.
	return ok && network.Timeout() && !errors.Is(err, syscall.ETIMEDOUT)
}
