package probe

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// convergeInterval is how often a Service that does not answer yet is asked again.
const convergeInterval = 100 * time.Millisecond

// convergence is the time that data planes have to learn of the run's Service. It
// is one span for the whole batch: a thousand targets that stay dead cost it once.
type convergence struct {
	began, until time.Time
}

// awaits says whether a flow goes to a Service of the run that may be new to a node.
func (c convergence) awaits(f facts.Flow) bool {
	if c.until.IsZero() {
		return false
	}
	switch f.To {
	case facts.ToClusterIP, facts.ToNodePort, facts.ToNodePortLocal, facts.ToHairpin, facts.ToAffinity:
		return true
	case facts.ToDNSRecord: // the DNS learns of headless Services late, too
		return true
	case facts.ToDNSService:
		return f.Via == facts.Big
	default:
		return false
	}
}

// first asks a target until it answers for the first time, or the time is over.
// What failed before is not loss: nobody promised an answer yet. Its last attempt
// is given, and the time since the batch began is noted as the row's.
func (c convergence) first(ctx context.Context, e *env, t facts.Target, once try, slowest *atomic.Int64) facts.Attempt {
	for {
		x := once(ctx, e, t)
		if x.Outcome == facts.OK {
			raise(slowest, time.Since(c.began).Milliseconds())
			return x
		}
		if ctx.Err() != nil || !time.Now().Before(c.until) {
			return x
		}
		wait(ctx, convergeInterval)
	}
}

// all meets the backends of a Service until all have answered without a failure,
// or the time is over; the last series is kept. The first answer is not enough
// here: every backend has an EndpointSlice of its own, and a proxy that gathers
// changes may know one of them some seconds before the others.
func (c convergence) all(ctx context.Context, e *env, t facts.Target, once try, a *answer, slowest *atomic.Int64) {
	for {
		*a = answer{}
		meet(ctx, e, t, once, a)
		failed := a.has(func(x facts.Attempt) bool { return x.Outcome != facts.OK })
		if len(a.met) == len(t.Peers) && !failed {
			raise(slowest, time.Since(c.began).Milliseconds())
			return
		}
		if ctx.Err() != nil || !time.Now().Before(c.until) {
			return
		}
		wait(ctx, convergeInterval)
	}
}

// measured repeats a measurement until it is settled, or the time is over; the
// last one is kept.
func (c convergence) measured(ctx context.Context, measure func(*answer), a *answer, slowest *atomic.Int64) {
	for {
		*a = answer{}
		measure(a)
		if a.settled {
			raise(slowest, time.Since(c.began).Milliseconds())
			return
		}
		if ctx.Err() != nil || !time.Now().Before(c.until) {
			return
		}
		wait(ctx, convergeInterval)
	}
}

// raise keeps the larger of two values.
func raise(v *atomic.Int64, to int64) {
	for {
		old := v.Load()
		if to <= old || v.CompareAndSwap(old, to) {
			return
		}
	}
}
