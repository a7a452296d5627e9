package turn_test

import (
	"context"
	"fmt"
	"os"

	"github.com/reprise-dr/reprise/harness/lab/engine"
	"github.com/reprise-dr/reprise/harness/lab/image"
	"github.com/reprise-dr/reprise/harness/lab/turn"
)

// What measures has the engine for itself until it lets go of it.
func Example() {
	_ = func(ctx context.Context, connection *engine.Engine) error {
		lock, err := turn.Take(ctx, connection, engine.Exclusive, "my measurement", image.Plain(os.Stderr))
		if err != nil {
			return err // which says who uses it
		}
		defer lock.Release()
		fmt.Println("nobody else measures here now")
		return nil
	}
}
