package reports

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// neededSpace is how much a run's folder needs free before the run begins: what hours of drills leave
// must find room.
const neededSpace = 512 << 20

// Prepare makes a run's folder and says what would keep the run from leaving its report there, all of
// which [Write] would find out when the drills are over.
func Prepare(dir string) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return fmt.Errorf("make the run's folder: %w", err)
	}
	if err := inTheWay(dir); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		if at, readErr := os.Readlink(filepath.Dir(dir)); readErr == nil {
			return fmt.Errorf("make the run's folder: %s is a link to %s, where there is no folder: make that, or remove the link",
				filepath.Dir(dir), at)
		}
		return fmt.Errorf("make the run's folder: %w: make the folder above it writable for this user", err)
	}
	probe := filepath.Join(dir, ".written-before-the-run")
	if err := errors.Join(writeFile(probe, make([]byte, 1<<16)), os.Remove(probe)); err != nil {
		return fmt.Errorf("write into the run's folder: %w", err)
	}
	if err := canLinkLatest(dir); err != nil {
		return err
	}
	free, files, freeFiles, err := freeSpace(dir)
	if err != nil {
		return fmt.Errorf("ask how much is free for the report in %s: %w", dir, err)
	}
	return enoughSpace(dir, free, files, freeFiles)
}

// inTheWay names what stands where a folder should.
func inTheWay(dir string) error {
	for path := dir; path != filepath.Dir(path); path = filepath.Dir(path) {
		if info, err := os.Stat(path); err == nil && !info.IsDir() {
			return fmt.Errorf("make the run's folder %s: %s is a file: move it away", dir, path)
		}
	}
	return nil
}

// enoughSpace refuses a disk on which the report would not find room.
func enoughSpace(dir string, free, files, freeFiles uint64) error {
	const few = 1000 // a run leaves tens of files
	switch {
	case free < neededSpace:
		return fmt.Errorf("leave a report in %s: %d MiB are free, a run needs %d: make room first: the folders beside it "+
			"are reports of earlier runs",
			dir, free>>20, uint64(neededSpace)>>20)
	case files > 0 && freeFiles < few: // some file systems do not count
		return fmt.Errorf("leave a report in %s: the disk has room for %d more files only: make room first", dir, freeFiles)
	}
	return nil
}

// canLinkLatest says what would keep the link "latest" from being turned to the folder.
func canLinkLatest(dir string) error {
	link, _, err := latestLink(dir)
	if err != nil || link == dir {
		return err
	}
	temporary := temporaryLink(dir)
	if err := errors.Join(os.Symlink(filepath.Base(dir), temporary), os.Remove(temporary)); err != nil {
		return fmt.Errorf("link the latest report: %w", err)
	}
	return nil
}

// latestLink is where the link beside the folder is, and whether it leads anywhere. What is in its way is an error.
func latestLink(dir string) (link string, leads bool, err error) {
	link = filepath.Join(filepath.Dir(dir), latest)
	if link == dir {
		return link, true, nil // the caller writes to "latest" itself
	}
	info, err := os.Lstat(link)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return link, false, nil
	case err != nil:
		return "", false, fmt.Errorf("link the latest report: %w", err)
	case info.Mode()&fs.ModeSymlink == 0:
		return "", false, fmt.Errorf("link the latest report: %s is in the way: it is not a link: move it away", link)
	}
	_, err = os.Stat(link)
	return link, err == nil, nil
}

// temporaryLink is the name under which a link to the folder is made.
func temporaryLink(dir string) string {
	return filepath.Join(filepath.Dir(dir), fmt.Sprintf(".%s.%d", latest, os.Getpid()))
}
