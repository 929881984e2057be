package main

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/plumbline-net/plumbline/framework/capture"
	"github.com/plumbline-net/plumbline/framework/wire"
)

const (
	// latePackets is how long a watch goes on when stdin is closed: what was sent last
	// may still be under way.
	latePackets = 150 * time.Millisecond
	// A watch leaves this part of a batch's time, and no more than countMost, for the
	// last reading of the counters.
	countShare = 4
	countMost  = 5 * time.Second
)

// checkWatch says what makes a plan's watch impossible to do.
func checkWatch(plan wire.Plan) error {
	if plan.Watch == nil {
		return nil
	}
	if len(plan.Flows) > 0 || plan.Inspect != nil || plan.Identity || plan.More {
		return errors.New("a watch is a batch of its own, without flows, look or identity")
	}
	return capture.Check(*plan.Watch)
}

// watch is a batch that watches: a Line with Watching once everything is heard,
// the parts of the capture, Watch and Done. The end of stdin ends it, and so do
// its time and SIGTERM; what was seen by then is the answer.
func (b *work) watch(ctx context.Context, plan wire.Plan, stdin io.Reader) error {
	all := time.Duration(plan.DeadlineMillis)*time.Millisecond - sayMargin
	bounded, cancel := context.WithDeadline(ctx, b.began.Add(all-min(all/countShare, countMost)))
	defer cancel()
	go func() {
		defer cancel()
		_, _ = io.Copy(io.Discard, stdin) // that it ended is all there is to know
		late := time.NewTimer(latePackets)
		defer late.Stop()
		select {
		case <-late.C:
		case <-bounded.Done():
		}
	}()
	var said error
	begun := func() { said = b.emit(wire.Line{Watching: true}) }
	drops := startDrops(bounded, *plan.Watch)
	seen, err := capture.Run(bounded, *plan.Watch, begun, func(part []byte) error { return b.emit(wire.Line{Capture: part}) })
	seen.Drops, seen.NoDrops = drops()
	seen.Node = plan.From.Node
	seen.Truncated = seen.Truncated || errors.Is(bounded.Err(), context.DeadlineExceeded)
	if err := errors.Join(said, err); err != nil {
		return err
	}
	if err := b.emit(wire.Line{Watch: &seen}); err != nil {
		return err
	}
	return b.emit(wire.Line{Done: &wire.Done{Millis: int(time.Since(b.began).Milliseconds())}})
}
