package image

import (
	"fmt"
	"sync"

	"github.com/moby/moby/api/types/jsonstream"
)

// layers sums up how far the download of an image's layers has come.
type layers struct {
	mu      sync.Mutex
	current map[string]int64 // bytes, by layer
	total   map[string]int64
}

func newLayers() *layers {
	return &layers{current: map[string]int64{}, total: map[string]int64{}}
}

func (l *layers) add(message jsonstream.Message) {
	// "Extracting" counts the same bytes once more, from zero.
	if message.Status != "Downloading" || message.Progress == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.current[message.ID] = message.Progress.Current
	l.total[message.ID] = message.Progress.Total
}

// String tells megabytes, such as "12 of 80 MB".
func (l *layers) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var current, total int64
	for layer := range l.total {
		current += l.current[layer]
		total += l.total[layer]
	}
	return fmt.Sprintf("%d of %d MB", current/1e6, total/1e6)
}
