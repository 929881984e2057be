package probe

import (
	"context"
	"hash/fnv"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/wire"
)

// Between two rounds there is a pause of one to two of these, so that a second
// attempt does not meet the very disturbance that spoiled the first.
const roundPause = 100 * time.Millisecond

// rounds gives every job its first attempt, then those that failed a second, and
// so on. Whatever the deadline cuts off is a repetition before it is a first attempt.
func (r *run) rounds(ctx context.Context) {
	random := r.random()
	light, heavy := apart(r.order(random))
	pending := r.round(ctx, light, r.env.attempts <= 1)
	r.heavy(ctx, heavy)
	for n := 2; len(pending) > 0 && ctx.Err() == nil; n++ {
		wait(ctx, roundPause+time.Duration(random.Int64N(int64(roundPause))))
		pending = r.round(ctx, pending, n >= r.env.attempts)
	}
}

// random is seeded with the plan's seed and the vantage, so that plans of one
// run may share a seed and their vantages still differ.
func (r *run) random() *rand.Rand {
	h := fnv.New64a()
	_, _ = h.Write([]byte(r.plan.From.String()))
	return rand.New(rand.NewPCG(r.plan.Seed, h.Sum64()))
}

func (r *run) order(random *rand.Rand) []*job {
	var out []*job
	for _, row := range r.rows {
		shuffled := append([]*job(nil), row.jobs...)
		random.Shuffle(len(shuffled), func(i, k int) { shuffled[i], shuffled[k] = shuffled[k], shuffled[i] })
		out = append(out, shuffled...)
	}
	return out
}

// round gives jobs one attempt each and returns those that want another one.
func (r *run) round(ctx context.Context, jobs []*job, last bool) []*job {
	queue := make(chan *job)
	var mu sync.Mutex
	var again []*job
	var workers sync.WaitGroup
	for range min(r.env.parallel, len(jobs)) {
		workers.Go(func() {
			for j := range queue {
				j.pursue(ctx, r.env, r.settling)
				if j.answer.settled || last {
					r.finish(j)
					continue
				}
				mu.Lock()
				again = append(again, j)
				mu.Unlock()
			}
		})
	}
	for _, j := range jobs {
		r.started(j.row)
		select {
		case queue <- j:
			continue
		case <-ctx.Done():
		}
		break
	}
	close(queue)
	workers.Wait()
	return again
}

func (r *run) started(row *row) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if row.began.IsZero() {
		row.began = time.Now()
	}
}

// pursue makes the next attempt at a target, in the way its flow says.
func (j *job) pursue(ctx context.Context, e *env, settling convergence) {
	flow, target, a := j.row.plan.Flow, j.row.plan.Targets[j.index], &j.answer
	once := wayOf(flow.Via)
	if flow.ToItself(j.row.from, target) {
		a.attempts = append(a.attempts, facts.Attempt{Outcome: facts.NotRun, Note: noteItself})
		a.settled, a.told = true, true
		return
	}
	if target.Silent {
		a.attempts = append(a.attempts, once(ctx, e.within(silence), target))
		a.settled, a.told = true, true
		return
	}
	if measure := measureOf(flow.Via); measure != nil {
		j.measure(ctx, e, settling, measure)
		return
	}
	several := len(target.Peers) > 1 && !target.AnyPeer && (flow.Via == facts.TCP || flow.Via == facts.UDP)
	if settling.awaits(flow) && !j.awaited {
		j.awaited = true
		if several {
			settling.all(ctx, e, target, once, a, &j.row.settle)
			return
		}
		x := settling.first(ctx, e, target, once, &j.row.settle)
		a.attempts = append(a.attempts, x)
		a.settled = x.Outcome == flow.Via.Right()
		return
	}
	switch {
	case flow.Via == facts.PMTU:
		pathMTU(ctx, e, target, a)
	case several:
		meet(ctx, e, target, once, a)
	case flow.To == facts.ToDNSService:
		repeat(ctx, e, target, once, dnsQueries, a)
	default:
		x := once(ctx, e, target)
		a.attempts = append(a.attempts, x)
		// Repeating cannot bring a permission that is missing.
		a.settled = x.Outcome == flow.Via.Right() || x.Note == noteNoICMP
	}
}

// noteItself is the note of a probe that is not sent.
const noteItself = "not sent: a tunnel does not lead to its own node"

// silence is how long a target that ought not to answer is listened to.
const silence = 1500 * time.Millisecond

// wayOf gives the function for one attempt; a path MTU is not found in one.
func wayOf(via facts.Via) try {
	switch via {
	case facts.TCP:
		return tryTCP
	case facts.UDP:
		return tryUDP
	case facts.ICMP:
		return tryICMP
	case facts.TLS:
		return tryTLS
	case facts.DNSUDP:
		return tryDNSUDP
	case facts.DNSTCP:
		return tryDNSTCP
	case facts.Closed:
		return tryClosed
	case facts.Over:
		return tryOver
	case facts.HTTP:
		return tryHTTP
	case facts.Record:
		return tryRecord
	case facts.Tunnel:
		return tryTunnel
	case facts.Series, facts.Sticky, facts.Bulk:
		return tryTCP // whether there is an answer at all
	case facts.Race, facts.Big:
		return tryDNSUDP
	case facts.PMTU, facts.Connect, facts.ARP:
		return nil
	}
	return nil
}

// finish counts a job as done and emits its row when it was the last one.
func (r *run) finish(j *job) {
	r.mu.Lock()
	defer r.mu.Unlock()
	j.row.left--
	if j.row.left == 0 {
		r.send(j.row, "")
	}
}

// finishRest emits the rows that the deadline or an interruption left undone.
func (r *run) finishRest(why string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, row := range r.rows {
		if !row.out {
			r.send(row, why)
		}
	}
}

func (r *run) send(row *row, why string) {
	row.out = true
	line := wire.Line{Row: &wire.FlowRow{Flow: row.plan.Flow, Row: row.facts(r.plan.From, why)}}
	if err := r.emit(line); err != nil {
		r.cancel(err)
	}
}

func wait(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
