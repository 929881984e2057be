package probe

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/wire"
)

// Run does the flows of a plan: it emits one Line with a Row for each as soon as
// it is finished, then a Line with Done. What the plan's deadline leaves undone
// is NotRun, with the reason, and is no error; the end of ctx is one, after what
// is known has been emitted. The plan's look and identity are the agent's part.
//
// Flows start in the order of the plan, targets of one flow in a random order
// that Seed and the vantage decide, so that vantages do not probe one target all
// at once. What failed is tried again only after everything had its turn.
//
// The heavy flows (Series, Race, Bulk) begin when all others had their first
// attempt, one kind after the other, so that none disturbs another's figures.
//
// Emit is never called twice at the same time; its error ends the run.
func Run(ctx context.Context, plan wire.Plan, emit func(wire.Line) error) error {
	if err := Check(plan); err != nil {
		return err
	}
	began := time.Now()
	own, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	bounded, stop := context.WithDeadline(own, began.Add(allowance(plan.DeadlineMillis)))
	defer stop()
	r := newRun(plan, emit, cancel)
	r.rounds(bounded)
	r.finishRest(why(ctx, plan))
	if err := context.Cause(own); err != nil {
		return fmt.Errorf("probing: %w", err)
	}
	done := &wire.Done{Attempts: int(r.env.sent.Load()), Millis: int(time.Since(began).Milliseconds())}
	if err := emit(wire.Line{Done: done}); err != nil {
		return fmt.Errorf("reporting the end: %w", err)
	}
	return nil
}

// Check says what makes a plan impossible to do.
func Check(plan wire.Plan) error {
	if plan.Version != wire.Version {
		return fmt.Errorf("the plan has version %d, this agent knows version %d: the agent's image is of another release", plan.Version, wire.Version)
	}
	if plan.DeadlineMillis <= 0 {
		return errors.New("the plan has no deadline")
	}
	for _, f := range plan.Flows {
		if !f.Flow.Valid() {
			return fmt.Errorf("the plan has a flow %q, which is none", f.Flow.Key())
		}
		for _, t := range f.Targets {
			// A target of Connect may be a name, which the vantage resolves.
			if !t.Addr.IsValid() && (f.Flow.Via != facts.Connect || t.Name == "") {
				return fmt.Errorf("the plan's target %q of flow %s has no address", t.ID, f.Flow.Key())
			}
		}
	}
	return nil
}

// allowance keeps a part of the deadline for saying what was heard.
func allowance(millis int) time.Duration {
	d := time.Duration(millis) * time.Millisecond
	return d - min(d/20, 500*time.Millisecond)
}

// why is the reason of what was not done.
func why(ctx context.Context, plan wire.Plan) string {
	if ctx.Err() != nil {
		return "the batch was interrupted before this was probed"
	}
	return fmt.Sprintf("the batch's deadline of %d ms was over before this was probed", plan.DeadlineMillis)
}

// job is one target of one flow.
type job struct {
	row    *row
	index  int
	answer answer
	// awaited: the target's first answer was waited for already.
	awaited bool
}

// row collects the jobs of one flow.
type row struct {
	from  facts.Vantage
	plan  wire.PlannedFlow
	jobs  []*job
	left  int
	began time.Time
	out   bool
	// settle is when the slowest target answered for the first time, in
	// milliseconds since the batch began.
	settle atomic.Int64
}

type run struct {
	plan wire.Plan
	env  *env
	rows []*row
	// settling is zero where nothing is new to the nodes.
	settling convergence
	cancel   context.CancelCauseFunc

	mu   sync.Mutex
	emit func(wire.Line) error
}

func newRun(plan wire.Plan, emit func(wire.Line) error, cancel context.CancelCauseFunc) *run {
	r := &run{plan: plan, env: newEnv(plan.Timing), emit: emit, cancel: cancel}
	if plan.SettleMillis > 0 {
		now := time.Now()
		r.settling = convergence{now, now.Add(time.Duration(plan.SettleMillis) * time.Millisecond)}
	}
	for _, f := range plan.Flows {
		f.Targets = onlySelf(f.Targets, plan.From)
		row := &row{from: plan.From, plan: f, left: len(f.Targets)}
		for i := range f.Targets {
			row.jobs = append(row.jobs, &job{row: row, index: i})
		}
		r.rows = append(r.rows, row)
	}
	return r
}

// onlySelf makes the vantage the one peer of targets that nobody else may answer for.
func onlySelf(targets []facts.Target, from facts.Vantage) []facts.Target {
	out := slices.Clone(targets)
	for i := range out {
		if out[i].Self {
			out[i].Peers = []string{from.String()}
		}
	}
	return out
}
