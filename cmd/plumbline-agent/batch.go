package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/plumbline-net/plumbline/framework/inspect"
	"github.com/plumbline-net/plumbline/framework/probe"
	"github.com/plumbline-net/plumbline/framework/wire"
)

const (
	// maxPlan bounds a plan, in bytes: a hundred flows to a thousand nodes are ten million.
	maxPlan = 64 << 20
	// A look gets at most this part of a batch's time, and no more than lookMost.
	lookShare = 3
	lookMost  = 20 * time.Second
	// sayMargin is kept at the end for saying what was seen.
	sayMargin = 200 * time.Millisecond
)

// batch does one plan. The answer is a Line of JSON for every row as soon as it
// is finished, then Identity, Host and Done. A plan that cannot be done is
// answered with Error. The end of stdin is the end of the plan and nothing else,
// as an exec closes it right after, except for a watch, which it ends; SIGTERM and
// the plan's deadline end a batch.
func batch(ctx context.Context, args []string, s streams) error {
	f := newFlags("batch")
	if err := f.parse(args); err != nil {
		return err
	}
	b := &work{stateDir: f.stateDir, lines: json.NewEncoder(s.out)}
	plans := json.NewDecoder(io.LimitReader(s.in, maxPlan))
	plans.DisallowUnknownFields()
	for following := false; ; following = true {
		plan, err := nextPlan(plans)
		if following && errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return usageError{b.refuse(err)}
		}
		b.began = time.Now()
		if err := b.one(ctx, plan, s.in); err != nil {
			return b.refuse(err)
		}
		if !plan.More {
			return nil
		}
	}
}

// one does one plan.
func (b *work) one(ctx context.Context, plan wire.Plan, stdin io.Reader) error {
	if plan.Watch != nil {
		return b.watch(ctx, plan, stdin)
	}
	return b.do(ctx, plan)
}

// nextPlan reads one plan. Anything after it is an error as far as it has arrived,
// unless the plan announces more; to wait for more would hang where stdin stays open.
func nextPlan(d *json.Decoder) (wire.Plan, error) {
	var plan wire.Plan
	if err := d.Decode(&plan); err != nil {
		if errors.Is(err, io.EOF) {
			return plan, fmt.Errorf("reading the plan: stdin is empty: %w", err)
		}
		return plan, fmt.Errorf("reading the plan: %w", err)
	}
	if !plan.More {
		rest, err := io.ReadAll(d.Buffered())
		if err != nil {
			return plan, fmt.Errorf("reading the plan: %w", err)
		}
		if len(bytes.TrimSpace(rest)) > 0 {
			return plan, errors.New("reading the plan: something follows it")
		}
	}
	if err := errors.Join(probe.Check(plan), checkWatch(plan)); err != nil {
		return plan, fmt.Errorf("reading the plan: %w", err)
	}
	return plan, nil
}

// work is one batch being done.
type work struct {
	began    time.Time
	stateDir string
	lines    *json.Encoder
}

func (b *work) emit(l wire.Line) error {
	if err := b.lines.Encode(l); err != nil {
		return fmt.Errorf("writing the answer: %w", err)
	}
	return nil
}

// refuse ends the answer with an error and gives it back.
func (b *work) refuse(err error) error {
	return errors.Join(err, b.emit(wire.Line{Error: err.Error()}))
}

func (b *work) do(ctx context.Context, plan wire.Plan) error {
	deadline := b.began.Add(time.Duration(plan.DeadlineMillis)*time.Millisecond - sayMargin)
	bounded, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	done, err := b.probe(ctx, plan)
	if err != nil {
		return err
	}
	if plan.Identity {
		if err := b.emit(wire.Line{Identity: b.identity(bounded, plan)}); err != nil {
			return err
		}
	}
	if plan.Inspect != nil {
		host := inspect.Look(bounded, *plan.Inspect)
		host.Node = plan.From.Node
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("looking at the host: %w", err)
		}
		if err := b.emit(wire.Line{Host: &host}); err != nil {
			return err
		}
	}
	done.Millis = int(time.Since(b.began).Milliseconds())
	return b.emit(wire.Line{Done: &done})
}

// probe does the flows, within what a look leaves of the time, and keeps back
// the line that would end the answer.
func (b *work) probe(ctx context.Context, plan wire.Plan) (wire.Done, error) {
	if plan.Inspect != nil {
		all := time.Duration(plan.DeadlineMillis) * time.Millisecond
		plan.DeadlineMillis = int((all - min(all/lookShare, lookMost)).Milliseconds())
	}
	var done wire.Done
	err := probe.Run(ctx, plan, func(l wire.Line) error {
		if l.Done != nil {
			done = *l.Done
			return nil
		}
		return b.emit(l)
	})
	return done, err
}

// identity is what the server of this pod published; where there is none the
// ports are unknown, and the rest is read here. A pod tells of its first moments,
// which a batch that comes early waits for.
func (b *work) identity(ctx context.Context, plan wire.Plan) *wire.Identity {
	if id, err := published(b.stateDir); err == nil {
		if isPod(id.Peer) {
			id.Startup = startupOf(ctx, b.stateDir)
		}
		return &id
	}
	id := wire.Identity{Peer: plan.From.String(), ResolvConf: inspect.ResolvConf("/")}
	id.MTU, _ = inspect.MTU()
	id.MAC, _ = inspect.OwnMAC()
	return &id
}
