package lab

import (
	"testing"
	"time"
)

// Goal: the stages of a start add up to it, and each lasts until its last node. Method: two nodes
// that overtake each other, and the observer, which has no system.
func TestStages(t *testing.T) {
	began := time.Now()
	at := func(seconds int) time.Time { return began.Add(time.Duration(seconds) * time.Second) }
	lab := &Lab{started: began, nodes: map[string]*node{
		"observer": {reached: milestones{agent: at(5)}},
		"early":    {reached: milestones{agent: at(4), system: at(6), process: at(7)}},
		"late":     {reached: milestones{agent: at(5), system: at(9), process: at(10)}},
	}}
	want := Stages{Images: time.Second, Networks: 2 * time.Second, Containers: 6 * time.Second, Processes: time.Second}
	if got := lab.timeStages(at(1), at(3)); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
