package image

import (
	"archive/tar"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/reprise-dr/reprise/harness/lab/engine"
)

// manifestFile tells, in an archive that `docker save` writes, what its images are called.
const manifestFile = "manifest.json"

// otherManifests say the same in the words of other programs. They are left out: a runtime that finds
// them believes them first, and falls back on manifestFile without them.
var otherManifests = []string{"repositories", "index.json", "oci-layout"}

// saveArchives writes the images into the folder, whatever an earlier build has left there, and returns
// the files by path in the build context.
// An archive goes by way of the disk because the build context is a tar too, which tells each file's
// size before its content.
func (r *resolver) saveArchives(
	ctx context.Context, made recipe, references map[string]string, dir string,
) (map[string]string, error) {
	if err := errors.Join(os.RemoveAll(dir), os.MkdirAll(dir, 0o755)); err != nil {
		return nil, fmt.Errorf("make a folder for archives: %w", err)
	}
	files := map[string]string{}
	for _, path := range slices.Sorted(maps.Keys(references)) {
		image := made.image.Recipe.Archives[path]
		r.say(made.image, "saving %s", image)
		silence := r.tellSilence(made.image, "the engine's save of "+image.String())
		file := filepath.Join(dir, strconv.Itoa(len(files)))
		err := r.saveArchive(ctx, references[path], image.SavedAs(), file, silence)
		silence.stop()
		if err != nil {
			return nil, fmt.Errorf("save %s: %w", image, engine.CauseOf(ctx, err))
		}
		files[path] = file
	}
	return files, nil
}

func (r *resolver) saveArchive(ctx context.Context, reference, name, path string, silence *silence) error {
	saved, err := r.engine.ImageSave(ctx, []string{reference})
	if err != nil {
		return err
	}
	defer saved.Close() //nolint:errcheck // read only: nothing can be lost by it
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(renameArchived(file, silence.heardOf(saved), name), file.Close())
}

// renameArchived copies an archive of one image under another name. Tagging the image in the engine
// before it is saved would be less work; but whoever then looks for that name in the engine, at the
// same moment, takes the image for the one that upstream publishes.
func renameArchived(to io.Writer, from io.Reader, name string) error {
	archive, copied, named := tar.NewReader(from), tar.NewWriter(to), false
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("read the engine's archive: %w", err)
		}
		switch {
		case slices.Contains(otherManifests, header.Name):
			continue
		case header.Name == manifestFile:
			named = true
			err = copyManifest(copied, archive, name)
		default:
			err = copyEntry(copied, archive, header)
		}
		if err != nil {
			return err
		}
	}
	if !named {
		return fmt.Errorf("the engine's archive has no %s", manifestFile)
	}
	return copied.Close()
}

func copyEntry(to *tar.Writer, from *tar.Reader, header *tar.Header) error {
	if err := to.WriteHeader(header); err != nil {
		return err
	}
	if _, err := io.Copy(to, from); err != nil {
		return fmt.Errorf("copy %s of the engine's archive: %w", header.Name, err)
	}
	return nil
}

// copyManifest changes the name in a manifest and nothing else.
func copyManifest(to *tar.Writer, from io.Reader, name string) error {
	var images []map[string]any
	if err := json.NewDecoder(from).Decode(&images); err != nil {
		return fmt.Errorf("read %s of the engine's archive: %w", manifestFile, err)
	}
	if len(images) != 1 {
		return fmt.Errorf("the engine's archive holds %d images instead of one", len(images))
	}
	images[0]["RepoTags"] = []string{name}
	content, err := json.Marshal(images)
	if err != nil {
		return err
	}
	return addContent(to, manifestFile, content)
}
