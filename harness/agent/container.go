package agent

import (
	"embed"
	"io/fs"
	"strconv"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/agent/internal/protocol"
)

// Lease is for how long a node outlives its harness.
const Lease = protocol.Lease

//go:embed image/Dockerfile
var recipe embed.FS

// Image is the container image of the agent: its static program and nothing else, in a volume that
// the system's container mounts too (volumes-from).
func Image() harness.Image {
	files, err := fs.Sub(recipe, "image")
	if err != nil {
		panic(err) // the folder is embedded above
	}
	return harness.Image{
		Name: "agent", Version: strconv.Itoa(protocol.Version),
		Recipe: harness.Recipe{
			Files: files,
			Binaries: []harness.GoBinary{{
				Name: "reprise-agent", Package: "github.com/reprise-dr/reprise/harness/agent/cmd/reprise-agent", LinkerFlags: "-s -w",
			}},
		},
	}
}

// Capabilities are those the agent's container needs. Drop all others.
func Capabilities() []string { return []string{"NET_ADMIN", "NET_RAW", "KILL"} }

// SuperviseEntrypoint is the entrypoint of the system's container: a supervisor that stands for the
// node's hardware and its init system, and starts the system's command when told. It replaces the
// image's entrypoint; there is no command besides. It has to be started as root ([SupervisorUser]), whoever the system's main
// process runs as. Command and User say what is started and as whom: what they leave to the image has to be filled in before.
//
// For a system that runs containers of its own it also lets mounts be shared with them, lets it manage
// cgroups, and puts copies of the kernel's settings that kubelets write in front of the machine's own.
func SuperviseEntrypoint(system harness.System) []string {
	entrypoint := []string{harness.AgentPath, "supervise"}
	if system.Cgroups {
		entrypoint = append(entrypoint, "--cgroups")
	}
	if system.Containers {
		entrypoint = append(entrypoint, "--containers")
	}
	if system.Restart > 0 {
		entrypoint = append(entrypoint, "--restart="+system.Restart.String())
	}
	if system.User != "" {
		entrypoint = append(entrypoint, "--user="+system.User)
	}
	entrypoint = append(entrypoint, "--")
	return append(entrypoint, system.Command...)
}

// SupervisorUser is who the supervisor runs as: root, by its number, since an image need not have names.
const SupervisorUser = "0"

// Folders in a system's container that volumes belong in, see [harness.System.SystemDisk] and
// [harness.Disk]. One with a system disk needs a volume of its own at the first, which must not be the
// container's root: a loop device on an overlay is unsound. All systems that disks can be attached to
// share one volume at the second.
const (
	SystemDiskFolder = protocol.SystemDiskFolder
	DisksFolder      = protocol.DisksFolder
)

// TrialEntrypoint is the entrypoint of a container of [Image] that tries what a system's container with
// Containers set must be able to do, with a volume to try it on. It exits with 1 and a sentence when
// something cannot be done.
func TrialEntrypoint(disk string) []string { return []string{harness.AgentPath, "trial", disk} }

// DisksTrialEntrypoint is the same for a container that has disks, see [harness.System.SystemDisk].
func DisksTrialEntrypoint(disk string) []string {
	return []string{harness.AgentPath, "trial", "--disks", disk}
}
