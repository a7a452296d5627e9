package doctor

import (
	"context"
	"errors"
	"fmt"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/lab/image"
)

// checkPackages says where the Debian packages of images come from: the first root filesystem from a registry where one answers,
// else from this machine's own packages; what is installed on it from these, else from where the pulled one says.
func checkPackages(ctx context.Context, examined *machine) (Health, string, string) {
	base, missing := harness.Image{}, 0
	for _, image := range examined.images {
		if len(image.Recipe.Packages) == 0 {
			continue
		}
		if image.Recipe.Base == nil {
			base = image
		}
		if present, err := examined.has(ctx, image); err == nil && !present {
			missing++
		}
	}
	if missing == 0 {
		return Healthy, "not needed: every image of Debian packages is in the engine", ""
	}
	return sayPackages(missing, base, examined.pullable(ctx, base), examined.sources(ctx, base.Version))
}

// pullable tells why an image cannot be pulled, or nil.
func (p *machine) pullable(ctx context.Context, base harness.Image) error {
	if allowed, err := image.PullAllowed(); err != nil || !allowed {
		return fmt.Errorf("%s=never forbids it", image.PullVariable)
	}
	if present, err := p.has(ctx, harness.Image{Reference: base.Reference}); err == nil && present {
		return nil
	}
	_, err := image.AskRegistry(ctx, p.engine, base)
	if errors.Is(err, image.ErrCannotAsk) {
		return nil // nobody knows before it is tried
	}
	return err
}

// sayPackages says which way the images take, or that there is none.
func sayPackages(missing int, base harness.Image, refusal, amiss error) (Health, string, string) {
	images := fmt.Sprintf("%d images of Debian %s packages are to be made", missing, base.Version)
	const here = "by this machine's own apt, which installs nothing here"
	switch {
	case refusal == nil && amiss == nil:
		return Healthy, images + ": the system from a registry (" + base.Reference + "), the packages " + here, ""
	case amiss == nil:
		return Healthy, images + ": system and packages " + here, ""
	case refusal == nil:
		return Healthy, images + ": system and packages from a registry (" + base.Reference + ") and from where that says", ""
	}
	return Warning, fmt.Sprintf("%s, and cannot be: %v, and %s cannot be pulled", images, amiss, base.Reference),
		fmt.Sprintf("let the engine reach a registry, or build on a Debian %s", base.Version)
}
