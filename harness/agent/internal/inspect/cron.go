//go:build linux

package inspect

import (
	"context"
	"path"
	"strings"

	"github.com/reprise-dr/reprise/harness"
)

// cron reads the tables line by line, so that a difference names the job, and lists the scripts of the
// folders that a table runs.
func (l *look) cron(context.Context) ([]harness.Trait, error) {
	tables := []string{"/etc/crontab", "/etc/anacrontab"}
	for _, folder := range []string{"/etc/cron.d", "/var/spool/cron/crontabs"} {
		entries, err := l.entries(folder)
		if err != nil {
			return nil, err
		}
		for _, entry := range entries {
			// cron does not read names with a dot either: a package's leftovers, its own temporary files.
			if entry.Type().IsRegular() && !strings.Contains(entry.Name(), ".") {
				tables = append(tables, path.Join(folder, entry.Name()))
			}
		}
	}
	var traits []harness.Trait
	for _, table := range tables {
		content, err := l.readOptional(table)
		if err != nil {
			return nil, err
		}
		for line := range linesOf(content) {
			traits = append(traits, harness.Trait{
				Kind: harness.KindCron,
				Key:  shortened(table + ": " + strings.Join(strings.Fields(line), " ")), Value: "scheduled",
			})
		}
	}
	for _, folder := range []string{"/etc/cron.hourly", "/etc/cron.daily", "/etc/cron.weekly", "/etc/cron.monthly"} {
		entries, err := l.entries(folder)
		if err != nil {
			return nil, err
		}
		for _, entry := range entries {
			info, err := entry.Info()
			if err == nil && !strings.Contains(entry.Name(), ".") && info.Mode().Perm()&0o111 != 0 {
				traits = append(traits, harness.Trait{Kind: harness.KindCron, Key: path.Join(folder, entry.Name()), Value: "scheduled"})
			}
		}
	}
	return traits, nil
}
