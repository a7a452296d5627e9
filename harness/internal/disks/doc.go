// Package disks keeps which node each disk of a topology is attached to, and refuses what no provider
// would do. The lab and the machines in memory that stand for one share it; only they import it.
//
//	disks := disks.New(topology)
//	err := disks.Attach("data", "web-2", func(disk harness.Disk) error { return plugIn(disk) })
//	err = disks.Detach("data", func(disk harness.Disk, node string) error { return pullOut(disk, node) })
//	attached := disks.On("web-2")
package disks
