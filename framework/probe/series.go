package probe

import (
	"context"
	"slices"
	"sync"

	"github.com/plumbline-net/plumbline/framework/facts"
)

const (
	// picksPerPeer bounds the connections to a Service of k backends at 20·k. Where
	// the data plane picks at random, a healthy backend stays unmet with a chance
	// of (1-1/k)^(20k), less than e^-20 = 2·10⁻⁹.
	picksPerPeer = 20
	// burstPerPeer is how many connections are made at once while all goes well.
	burstPerPeer = 2
	// maxBurst bounds the sockets that one target may have open.
	maxBurst = 256
	// dnsQueries goes to the cluster DNS Service, whose replicas cannot be told
	// apart: of two, a dead one stays hidden from one vantage with a chance of 2^-10.
	dnsQueries = 10
)

// burst makes n attempts at once, each from a socket (and so a source port) of its own.
func burst(ctx context.Context, e *env, t facts.Target, once try, n int) []facts.Attempt {
	out := make([]facts.Attempt, n)
	var running sync.WaitGroup
	for i := range out {
		running.Go(func() { out[i] = once(ctx, e, t) })
	}
	running.Wait()
	return out
}

// meet connects to a Service again and again until every peer has answered.
// A burst in which nobody answered counts as one failed attempt and is left to
// the next round; after a burst with some failures all remaining connections
// are made at once, so that a dead backend costs its time-out once or twice.
func meet(ctx context.Context, e *env, t facts.Target, once try, a *answer) {
	a.draws, a.several = true, true
	left, size := picksPerPeer*len(t.Peers), burstPerPeer*len(t.Peers)
	for left > 0 && len(a.met) < len(t.Peers) && ctx.Err() == nil {
		n := min(size, left, maxBurst)
		left -= n
		got := burst(ctx, e, t, once, n)
		a.keepSeries(got)
		if len(a.met) == 0 {
			return
		}
		if slices.ContainsFunc(got, func(x facts.Attempt) bool { return x.Outcome != facts.OK }) {
			size = left
		}
	}
	a.settled = true
}

// repeat makes n attempts at a target whose backends cannot be told apart.
// Where some answered it is settled: the loss is kept, and nothing is retried.
func repeat(ctx context.Context, e *env, t facts.Target, once try, n int, a *answer) {
	a.draws = true
	got := burst(ctx, e, t, once, n)
	a.keepSeries(got)
	a.settled = slices.ContainsFunc(got, func(x facts.Attempt) bool { return x.Outcome == facts.OK })
}

// keepSeries keeps of many attempts those that say something: every failure, the
// first success, and the first whose source address was rewritten.
func (a *answer) keepSeries(got []facts.Attempt) {
	for _, x := range got {
		if x.Outcome != facts.OK {
			a.attempts = append(a.attempts, x)
			continue
		}
		if x.Peer != "" && !slices.Contains(a.met, x.Peer) {
			a.met = append(a.met, x.Peer)
		}
		if !a.has(func(y facts.Attempt) bool { return y.Outcome == facts.OK && (rewritten(y) || !rewritten(x)) }) {
			a.attempts = append(a.attempts, x)
		}
	}
	slices.Sort(a.met)
}

func (a *answer) has(such func(facts.Attempt) bool) bool {
	return slices.ContainsFunc(a.attempts, such)
}
