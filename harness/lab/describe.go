package lab

import (
	"context"
	"strconv"

	"github.com/moby/moby/client"
)

// Engine describes the machine a drill ran on, for its record: what figures from another machine
// would have to be compared with. What the engine does not say is left out.
func (l *Lab) Engine(ctx context.Context) map[string]string {
	described := map[string]string{}
	if version, err := l.engine.ServerVersion(ctx, client.ServerVersionOptions{}); err == nil {
		described["engine"] = version.Version
		described["api"] = version.APIVersion
	}
	if info, err := l.engine.Info(ctx, client.InfoOptions{}); err == nil {
		described["kernel"] = info.Info.KernelVersion
		described["operating system"] = info.Info.OperatingSystem
		described["cgroup version"] = info.Info.CgroupVersion
		described["storage driver"] = info.Info.Driver
		described["processors"] = strconv.Itoa(info.Info.NCPU)
		described["memory"] = strconv.FormatInt(info.Info.MemTotal>>20, 10) + " MiB"
	}
	return described
}
