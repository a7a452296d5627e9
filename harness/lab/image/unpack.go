package image

import (
	"archive/tar"
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/reprise-dr/reprise/harness/lab/engine"
)

// mergedFolders are links to the folders of the same name below /usr. A package that comes with all of Perl would
// make them otherwise, and stay.
var mergedFolders = []string{"bin", "sbin", "lib", "lib32", "lib64", "libx32"}

// alwaysMerged are those that every architecture has.
var alwaysMerged = []string{"bin", "sbin", "lib"}

// unpackSystem writes the files of all packages into one archive, with the owners that they have in the packages: so much
// of a system that its own dpkg can install the packages anew, by which it gets all the rest.
func unpackSystem(ctx context.Context, packages []debPackage, rules []string, target string) error {
	file, err := os.Create(target)
	if err != nil {
		return fmt.Errorf("make a root filesystem: %w", err)
	}
	buffered := bufio.NewWriterSize(file, 1<<20)
	system := &systemArchive{writer: tar.NewWriter(buffered), written: map[string]bool{}, keeps: pathFilter(rules)}
	return errors.Join(system.unpackAll(ctx, packages), system.writer.Close(), buffered.Flush(), file.Close())
}

// A systemArchive is the tar of a system in which / is merged into /usr.
type systemArchive struct {
	writer  *tar.Writer
	written map[string]bool
	keeps   func(path string) bool
}

func (s *systemArchive) unpackAll(ctx context.Context, packages []debPackage) error {
	// The folders of base-files have permissions that others' do not have; the first one counts.
	ordered := slices.Clone(packages)
	slices.SortStableFunc(ordered, func(a, b debPackage) int { return first(b) - first(a) })
	for _, name := range alwaysMerged {
		if err := s.merge(name); err != nil {
			return err
		}
	}
	for _, one := range ordered {
		if err := s.unpack(ctx, one); err != nil {
			return fmt.Errorf("unpack package %s: %w", one.name, err)
		}
	}
	return nil
}

func first(one debPackage) int {
	if one.name == "base-files" {
		return 1
	}
	return 0
}

// merge makes a folder below /usr and the link to it.
func (s *systemArchive) merge(name string) error {
	if s.written[name] {
		return nil
	}
	s.written[name] = true
	if err := s.folder("usr", 0o755); err != nil {
		return err
	}
	if err := s.folder("usr/"+name, 0o755); err != nil {
		return err
	}
	return s.writer.WriteHeader(&tar.Header{Typeflag: tar.TypeSymlink, Name: name, Linkname: "usr/" + name, Mode: 0o777})
}

func (s *systemArchive) folder(name string, mode int64) error {
	if s.written[name] {
		return nil
	}
	s.written[name] = true
	return s.writer.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: name + "/", Mode: mode})
}

// unpack adds the files of one package.
func (s *systemArchive) unpack(ctx context.Context, one debPackage) error {
	command := exec.CommandContext(ctx, "dpkg-deb", "--fsys-tarfile", one.path)
	var said strings.Builder
	command.Stderr = &said
	files, err := command.StdoutPipe()
	if err != nil {
		return err
	}
	if err := command.Start(); err != nil {
		return err
	}
	copied := s.copyAll(tar.NewReader(bufio.NewReaderSize(files, 1<<20)))
	if copied == nil {
		_, copied = io.Copy(io.Discard, files) // what follows the end of the archive
	} else {
		files.Close() // ends the program
	}
	if err := command.Wait(); err != nil && (copied == nil || said.Len() > 0) {
		return fmt.Errorf("%w: %s", engine.CauseOf(ctx, err), strings.TrimSpace(said.String()))
	}
	return engine.CauseOf(ctx, copied)
}

func (s *systemArchive) copyAll(files *tar.Reader) error {
	for {
		header, err := files.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := s.copy(header, files); err != nil {
			return err
		}
	}
}

func (s *systemArchive) copy(header *tar.Header, content io.Reader) error {
	name := path.Clean("/" + header.Name)[1:]
	if name == "" || !s.keeps("/"+name) {
		return nil
	}
	name, err := s.merged(name)
	if err != nil || s.written[name] {
		return err
	}
	s.written[name] = true
	header.Name = name
	switch header.Typeflag {
	case tar.TypeDir:
		header.Name += "/"
	case tar.TypeLink:
		if header.Linkname, err = s.merged(path.Clean("/" + header.Linkname)[1:]); err != nil {
			return err
		}
	}
	if err := s.writer.WriteHeader(header); err != nil {
		return err
	}
	_, err = io.Copy(s.writer, content)
	return err
}

// merged is where a path leads in a system whose / is merged into /usr.
func (s *systemArchive) merged(name string) (string, error) {
	top, _, _ := strings.Cut(name, "/")
	if !slices.Contains(mergedFolders, top) {
		return name, nil
	}
	return "usr/" + name, s.merge(top)
}

// pathFilter applies rules of dpkg's ("path-exclude=PATTERN", "path-include=PATTERN") as it does: the last one that fits counts.
func pathFilter(rules []string) func(path string) bool {
	type rule struct {
		include bool
		fits    *regexp.Regexp
	}
	var compiled []rule
	for _, line := range rules {
		kind, pattern, _ := strings.Cut(line, "=")
		expression := strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(regexp.QuoteMeta(pattern))
		compiled = append(compiled, rule{kind == "path-include", regexp.MustCompile("(?s)^" + expression + "$")})
	}
	return func(path string) bool {
		keeps := true
		for _, one := range compiled {
			if one.fits.MatchString(path) {
				keeps = one.include
			}
		}
		return keeps
	}
}
