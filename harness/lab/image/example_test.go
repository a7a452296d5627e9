package image_test

import (
	"context"
	"fmt"
	"os"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/lab/engine"
	"github.com/reprise-dr/reprise/harness/lab/image"
)

// Images are pulled or built before anything is timed. It needs a container engine.
func ExampleResolve() {
	ctx := context.Background()
	connection, err := engine.Connect(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer connection.Close()
	images := []harness.Image{{Name: "nginx", Version: "1.29", Reference: "nginx:1.29"}}
	references, err := image.Resolve(ctx, connection, images, 1, image.Plain(os.Stderr))
	fmt.Println(references, err)
}
