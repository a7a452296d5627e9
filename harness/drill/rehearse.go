package drill

import (
	"context"
	"errors"
	"fmt"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/words"
)

// Rehearse tries, before the fault, a part of the recovery that can be tried in peace: that the backup
// can be restored, into an empty place. It comes after Baseline, and after StartWriting if there is
// anything to write. When the check fails the drill has missed its target before disaster strikes, and
// can only be judged and closed: nobody should break what cannot be repaired.
func (d *Drill) Rehearse(
	ctx context.Context,
	name string,
	check func(ctx context.Context, operator harness.Operator) error,
) (err error) {
	defer redactError(&err)
	ctx, leave, err := d.enter(ctx, stepRehearse)
	if err != nil {
		return err
	}
	defer leave()
	if name == "" || check == nil {
		return errors.New("rehearse: it needs a name and a check")
	}
	rehearsal := harness.RecordRehearsal{Name: name, From: d.now()}
	d.teller.event(rehearsal.From, "phase", "rehearsal of "+name)
	err = check(ctx, d.lab)
	if ctx.Err() != nil {
		return fmt.Errorf("rehearse %s: it was broken off, which says nothing: %w", name, errors.Join(context.Cause(ctx), err))
	}
	rehearsal.To = d.now()
	if err != nil {
		rehearsal.Error = err.Error()
	}
	d.mu.Lock()
	d.doubtName("the rehearsal of "+name, err)
	d.record.Rehearsals = append(d.record.Rehearsals, rehearsal)
	d.event(rehearsal.To, "note", rehearsalSentence(rehearsal))
	d.mu.Unlock()
	if err != nil {
		d.become(isBroken)
		return fmt.Errorf("rehearse %s: %w", name, err)
	}
	return nil
}

// rehearsalSentence says how it went.
func rehearsalSentence(r harness.RecordRehearsal) string {
	if r.Error != "" {
		return fmt.Sprintf("rehearsal of %s: %s", r.Name, r.Error)
	}
	return fmt.Sprintf("rehearsal of %s: it works (%v)", r.Name, words.Figure(r.To-r.From))
}
