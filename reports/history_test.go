package reports

import (
	"strings"
	"testing"
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// long is a history in which every operation of client 0 is followed by one of client 1.
func long(count int, bad func(int) bool) harness.RecordRegister {
	register := harness.RecordRegister{Name: "long", Linearizable: harness.NotLinearizable}
	for i := range count {
		register.History = append(register.History, harness.Operation{
			Client: i % 2, Key: 1, Kind: harness.OperationWrite, Value: i + 1, Outcome: harness.OperationDone,
			Call: time.Duration(i) * time.Millisecond, Return: time.Duration(i)*time.Millisecond + 1500*time.Microsecond, Bad: bad(i),
		})
	}
	return register
}

// TestHistoryKeepsTheOrder proves what the picture is for. Goal: whatever returned before another
// operation's call stands left of it, concurrent operations overlap, and no label is cut. Method:
// compare every two operations of the made-up history.
func TestHistoryKeepsTheOrder(t *testing.T) {
	register := madeUpDrill(t, "not-linearizable").Registers[0]
	places, _ := historyPlaces(register.History)
	for i, a := range register.History {
		if room := places[i].ret - places[i].call; room < characterWidth*len([]rune(operationLabel(a))) {
			t.Errorf("%q has %d pixels", operationLabel(a), room)
		}
		for j, b := range register.History {
			if (a.Return < b.Call) != (places[i].ret < places[j].call) && a.Return != b.Call {
				t.Errorf("%q returned at %v, %q was called at %v, but they stand at %d and %d",
					operationLabel(a), a.Return, operationLabel(b), b.Call, places[i].ret, places[j].call)
			}
		}
	}
}

// TestHistoryShowsTheContradiction proves that a long history is cut around what no order explains,
// and that nothing is left out in silence. Method: histories with marks at different places.
func TestHistoryShowsTheContradiction(t *testing.T) {
	for name, test := range map[string]struct {
		register               harness.RecordRegister
		shown, bad, badLeftOut int
	}{
		"short":   {long(20, func(i int) bool { return i == 3 }), 20, 1, 0},
		"middle":  {long(500, func(i int) bool { return i == 200 || i == 204 }), 2*historyContext + 5, 2, 0},
		"the end": {long(500, func(i int) bool { return i == 499 }), historyContext + 1, 1, 0},
		"too many": {
			long(500, func(i int) bool { return i > 100 && i < 400 }), historyLimit, historyLimit - historyContext,
			299 - historyLimit + historyContext,
		},
		"none marked": {long(500, func(int) bool { return false }), historyLimit, 0, 0},
	} {
		drawn := drawHistory(test.register)
		bad := 0
		for _, one := range drawn.Bars {
			if one.Bad != (one.Class == "bad") || one.Bad != strings.HasPrefix(one.Label, "✗ ") {
				t.Errorf("%s: %+v is not marked by pattern and text alike", name, one)
			}
			if one.Bad {
				bad++
			}
			if one.X+one.Width+one.Tail > drawn.Width || one.Y+22 > drawn.Axis {
				t.Errorf("%s: %+v lies outside of %d times %d", name, one, drawn.Width, drawn.Axis)
			}
		}
		if drawn.Shown != test.shown || bad != test.bad || drawn.BadLeftOut != test.badLeftOut ||
			drawn.Shown+drawn.LeftOut != len(test.register.History) {
			t.Errorf("%s: %d shown, %d of them bad, %d left out, %d of them bad", name, drawn.Shown, bad, drawn.LeftOut, drawn.BadLeftOut)
		}
	}
	if drawHistory(harness.RecordRegister{}) != nil {
		t.Error("a register without a history has a picture")
	}
}

// TestHistoryLabels checks what stands in the bars. Method: one operation of each kind and outcome.
func TestHistoryLabels(t *testing.T) {
	for want, operation := range map[string]harness.Operation{
		"w 3":         {Kind: harness.OperationWrite, Value: 3, Outcome: harness.OperationDone},
		"w 3 ?":       {Kind: harness.OperationWrite, Value: 3, Outcome: harness.OperationUnknown},
		"w 3 no":      {Kind: harness.OperationWrite, Value: 3, Outcome: harness.OperationRefused},
		"r 2":         {Kind: harness.OperationRead, Value: 2, Outcome: harness.OperationDone},
		"r none":      {Kind: harness.OperationRead, Outcome: harness.OperationDone},
		"r ?":         {Kind: harness.OperationRead, Outcome: harness.OperationUnknown},
		"cas 1→2":     {Kind: harness.OperationCompareAndSet, Expected: 1, Value: 2, Outcome: harness.OperationDone},
		"✗ cas 1→2 ?": {Kind: harness.OperationCompareAndSet, Expected: 1, Value: 2, Outcome: harness.OperationUnknown, Bad: true},
	} {
		if got := operationLabel(operation); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// TestNewFactsAreTold proves that what the newer records know reaches every reader. Method: look for
// each fact in the page, the summary and JUnit's output.
func TestNewFactsAreTold(t *testing.T) {
	unaffectedFailed := madeUpDrill(t, "unaffected-failed")
	for _, test := range []struct {
		fact   string
		record harness.Record
		in     []string
	}{
		{"inconclusive", madeUpDrill(t, "observer-held-up"), []string{"page", "summary", "junit"}},
		{"the observer left out 5 questions", madeUpDrill(t, "observer-held-up"), []string{"page", "summary", "junit"}},
		{"stayed green", unaffectedFailed, []string{"page", "summary", "junit"}},
		{"did not stay green", unaffectedFailed, []string{"page", "summary", "junit"}},
		{"was named as unaffected and failed", unaffectedFailed, []string{"page", "summary", "junit", "table"}},
		{"with a second fault 5.3 s after the first", madeUpDrill(t, "second-fault"), []string{"page", "summary", "junit"}},
		{"no process of nomad-3 is left", madeUpDrill(t, "second-fault"), []string{"page", "summary"}},
		{"consul kv register", madeUpDrill(t, "not-linearizable"), []string{"page", "summary", "junit", "table"}},
		{"56 more left out", madeUpDrill(t, "not-linearizable"), []string{"page"}},
		{"canary answers by name was named as unaffected and failed.", unaffectedFailed, []string{"page", "summary", "junit"}},
		{"consul kv register is not linearizable.", madeUpDrill(t, "not-linearizable"), []string{"page", "summary", "junit"}},
		{"2.72 s ± 21.8 ms", unaffectedFailed, []string{"page", "summary", "junit"}},
		{"2.74 s ± 21.1 ms", unaffectedFailed, []string{"page", "summary", "table"}},
	} {
		run := Run{Records: []harness.Record{judged(test.record)}}
		for _, name := range test.in {
			if text := strings.ReplaceAll(oneLine(render(t, run, name)), "\u00a0", " "); !strings.Contains(text, test.fact) &&
				!strings.Contains(strings.ReplaceAll(text, `<span class="error">`, ""), test.fact) {
				t.Errorf("the %s does not say %q", name, test.fact)
			}
		}
	}
}
