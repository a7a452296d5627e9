package linearizability

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// Shorthands for operations of key 1: client, from, to (in milliseconds), and what was done.

func operation(client, from, to int, kind harness.OperationKind, expected, value int) harness.Operation {
	return harness.Operation{
		Client: client, Key: 1, Kind: kind, Value: value, Expected: expected, Outcome: harness.OperationDone,
		Call: time.Duration(from) * time.Millisecond, Return: time.Duration(to) * time.Millisecond,
	}
}

func read(client, from, to, value int) harness.Operation {
	return operation(client, from, to, harness.OperationRead, 0, value)
}

func write(client, from, to, value int) harness.Operation {
	return operation(client, from, to, harness.OperationWrite, 0, value)
}

func swap(client, from, to, expected, value int) harness.Operation {
	return operation(client, from, to, harness.OperationCompareAndSet, expected, value)
}

func unknown(o harness.Operation) harness.Operation {
	o.Outcome = harness.OperationUnknown
	return o
}

func refused(o harness.Operation) harness.Operation {
	o.Outcome = harness.OperationRefused
	return o
}

// Goal: every history is judged as the definition of linearizability judges it, and what does not fit is
// the one operation that a person would point at, with the reason.
// Method: small histories of one key by hand, each with the verdict and, when it is "no", the
// operations that are to be marked and words of the explanation.
func TestCheck(t *testing.T) {
	cases := map[string]struct {
		history []harness.Operation
		says    string // part of the explanation; "" means that the history can be explained
		bad     []harness.Operation
	}{
		"sequential": {history: []harness.Operation{
			read(1, 0, 1, 0), write(1, 2, 3, 5), read(1, 4, 5, 5), swap(1, 6, 7, 5, 6),
			read(2, 8, 9, 6),
		}},
		"concurrent reads on both sides of a write": {
			history: []harness.Operation{write(1, 0, 10, 5), read(2, 1, 2, 0), read(3, 3, 4, 5), read(2, 5, 6, 5)},
		},
		"a read goes back behind a read": {
			history: []harness.Operation{write(1, 0, 10, 5), read(2, 1, 2, 5), read(3, 3, 4, 0)},
			says:    "key 1: client 3 found nothing between 0.003 s and 0.004 s, although client 2 had read 5 by 0.002 s",
			bad:     []harness.Operation{read(3, 3, 4, 0)},
		},
		"stale read": {
			history: []harness.Operation{write(1, 0, 1, 5), write(1, 2, 3, 6), read(2, 4, 5, 5), read(2, 6, 7, 6)},
			says:    "client 2 read 5 between 0.004 s and 0.005 s, although client 1 had written 6 by 0.003 s",
			bad:     []harness.Operation{read(2, 4, 5, 5)},
		},
		"lost update": {
			history: []harness.Operation{write(1, 0, 1, 5), swap(1, 2, 5, 5, 6), swap(2, 3, 6, 5, 7), read(1, 7, 8, 7)},
			says:    "client 2 replaced 5 by 7 between 0.003 s and 0.006 s, although client 1 replaced 5 by 6",
			bad:     []harness.Operation{swap(2, 3, 6, 5, 7)},
		},
		"lost write": {
			history: []harness.Operation{write(1, 0, 1, 5), read(2, 4, 5, 0), read(2, 6, 7, 0)},
			says:    "the first of 2 such operations",
			bad:     []harness.Operation{read(2, 4, 5, 0), read(2, 6, 7, 0)},
		},
		"a value out of nowhere": {
			history: []harness.Operation{write(1, 0, 1, 5), read(2, 4, 5, 9)}, says: "which nobody had written",
			bad: []harness.Operation{read(2, 4, 5, 9)},
		},
		"read before it is written": {
			history: []harness.Operation{read(2, 0, 1, 5), write(1, 2, 3, 5)}, says: "before client 1 wrote it at 0.002 s",
			bad: []harness.Operation{read(2, 0, 1, 5)},
		},
		"an unknown write appears later": {history: []harness.Operation{
			unknown(write(1, 0, 1, 5)), read(2, 2, 3, 0),
			read(2, 9, 10, 5),
		}},
		"an unknown write never appears": {history: []harness.Operation{
			unknown(write(1, 0, 1, 5)), read(2, 2, 3, 0),
			write(3, 4, 5, 6), read(2, 9, 10, 6),
		}},
		"an unknown write overtakes an acknowledged": {history: []harness.Operation{
			unknown(write(1, 0, 1, 5)), write(3, 4, 5, 6),
			read(2, 9, 10, 5),
		}},
		"an unknown write appears and goes": {
			history: []harness.Operation{unknown(write(1, 0, 1, 5)), read(2, 2, 3, 5), read(2, 4, 5, 0)}, says: "client 2 found nothing",
			bad: []harness.Operation{read(2, 4, 5, 0)},
		},
		"an unknown write appears before its call": {
			history: []harness.Operation{read(2, 0, 1, 5), unknown(write(1, 2, 3, 5))}, says: "before client 1 wrote it",
			bad: []harness.Operation{read(2, 0, 1, 5)},
		},
		"unknown reads say nothing": {history: []harness.Operation{write(1, 0, 1, 5), unknown(read(2, 2, 3, 77))}},
		"a chain of unknown writes is found at its end": {
			history: []harness.Operation{
				unknown(write(1, 0, 1, 5)), unknown(swap(2, 2, 3, 5, 6)), unknown(swap(3, 4, 5, 6, 7)),
				read(4, 8, 9, 7),
			},
		},
		"an unknown replacement of what is gone": {
			history: []harness.Operation{write(1, 0, 1, 5), write(1, 2, 3, 6), unknown(swap(2, 4, 5, 5, 7)), read(4, 8, 9, 7)},
			says:    "client 4 read 7",
			bad:     []harness.Operation{read(4, 8, 9, 7)},
		},
		"a refused replacement did not happen": {history: []harness.Operation{
			write(1, 0, 1, 5), refused(swap(2, 2, 3, 9, 6)),
			read(1, 4, 5, 5),
		}},
		"a refused write appears": {
			history: []harness.Operation{refused(write(1, 0, 1, 5)), read(2, 2, 3, 5)}, says: "although the write of 5 was refused",
			bad: []harness.Operation{read(2, 2, 3, 5)},
		},
		"answers at the same instant are concurrent": {history: []harness.Operation{
			write(1, 0, 5, 5), read(2, 5, 5, 0),
			read(3, 5, 5, 5),
		}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			found, explanation, marked := Check(t.Context(), c.history)
			var bad []harness.Operation
			for _, operation := range marked {
				if operation.Bad {
					operation.Bad = false
					bad = append(bad, operation)
				}
			}
			want := harness.NotLinearizable
			if c.says == "" {
				want = harness.Linearizable
			}
			if found != want || !strings.Contains(explanation, c.says) || !slices.Equal(bad, c.bad) {
				t.Errorf("found %s: %q, marked %v", found, explanation, bad)
			}
			if c.says == "" && explanation != "" {
				t.Errorf("explained what needs no explanation: %q", explanation)
			}
		})
	}
}

// Goal: keys are registers of their own, and the worst one is shown.
// Method: one key with a stale read, one with two, and one that is fine; the third key's values are not in order.
func TestCheckKeepsKeysApart(t *testing.T) {
	var all []harness.Operation
	for key, stale := range []int{1, 2, 0} {
		for i := range 3 {
			w, r := write(1, 10*i, 10*i+1, i+1), read(2, 10*i+4, 10*i+5, i+1)
			if i > 0 && i <= stale {
				r.Value = i
			}
			w.Key, r.Key = key, key
			all = append(all, w, r)
		}
	}
	found, explanation, marked := Check(t.Context(), all)
	if found != harness.NotLinearizable || !strings.HasPrefix(explanation, "key 1: ") || len(marked) != 6 {
		t.Errorf("found %s: %q with %d operations", found, explanation, len(marked))
	}
}

// Goal: what cannot be checked is never called linearizable or broken.
// Method: histories that break the rules, that are empty, and one whose time is up before it begins.
func TestCheckSaysWhatItCannot(t *testing.T) {
	over, cancel := context.WithCancel(t.Context())
	cancel()
	backwards := read(1, 5, 1, 0)
	odd := read(1, 0, 1, 0)
	odd.Kind = "append"
	for name, c := range map[string]struct {
		ctx     context.Context
		history []harness.Operation
		says    string
	}{
		"a value twice": {t.Context(), []harness.Operation{write(1, 0, 1, 5), write(2, 2, 3, 5)}, "the value 5 is written twice"},
		"the value 0":   {t.Context(), []harness.Operation{write(1, 0, 1, 0)}, "written values must be unique and not 0"},
		"backwards":     {t.Context(), []harness.Operation{backwards}, "returns before it is called"},
		"no such kind":  {t.Context(), []harness.Operation{odd}, `no operation of kind "append"`},
		"nothing":       {t.Context(), nil, "no operation was answered"},
		"nothing answered": {
			t.Context(),
			[]harness.Operation{unknown(write(1, 0, 1, 5)), refused(read(1, 2, 3, 0))},
			"no operation was answered",
		},
		"the time is up": {over, []harness.Operation{write(1, 0, 1, 5), read(1, 2, 3, 5)}, "did not end in time for 1 of 1 keys"},
	} {
		found, explanation, marked := Check(c.ctx, c.history)
		if found != harness.Unchecked || !strings.Contains(explanation, c.says) || marked != nil {
			t.Errorf("%s: found %s: %q, %v", name, found, explanation, marked)
		}
	}
}

// A simulated register of several clients. Time goes in steps; an operation takes effect at a moment
// between its call and its return, or, with an unknown outcome, at any later one or never.
type simulation struct {
	draw    *rand.Rand
	clients int
	keys    int
	stale   bool // one read in a hundred is answered with the value before the last one
}

// run carries out so many operations, one after the other in the order in which they take effect.
func (s simulation) run(count int) []harness.Operation {
	now := map[int]int{}
	before := map[int]int{}
	free := make([]time.Duration, s.clients) // when each client is done
	var history []harness.Operation
	var late []harness.Operation // unknown writes that are still to take effect
	moment := time.Duration(0)
	for value := 1; len(history) < count; value++ {
		moment += time.Duration(1+s.draw.IntN(1000)) * time.Microsecond
		client := s.draw.IntN(s.clients)
		if free[client] >= moment {
			continue
		}
		o := harness.Operation{Client: client, Key: s.draw.IntN(s.keys), Value: value, Outcome: harness.OperationDone}
		o.Call = max(free[client]+1, moment-time.Duration(s.draw.IntN(3000))*time.Microsecond)
		o.Return = moment + time.Duration(s.draw.IntN(3000))*time.Microsecond
		free[client] = o.Return
		o.Kind = []harness.OperationKind{
			harness.OperationRead, harness.OperationRead, harness.OperationWrite,
			harness.OperationCompareAndSet,
		}[s.draw.IntN(4)]
		o.Expected = now[o.Key]
		if s.draw.IntN(50) == 0 {
			o.Expected = -1
		}
		if o.Kind != harness.OperationRead && s.draw.IntN(20) == 0 {
			o.Outcome, o.Return = harness.OperationUnknown, o.Call+time.Millisecond
			free[client] = max(o.Return, moment)
			late = append(late, o)
			history = append(history, o)
			continue
		}
		s.apply(&o, now, before)
		history = append(history, o)
		if len(late) > 0 && s.draw.IntN(10) == 0 {
			moment += time.Microsecond
			unanswered := late[0]
			late = late[1:]
			s.apply(&unanswered, now, before)
		}
	}
	return history
}

// apply lets an operation take effect and answers it.
func (s simulation) apply(o *harness.Operation, now, before map[int]int) {
	switch {
	case o.Kind == harness.OperationRead:
		o.Value = now[o.Key]
		if s.stale && s.draw.IntN(100) == 0 {
			o.Value = before[o.Key]
		}
	case o.Kind == harness.OperationCompareAndSet && o.Expected != now[o.Key]:
		o.Outcome = harness.OperationRefused
	default:
		before[o.Key], now[o.Key] = now[o.Key], o.Value
	}
	if o.Kind != harness.OperationCompareAndSet {
		o.Expected = 0
	}
}

// Goal: no correct register is ever called broken, and a broken one is found.
// Method: many random histories of a simulated register that is linearizable by construction, and as many
// of one that answers now and then with the value before the last.
func TestCheckOfSimulatedRegisters(t *testing.T) {
	const rounds = 60
	caught := 0
	for seed := range uint64(rounds) {
		sound := simulation{draw: rand.New(rand.NewPCG(seed, 1)), clients: 5, keys: 3}
		if found, explanation, _ := Check(t.Context(), sound.run(600)); found != harness.Linearizable {
			t.Fatalf("seed %d: a sound register is %s: %s", seed, found, explanation)
		}
		broken := simulation{draw: rand.New(rand.NewPCG(seed, 2)), clients: 5, keys: 3, stale: true}
		if found, explanation, marked := Check(t.Context(), broken.run(2000)); found == harness.NotLinearizable {
			caught++
			if !slices.ContainsFunc(marked, func(o harness.Operation) bool { return o.Bad }) || explanation == "" {
				t.Fatalf("seed %d: nothing is marked: %q", seed, explanation)
			}
		}
	}
	// A stale read that meets a write may pass for an early one: ten or so of them hardly all do.
	if caught != rounds {
		t.Errorf("%d of %d broken registers were found", caught, rounds)
	}
}

// Goal: the marks agree with the definition: what comes before the first marked operation's answer can be
// explained, and with it cannot.
// Method: cut the histories of broken registers by hand on both sides of it.
func TestMarkedIsTheFirstThatDoesNotFit(t *testing.T) {
	for seed := range uint64(8) {
		all := simulation{draw: rand.New(rand.NewPCG(seed, 3)), clients: 4, keys: 1, stale: true}.run(1500)
		found, _, marked := Check(t.Context(), all)
		if found != harness.NotLinearizable {
			t.Fatalf("seed %d: the broken register is %s", seed, found)
		}
		first := time.Duration(1<<63 - 1)
		for _, o := range marked {
			if o.Bad {
				first = min(first, o.Return)
			}
		}
		for name, c := range map[string]struct {
			until time.Duration
			want  harness.Linearizability
		}{"before": {first - 1, harness.Linearizable}, "with": {first, harness.NotLinearizable}} {
			if found, _, _ := Check(t.Context(), upTo(all, c.until)); found != c.want {
				t.Errorf("seed %d: the history %s the first marked answer is %s", seed, name, found)
			}
		}
	}
}

// upTo is what was known at a moment: later answers were not there yet.
func upTo(history []harness.Operation, moment time.Duration) []harness.Operation {
	var known []harness.Operation
	for _, o := range history {
		if o.Call > moment {
			continue
		}
		if o.Return > moment {
			o.Outcome, o.Return = harness.OperationUnknown, moment
		}
		known = append(known, o)
	}
	return known
}

// Goal: the history of a long drill is checked in seconds, and what is shown of a broken one stays small.
// Method: 20,000 operations of 5 clients on 8 keys, sound and broken, under a time limit of 5 s each.
func TestCheckOfALongHistory(t *testing.T) {
	for _, stale := range []bool{false, true} {
		t.Run(fmt.Sprintf("stale %t", stale), func(t *testing.T) {
			history := simulation{draw: rand.New(rand.NewPCG(7, 7)), clients: 5, keys: 8, stale: stale}.run(20_000)
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			began := time.Now()
			found, explanation, marked := Check(ctx, history)
			t.Logf("%s in %v: %s", found, time.Since(began), explanation)
			want := harness.Linearizable
			if stale {
				want = harness.NotLinearizable
			}
			if found != want || len(marked) > shownBefore+shownAfter+2*maxBad {
				t.Errorf("found %s with %d operations shown", found, len(marked))
			}
		})
	}
}
