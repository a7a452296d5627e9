package disks

import (
	"errors"
	"fmt"
	"sync"

	"github.com/reprise-dr/reprise/harness"
)

// A Attachments is the provider's list of disks. It may be used by several goroutines: what is done to disks
// is done one after the other.
type Attachments struct {
	topology harness.Topology

	doing sync.Mutex // held while a disk is moved

	mu sync.Mutex
	at map[string]string // disk -> node; nothing for one that is attached nowhere
}

// New makes the list with every disk where its topology has it at first.
func New(topology harness.Topology) *Attachments {
	c := &Attachments{topology: topology, at: map[string]string{}}
	for _, disk := range topology.Disks {
		if disk.Node != "" {
			c.at[disk.Name] = disk.Node
		}
	}
	return c
}

// On lists the disks that are attached to a node, in the topology's order.
func (c *Attachments) On(node string) []harness.Disk {
	c.mu.Lock()
	defer c.mu.Unlock()
	var found []harness.Disk
	for _, disk := range c.topology.Disks {
		if c.at[disk.Name] == node {
			found = append(found, disk)
		}
	}
	return found
}

// Attach attaches a disk to a node by means of do, which is not called when the disk is there already. A
// disk that is attached to another node is refused. What do says is returned as it is.
func (c *Attachments) Attach(name, node string, do func(harness.Disk) error) error {
	c.doing.Lock()
	defer c.doing.Unlock()
	disk, there, err := c.look(name, node)
	if err != nil {
		return fmt.Errorf("attach disk %s to %s: %w", name, node, err)
	}
	if there {
		return nil
	}
	if err := do(disk); err != nil {
		return err
	}
	c.put(name, node)
	return nil
}

// look finds a disk that may be attached to a node, and tells whether it is there already.
func (c *Attachments) look(name, on string) (disk harness.Disk, there bool, err error) {
	if disk, err = c.find(name); err != nil {
		return disk, false, err
	}
	node, ok := c.topology.Node(on)
	now := c.where(name)
	switch {
	case !ok:
		return disk, false, c.topology.UnknownNode(on)
	case !node.System.TakesDisks():
		return disk, false, errors.New("the node's system lacks the capability SYS_ADMIN, without which nothing can be mounted")
	case now != "" && now != on:
		return disk, false, fmt.Errorf("it is still attached to %s: detach it there first", now)
	}
	return disk, now == on, nil
}

// Detach takes a disk away from the node it is attached to by means of do, which is not called when it is
// attached nowhere. What do says is returned as it is.
func (c *Attachments) Detach(name string, do func(disk harness.Disk, node string) error) error {
	c.doing.Lock()
	defer c.doing.Unlock()
	disk, err := c.find(name)
	if err != nil {
		return fmt.Errorf("detach disk %s: %w", name, err)
	}
	node := c.where(name)
	if node == "" {
		return nil
	}
	if err := do(disk, node); err != nil {
		return err
	}
	c.put(name, "")
	return nil
}

func (c *Attachments) find(name string) (harness.Disk, error) {
	disk, ok := c.topology.Disk(name)
	if !ok {
		return harness.Disk{}, c.topology.UnknownDisk(name)
	}
	return disk, nil
}

func (c *Attachments) where(disk string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at[disk]
}

func (c *Attachments) put(disk, node string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if node == "" {
		delete(c.at, disk)
		return
	}
	c.at[disk] = node
}
