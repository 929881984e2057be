package probe

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// measure is a way of probing that is more than one attempt: it fills the answer
// by itself, and says there whether it wants to be repeated.
type measure func(ctx context.Context, e *env, f facts.Flow, t facts.Target, a *answer)

// measureOf gives the measure of a way of probing, or nil where one attempt is all.
func measureOf(via facts.Via) measure {
	switch via {
	case facts.Sticky:
		return stickTo
	case facts.Big:
		return bigAnswer
	case facts.Connect:
		return connectOut
	case facts.ARP:
		return askOwners
	case facts.Race:
		return racePairs
	case facts.Bulk:
		return carryBulk
	case facts.TCP, facts.UDP, facts.ICMP, facts.TLS, facts.DNSUDP, facts.DNSTCP, facts.Closed, facts.PMTU, facts.Over,
		facts.Series, facts.HTTP, facts.Record, facts.Tunnel:
		return nil
	}
	return nil
}

// measure makes the next measurement; the first one of a Service that may be new
// to the node waits until it answers.
func (j *job) measure(ctx context.Context, e *env, settling convergence, m measure) {
	flow, target := j.row.plan.Flow, j.row.plan.Targets[j.index]
	once := func(a *answer) { m(ctx, e, flow, target, a) }
	if settling.awaits(flow) && !j.awaited {
		j.awaited = true
		settling.measured(ctx, once, &j.answer, j.slowest())
		return
	}
	once(&j.answer)
}

// slowest is where the time until a first answer is noted. That of a DNS answer
// is the DNS server's, and not the time that a node's data plane took.
func (j *job) slowest() *atomic.Int64 {
	if to := j.row.plan.Flow.To; to == facts.ToDNSRecord || to == facts.ToDNSService {
		return new(atomic.Int64)
	}
	return &j.row.settle
}

// The heavy ways, in their order: what fills the links comes last. A vantage has
// so many of them under way at once.
const (
	racesAtOnce = 8
	bulksAtOnce = 4
)

func isHeavy(via facts.Via) bool {
	return via == facts.Series || via == facts.Race || via == facts.Bulk
}

// apart takes the heavy jobs out. A target that ought to stay silent is asked
// once, however it is asked, and so is never heavy.
func apart(jobs []*job) (light, heavy []*job) {
	for _, j := range jobs {
		if isHeavy(j.row.plan.Flow.Via) && !j.row.plan.Targets[j.index].Silent {
			heavy = append(heavy, j)
		} else {
			light = append(light, j)
		}
	}
	return light, heavy
}

// heavy does the heavy jobs, each once.
func (r *run) heavy(ctx context.Context, jobs []*job) {
	by := map[facts.Via][]*job{}
	for _, j := range jobs {
		by[j.row.plan.Flow.Via] = append(by[j.row.plan.Flow.Via], j)
	}
	r.qualities(ctx, by[facts.Series])
	r.side(ctx, by[facts.Race], racesAtOnce, r.once)
	r.side(ctx, by[facts.Bulk], bulksAtOnce, r.once)
}

// once makes one measurement and finishes the job.
func (r *run) once(ctx context.Context, j *job) {
	r.started(j.row)
	r.awaitFirst(ctx, j)
	flow := j.row.plan.Flow
	measureOf(flow.Via)(ctx, r.env, flow, j.row.plan.Targets[j.index], &j.answer)
	r.finishTried(j)
}

// finishTried finishes a job that was tried; the others are left to the end of the
// batch, which knows the reason.
func (r *run) finishTried(j *job) {
	if len(j.answer.attempts) > 0 {
		r.finish(j)
	}
}

// awaitFirst waits until a Service that may be new to the node answers at all.
func (r *run) awaitFirst(ctx context.Context, j *job) {
	flow := j.row.plan.Flow
	if r.settling.awaits(flow) {
		r.settling.first(ctx, r.env, j.row.plan.Targets[j.index], wayOf(flow.Via), &j.row.settle)
	}
}

// side does jobs side by side, so many at once, until ctx ends.
func (r *run) side(ctx context.Context, jobs []*job, atOnce int, do func(context.Context, *job)) {
	slots := make(chan struct{}, atOnce)
	var running sync.WaitGroup
	defer running.Wait()
	for _, j := range jobs {
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			return
		}
		running.Go(func() {
			defer func() { <-slots }()
			do(ctx, j)
		})
	}
}
