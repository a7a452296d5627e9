package lab

import "time"

// Stages say what [Start] spent its time on. They follow one another and add up to the whole, as far
// as a person who wants it faster is concerned: nodes boot beside one another, and a stage lasts until
// the last node has left it, so an early node may be a stage ahead.
type Stages struct {
	Images     time.Duration // looking for every image in the engine, or making it
	Networks   time.Duration // sweeping up after dead labs, then creating the networks
	Containers time.Duration // until the last agent answered and the last system was installed
	Processes  time.Duration // from there until the last main process was started, and was ready
}

// milestones are when one node had left each stage of its boot; zero for what it does not have.
type milestones struct {
	agent, system, process time.Time
}

// Stages are those of this lab's start.
func (l *Lab) Stages() Stages { return l.stages }

// timeStages sums up when every node was where.
func (l *Lab) timeStages(resolved, connected time.Time) Stages {
	installed, started := connected, connected
	for _, node := range l.nodes {
		installed = latest(installed, node.reached.agent, node.reached.system)
		started = latest(started, node.reached.process)
	}
	return Stages{
		Images:     resolved.Sub(l.started),
		Networks:   connected.Sub(resolved),
		Containers: installed.Sub(connected),
		Processes:  latest(installed, started).Sub(installed),
	}
}

func latest(moments ...time.Time) time.Time {
	var last time.Time
	for _, moment := range moments {
		if moment.After(last) {
			last = moment
		}
	}
	return last
}
