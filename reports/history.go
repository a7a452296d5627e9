package reports

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// A history is the geometry of a register's picture: a lane per client, a bar per operation from its
// call to its return. Places are pixels. The order of all calls and returns is exact, and that is all
// that linearizability asks for; distances are stretched where a label needs room, for a read of a
// millisecond may stand beside a write that took a second.
type history struct {
	Width, Height, Axis int
	Lanes               []historyLane
	Bars                []operationBar
	Ticks               []historyTick
	Shown, LeftOut      int // operations
	BadLeftOut          int // of those left out, the ones that no order explains
	// From is where the first operation shown begins, an offset from the drill's start: the ticks count
	// from there.
	From time.Duration
	Key  int
}

type historyLane struct {
	Y     int
	Label string
}

type historyTick struct {
	X     int
	Label string
}

// An operationBar is one operation. Tail is how far an unknown one fades out.
type operationBar struct {
	X, Y, Width, Tail   int
	Class, Label, Title string
	Bad                 bool
}

// The measures of the picture in pixels.
const (
	historyLaneHeight = 34
	historyMargin     = 66 // for the clients' names
	characterWidth    = 7
	leastStep         = 5  // between two moments
	mostStep          = 60 // however long nothing happens
	tickDistance      = 110
)

// historyLimit is how many operations a reader can take in; historyContext is how many of them stand
// before and after those that no order explains.
const (
	historyLimit   = 48
	historyContext = 10
)

// drawHistory lays the kept history of a register out; nil when there is none.
func drawHistory(register harness.RecordRegister) *history {
	if len(register.History) == 0 {
		return nil
	}
	operations := slices.Clone(register.History)
	slices.SortStableFunc(operations, func(a, b harness.Operation) int { return cmp.Compare(a.Call, b.Call) })
	from, to := historyWindow(operations)
	shown := operations[from:to]
	h := &history{Shown: len(shown), LeftOut: len(operations) - len(shown), From: shown[0].Call, Key: shown[0].Key}
	for _, operation := range slices.Concat(operations[:from], operations[to:]) {
		if operation.Bad {
			h.BadLeftOut++
		}
	}
	lanes := h.addLanes(shown)
	places, end := historyPlaces(shown)
	h.Width = end + historyMargin/2
	for i, operation := range shown {
		h.Bars = append(h.Bars, h.bar(operation, places[i], lanes[operation.Client], h.tailOf(shown, places, i)))
	}
	h.addTicks(shown, places)
	h.Height = h.Axis + axisHeight
	return h
}

// historyWindow chooses what is drawn of a long history: the operations that no order explains and
// their neighbours; of too many the last ones, for there the contradiction came to light.
func historyWindow(operations []harness.Operation) (from, to int) {
	if len(operations) <= historyLimit {
		return 0, len(operations)
	}
	isBad := func(operation harness.Operation) bool { return operation.Bad }
	first := slices.IndexFunc(operations, isBad)
	if first < 0 {
		return len(operations) - historyLimit, len(operations)
	}
	last := first
	for i, operation := range operations {
		if operation.Bad {
			last = i
		}
	}
	to = min(len(operations), last+1+historyContext)
	from = max(0, first-historyContext, to-historyLimit)
	return from, to
}

// addLanes gives each client a lane, in the order of their numbers.
func (h *history) addLanes(shown []harness.Operation) map[int]int {
	var clients []int
	for _, operation := range shown {
		if !slices.Contains(clients, operation.Client) {
			clients = append(clients, operation.Client)
		}
	}
	slices.Sort(clients)
	lanes := map[int]int{}
	for i, client := range clients {
		lanes[client] = 6 + i*historyLaneHeight
		h.Lanes = append(h.Lanes, historyLane{Y: lanes[client], Label: fmt.Sprintf("client %d", client)})
	}
	h.Axis = 6 + len(clients)*historyLaneHeight
	return lanes
}

// A historyPlace is where an operation begins and ends.
type historyPlace struct{ call, ret int }

// historyPlaces puts calls and returns into their order. Every bar gets room for its label; time that
// passes moves a place on by its share of the whole, within limits.
func historyPlaces(shown []harness.Operation) (places []historyPlace, end int) {
	type event struct {
		at    time.Duration
		index int
		call  bool
	}
	var events []event
	for i, operation := range shown {
		events = append(events, event{operation.Call, i, true}, event{max(operation.Return, operation.Call), i, false})
	}
	slices.SortStableFunc(events, func(a, b event) int { return cmp.Compare(a.at, b.at) })
	whole := max(events[len(events)-1].at-events[0].at, 1)
	places = make([]historyPlace, len(shown))
	x, last := historyMargin, events[0].at
	for _, one := range events {
		if one.at > last {
			x += min(max(int(600*(one.at-last)/whole), leastStep), mostStep)
			last = one.at
		}
		if one.call {
			places[one.index].call = x
			continue
		}
		x = max(x, places[one.index].call+characterWidth*len([]rune(operationLabel(shown[one.index])))+8)
		places[one.index].ret = x
	}
	return places, x
}

// tailOf is how far an operation of unknown outcome fades out: to the client's next one, or the end.
func (h *history) tailOf(shown []harness.Operation, places []historyPlace, index int) int {
	if shown[index].Outcome != harness.OperationUnknown {
		return 0
	}
	end := h.Width
	for i, operation := range shown {
		if operation.Client == shown[index].Client && places[i].call >= places[index].ret && i != index {
			end = min(end, places[i].call)
		}
	}
	return max(0, end-places[index].ret)
}

func (h *history) bar(operation harness.Operation, place historyPlace, y, tail int) operationBar {
	one := operationBar{
		X: place.call, Y: y, Width: place.ret - place.call, Tail: tail, Bad: operation.Bad,
		Class: "done", Label: operationLabel(operation),
		Title: fmt.Sprintf("client %d: %s, called at %s, returned %s later, %s", operation.Client, operationWords(operation),
			offset(operation.Call-h.From), FormatDuration(operation.Return-operation.Call), operation.Outcome),
	}
	switch {
	case operation.Bad:
		one.Class = "bad"
		one.Title += ": no order explains it"
	case operation.Outcome == harness.OperationRefused:
		one.Class = "refused"
	case operation.Outcome == harness.OperationUnknown:
		one.Class = "unknown"
	}
	return one
}

// operationLabel is what stands in a bar: "w 3", "r 2", "cas 1→2", with what is special about it.
func operationLabel(operation harness.Operation) string {
	label := fmt.Sprintf("w %d", operation.Value)
	switch operation.Kind {
	case harness.OperationRead:
		label = "r " + registerValue(operation.Value)
		if operation.Outcome != harness.OperationDone {
			label = "r" // it found nothing out
		}
	case harness.OperationCompareAndSet:
		label = fmt.Sprintf("cas %s→%d", registerValue(operation.Expected), operation.Value)
	}
	switch operation.Outcome {
	case harness.OperationRefused:
		label += " no"
	case harness.OperationUnknown:
		label += " ?"
	}
	if operation.Bad {
		label = "✗ " + label
	}
	return label
}

func operationWords(operation harness.Operation) string {
	switch operation.Kind {
	case harness.OperationRead:
		if operation.Outcome != harness.OperationDone {
			return "read"
		}
		return "read " + registerValue(operation.Value)
	case harness.OperationCompareAndSet:
		return fmt.Sprintf("compare-and-set %s→%d", registerValue(operation.Expected), operation.Value)
	}
	return fmt.Sprintf("write %d", operation.Value)
}

// registerValue writes a value; 0 stands for a key that is not there.
func registerValue(value int) string {
	if value == 0 {
		return "none"
	}
	return fmt.Sprint(value)
}

// addTicks tells the time at some of the calls.
func (h *history) addTicks(shown []harness.Operation, places []historyPlace) {
	next := 0
	for i, operation := range shown {
		if x := places[i].call; x >= next {
			h.Ticks = append(h.Ticks, historyTick{X: x, Label: offset(operation.Call - h.From)})
			next = x + tickDistance
		}
	}
}
