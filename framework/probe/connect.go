package probe

import (
	"context"
	"net/netip"
	"sync"
	"time"

	"github.com/plumbline-net/plumbline/framework/facts"
)

const (
	// connectsEach is how many connects one address of a target outside gets, of the
	// first connectAddrs that its name has.
	connectsEach = 5
	connectAddrs = 4
	connectEvery = 50 * time.Millisecond
)

// connectOut resolves a target outside the cluster as an application here would,
// and connects to its addresses in turns. Where an address never answered, the
// way to the first such one is walked. What could not be resolved is tried again.
func connectOut(ctx context.Context, e *env, f facts.Flow, t facts.Target, a *answer) {
	addrs, failed := e.resolved(ctx, f, t)
	if failed != nil {
		a.attempts = append(a.attempts, *failed)
		return
	}
	a.retried = len(a.attempts) > 0
	addrs = addrs[:min(len(addrs), connectAddrs)]
	got := make([]facts.Attempt, connectsEach*len(addrs))
	var running sync.WaitGroup
	inTurns(ctx, len(got), connectEvery/time.Duration(len(addrs)), func(k int) {
		at := t
		at.Addr = addrs[k%len(addrs)]
		running.Go(func() { got[k] = tryConnect(ctx, e, at) })
	})
	running.Wait()
	dead := unanswered(addrs, got)
	a.figure(got, e.connect)
	if dead.IsValid() && ctx.Err() == nil {
		a.hops = walk(ctx, e, netip.AddrPortFrom(dead, t.Port))
	}
}

// tryConnect only makes the handshake. Answers says to which address.
func tryConnect(ctx context.Context, e *env, t facts.Target) facts.Attempt {
	x := e.connected(ctx, t, func(w *watch, _ *socket) facts.Attempt {
		w.Outcome, w.Connected = facts.OK, true
		return w.Attempt
	})
	x.Answers = []string{t.Addr.Unmap().String()}
	return x
}

// unanswered is the first address that never answered, though it was asked.
func unanswered(addrs []netip.Addr, got []facts.Attempt) netip.Addr {
	for i, addr := range addrs {
		asked, answered := false, false
		for k := i; k < len(got); k += len(addrs) {
			asked = asked || got[k].Outcome != facts.NotRun
			answered = answered || got[k].Outcome == facts.OK
		}
		if asked && !answered {
			return addr
		}
	}
	return netip.Addr{}
}
