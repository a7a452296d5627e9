package doctor_test

import (
	"context"
	"fmt"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/lab/doctor"
)

// What keeps this machine from running drills with an image, and what to do about it. It needs a container engine to tell.
func ExampleExamine() {
	images := []harness.Image{{Name: "nginx", Version: "1.29", Reference: "nginx:1.29"}}
	for _, finding := range doctor.Examine(context.Background(), images, "looking for what is missing") {
		if finding.Health != doctor.Healthy {
			fmt.Println(finding.Health, finding.Subject+":", finding.Detail+";", finding.Advice)
		}
	}
}
