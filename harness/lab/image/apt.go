package image

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// An aptClient has this machine's apt find and fetch packages of one Debian release. apt verifies them with the machine's own
// keys, from the machine's own sources. It works in folders of its own, as whoever runs it, and installs nothing.
type aptClient struct {
	folder       string // what apt keeps
	release      string // such as "bookworm"
	architecture string // in Debian's spelling
	settings     string // of apt, in its own words, besides the machine's and ours; tests name their sources here
}

// A debPackage is a package with its file.
type debPackage struct {
	name  string
	entry string // of the package in the signed list of its source
	path  string // of the file
}

// aptConfiguration is read after the machine's own, of which it keeps how to reach the sources. The hooks go because they
// change the machine, and so does what would accept a package that nobody has signed.
const aptConfiguration = `#clear APT::Architectures;
#clear APT::Update;
#clear DPkg::Pre-Invoke;
#clear DPkg::Post-Invoke;
#clear DPkg::Pre-Install-Pkgs;
APT::Architecture "%[2]s";
APT::Architectures:: "%[2]s";
APT::Default-Release "";
APT::Get::AllowUnauthenticated "false";
APT::Get::Assume-Yes "true";
APT::Install-Recommends "false";
APT::Install-Suggests "false";
APT::Sandbox::User "%[3]s";
Acquire::AllowInsecureRepositories "false";
Acquire::AllowWeakRepositories "false";
Acquire::AllowDowngradeToInsecureRepositories "false";
Acquire::ForceHash "SHA256";
Acquire::Languages "none";
Acquire::Retries "3";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
Acquire::IndexTargets::deb::DEP-11-icons-small::DefaultEnabled "false";
Acquire::IndexTargets::deb::DEP-11-icons::DefaultEnabled "false";
Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled "false";
Acquire::IndexTargets::deb-src::Sources::DefaultEnabled "false";
Debug::NoLocking "true";
Dir::Cache "%[1]s/cache";
Dir::Cache::archives "archives";
Dir::Cache::pkgcache "pkgcache.bin";
Dir::Cache::srcpkgcache "srcpkgcache.bin";
Dir::Etc::preferences "%[1]s/preferences";
Dir::Etc::preferencesparts "/dev/null";
Dir::State "%[1]s/state";
Dir::State::status "%[1]s/status";
quiet "1";
`

// aptPreferences lets in what Debian publishes for the release, and nothing from other sources that the machine may have.
const aptPreferences = `Package: *
Pin: release o=Debian, n=%[1]s
Pin-Priority: 500

Package: *
Pin: release o=Debian, n=%[1]s-security
Pin-Priority: 500

Package: *
Pin: release o=Debian, n=%[1]s-updates
Pin-Priority: 500

Package: *
Pin: release o=*
Pin-Priority: -1
`

// nobodyElse keeps apt from becoming its own user, who cannot enter the folder of whoever runs it; root would be left.
const nobodyElse = "root"

// prepare writes what apt is told and the folders that it wants.
func (a aptClient) prepare() error {
	for _, folder := range []string{"state/lists/partial", "cache/archives/partial", "none/partial"} {
		if err := os.MkdirAll(filepath.Join(a.folder, folder), 0o755); err != nil {
			return fmt.Errorf("make a folder for apt: %w", err)
		}
	}
	for name, content := range map[string]string{
		"apt.conf":    fmt.Sprintf(aptConfiguration, a.folder, a.architecture, nobodyElse) + a.settings,
		"preferences": fmt.Sprintf(aptPreferences, a.release),
		"status":      "", // nothing is installed: apt then names all that is needed
	} {
		if err := os.WriteFile(filepath.Join(a.folder, name), []byte(content), 0o644); err != nil {
			return fmt.Errorf("tell apt what to do: %w", err)
		}
	}
	return nil
}

// update fetches and verifies the lists of packages.
func (a aptClient) update(ctx context.Context) error {
	return a.run(ctx, nil, "apt-get", "update")
}

// listsAge is how old the lists may be: all images of a run get the same packages, from one look at the sources.
const listsAge = time.Hour

// updateIfOld updates the lists unless somebody has done so lately.
func (a aptClient) updateIfOld(ctx context.Context) error {
	stamp := filepath.Join(a.folder, "updated")
	if state, err := os.Stat(stamp); err == nil && time.Since(state.ModTime()) < listsAge {
		return nil
	}
	if err := a.update(ctx); err != nil {
		return err
	}
	if err := os.WriteFile(stamp, nil, 0o644); err != nil {
		return fmt.Errorf("note when apt's lists were updated: %w", err)
	}
	return nil
}

// fetch returns the named packages, the minimal system that they need and everything between, verified.
func (a aptClient) fetch(ctx context.Context, names []string) ([]debPackage, error) {
	entries, err := a.available(ctx)
	if err != nil {
		return nil, err
	}
	wanted := append(minimalSystem(entries), names...)
	var packages []debPackage
	// With a folder of archives that is empty, apt names all of them.
	list := []string{"apt-get", "-o", "Dir::Cache::archives=" + filepath.Join(a.folder, "none"), "--print-uris", "install"}
	if err := a.run(ctx, func(line string) {
		if found := packageURI.FindStringSubmatch(line); found != nil {
			packages = append(packages, a.fetched(found[1], found[2], entries))
		}
	}, append(list, wanted...)...); err != nil {
		return nil, err
	}
	return packages, a.run(ctx, nil, append([]string{"apt-get", "--download-only", "install"}, wanted...)...)
}

// packageURI is a line of `apt-get --print-uris`: where a package is, and what its file is called here.
var packageURI = regexp.MustCompile(`^'([^']+)' (\S+\.deb) \d+ SHA256:[0-9a-f]+$`)

// fetched is the package that apt keeps in a file, or finds at a source that is a folder of this machine: from there it
// fetches none.
func (a aptClient) fetched(uri, file string, entries map[string]string) debPackage {
	name, _, _ := strings.Cut(file, "_")
	path := filepath.Join(a.folder, "cache", "archives", file)
	if local, found := strings.CutPrefix(uri, "file:"); found {
		if unescaped, err := url.PathUnescape(local); err == nil {
			path = filepath.Clean(unescaped)
		}
	}
	return debPackage{name, entries[name], path}
}

// available is what the sources' lists say of each package, by name.
func (a aptClient) available(ctx context.Context) (map[string]string, error) {
	entries, entry := map[string]string{}, []string(nil)
	keep := func() {
		if len(entry) > 0 {
			name, _ := field(entry[0], "Package")
			entries[name] = strings.Join(entry, "\n")
		}
		entry = nil
	}
	err := a.run(ctx, func(line string) {
		if line == "" {
			keep()
			return
		}
		entry = append(entry, line)
	}, "apt-cache", "dumpavail")
	if err != nil {
		return nil, err
	}
	keep()
	if len(entries) == 0 {
		return nil, fmt.Errorf("this machine's apt sources have no packages of Debian %s for %s", a.release, a.architecture)
	}
	return entries, nil
}

// field is the value of a field in what a list says of a package.
func field(entry, key string) (string, bool) {
	for line := range strings.Lines(entry) {
		if value, found := strings.CutPrefix(line, key+":"); found {
			return strings.TrimSpace(value), true
		}
	}
	return "", false
}

// minimalSystem names the packages of a minimal system, as debootstrap's variant minbase: those that Debian calls essential or
// required, and apt.
func minimalSystem(entries map[string]string) []string {
	names := []string{"apt"}
	for name, entry := range entries {
		essential, _ := field(entry, "Essential")
		priority, _ := field(entry, "Priority")
		if essential == "yes" || priority == "required" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// run runs a program of apt's and shows each line that it prints to observe, which may be nil.
func (a aptClient) run(ctx context.Context, observe func(string), arguments ...string) error {
	command := exec.Command(arguments[0], arguments[1:]...)
	command.Env = append(os.Environ(),
		"APT_CONFIG="+filepath.Join(a.folder, "apt.conf"), "LC_ALL=C.UTF-8", "DEBIAN_FRONTEND=noninteractive")
	return runCommand(ctx, command, func(line string) bool {
		if observe != nil {
			observe(line)
		}
		return observe != nil && !strings.HasPrefix(line, "E: ") && !strings.HasPrefix(line, "W: ")
	})
}

// AptSources tells whether this machine's apt has packages of a Debian release: nil, or what is amiss.
func AptSources(ctx context.Context, release string) error {
	for _, tool := range []string{"apt-get", "apt-cache", "dpkg-deb"} {
		if _, err := exec.LookPath(tool); err != nil {
			return fmt.Errorf("this machine has no %s", tool)
		}
	}
	const format = "$(RELEASE) $(CODENAME) $(ORIGIN)"
	command := exec.CommandContext(ctx, "apt-get", "indextargets", "--format", format, "Created-By: Packages")
	output, err := command.Output()
	if err != nil {
		return fmt.Errorf("this machine's apt does not tell its sources: %w", err)
	}
	system := readOSRelease("/etc/os-release")
	for line := range strings.Lines(string(output)) {
		fields := append(strings.Fields(line), "", "", "")
		suite, codename, origin := fields[0], fields[1], fields[2]
		// Until its lists were fetched once, apt knows no more than what the sources say; those may say "stable".
		named := suite == release || suite == "stable" && system["VERSION_CODENAME"] == release
		if codename == release && origin == "Debian" || codename == "" && named && system["ID"] == "debian" {
			return nil
		}
	}
	name := cmp.Or(system["PRETTY_NAME"], "of an unknown system")
	return fmt.Errorf("this machine (%s) has no apt source of Debian %s", name, release)
}

// readOSRelease reads which system a machine runs.
func readOSRelease(path string) map[string]string {
	values := map[string]string{}
	file, err := os.Open(path)
	if err != nil {
		return values
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if key, value, found := strings.Cut(lines.Text(), "="); found {
			values[key] = strings.Trim(value, `"'`)
		}
	}
	return values
}

// indexed is what the package's source says of it, as a source that is a folder of this machine would. Its checksum stays that
// of the signed list.
func (p debPackage) indexed() string {
	var kept []string
	for line := range strings.Lines(p.entry) {
		if !strings.HasPrefix(line, "Filename:") {
			kept = append(kept, strings.TrimRight(line, "\n"))
		}
	}
	return strings.Join(append(kept, "Filename: ./"+p.file()), "\n") + "\n\n"
}

// file is what the package's file is called in a build. apt decodes the name that the archive has.
func (p debPackage) file() string { return p.name + ".deb" }
