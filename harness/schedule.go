package harness

import "time"

// A Schedule says when a question is asked: the k-th one is due Offset plus k periods after the
// first, whatever became of those before it. Waiting for slow answers would ask least when the
// service is worst ("coordinated omission").
type Schedule struct {
	Period time.Duration // must be positive
	// Limit is the time an answer may take; what takes longer is a failure. 0 means two periods, and
	// two seconds at least.
	Limit time.Duration
	// Offset puts the first question off, so that the questions of several probes do not come in bursts.
	Offset time.Duration
	// Aligned asks at the same moments as every other aligned schedule of this process with this period.
	// What is asked at one moment costs one waking of the processor, which is most of the cost of a cheap
	// question; a dear one should rather have an Offset.
	Aligned bool
}

// A Sample is what became of one question.
type Sample struct {
	Due   time.Time // when it should have been asked
	Asked time.Time // when it was; not before Due
	Seen  time.Time // when the answer was there, or the time limit was over
	Err   error     // nil: yes
}
