//go:build linux

package inspect

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/reprise-dr/reprise/harness"
)

// runitFolders are where runsvdir is told to look, by custom. Of two that are one folder the first counts.
var runitFolders = []string{"/etc/service", "/service", "/var/service"}

// services lists what an init system starts by itself: runit's services, systemd's enabled units and
// the links that the old init follows.
func (l *look) services(context.Context) ([]harness.Trait, error) {
	var traits []harness.Trait
	for _, collect := range []func() ([]harness.Trait, error){l.runit, l.systemd, l.oldInit} {
		found, err := collect()
		if err != nil {
			return nil, err
		}
		traits = append(traits, found...)
	}
	return traits, nil
}

func (l *look) runit() ([]harness.Trait, error) {
	var traits []harness.Trait
	var seen []string
	for _, folder := range runitFolders {
		real, err := filepath.EvalSymlinks(l.at(folder))
		if err != nil || slices.Contains(seen, real) {
			continue // it is not there, or is another name
		}
		seen = append(seen, real)
		entries, err := os.ReadDir(real)
		if err != nil {
			return nil, l.named(folder, err)
		}
		for _, entry := range entries {
			if strings.HasPrefix(entry.Name(), ".") || entry.Type().IsRegular() {
				continue
			}
			value := "enabled"
			if _, err := os.Stat(filepath.Join(real, entry.Name(), "down")); err == nil {
				value = "down until somebody starts it"
			}
			if target, err := os.Readlink(filepath.Join(real, entry.Name())); err == nil {
				value += ", in " + target
			}
			traits = append(traits, harness.Trait{Kind: harness.KindService, Key: "runit " + entry.Name(), Value: value})
		}
	}
	return traits, nil
}

// systemd lists the links in the folders of what a target wants.
func (l *look) systemd() ([]harness.Trait, error) {
	const units = "/etc/systemd/system"
	folders, err := l.entries(units)
	if err != nil {
		return nil, err
	}
	var traits []harness.Trait
	for _, folder := range folders {
		if ending := path.Ext(folder.Name()); !folder.IsDir() || ending != ".wants" && ending != ".requires" {
			continue
		}
		entries, err := l.entries(path.Join(units, folder.Name()))
		if err != nil {
			return nil, err
		}
		for _, unit := range entries {
			traits = append(traits, harness.Trait{
				Kind: harness.KindService, Key: "systemd " + unit.Name() + " in " + folder.Name(),
				Value: "enabled",
			})
		}
	}
	return traits, nil
}

// oldInit lists the links /etc/rc2.d/S01name of the runlevels that a machine boots into.
func (l *look) oldInit() ([]harness.Trait, error) {
	var traits []harness.Trait
	for _, folder := range []string{"/etc/rcS.d", "/etc/rc2.d", "/etc/rc3.d", "/etc/rc4.d", "/etc/rc5.d"} {
		entries, err := l.entries(folder)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		for _, entry := range entries {
			if strings.HasPrefix(entry.Name(), "S") {
				traits = append(traits, harness.Trait{
					Kind: harness.KindService, Key: "init " + path.Join(path.Base(folder), entry.Name()),
					Value: "enabled",
				})
			}
		}
	}
	return traits, nil
}
