package engine_test

import (
	"context"
	"fmt"

	"github.com/reprise-dr/reprise/harness/lab/engine"
)

// Everything that labs have left on this machine's container engine is removed, unless somebody is at work there.
func Example() {
	ctx := context.Background()
	connection, err := engine.Connect(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer connection.Close()
	lock, err := engine.TakeLock(ctx, connection, engine.Exclusive, "cleaning up", nil)
	if err != nil {
		fmt.Println(err) // engine.ErrInUse, and by whom
		return
	}
	defer lock.Release()
	removed, err := engine.Clean(ctx, connection)
	fmt.Println(removed, err)
}
