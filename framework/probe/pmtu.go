package probe

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/plumbline-net/plumbline/framework/facts"
)

const (
	// Smallest packets every path has to carry, in bytes (RFC 791 and RFC 8200 section 5).
	smallest4, smallest6 = 576, 1280
	// largest is the most that the length field of IPv4 can say, in bytes.
	largest = 65535
	// sizesAtOnce is how many sizes one step of the search tries, each alone.
	sizesAtOnce = 8
	// In the search a size waits for this many round trips, but at least so long.
	searchRoundTrips = 20
	searchPatience   = 250 * time.Millisecond
)

// pathMTU asks whether a packet of the MTU of the interface towards the target
// arrives with DF set, and where it does not, how large a packet does.
//
// A packet that arrives settles it with OK. Otherwise the smallest packet is
// sent: if not even that arrives, the trouble is not the size, the attempts are
// the ordinary ones of an unreachable target, and PathMTU stays 0. If it does,
// the largest that arrives is searched for. The outcome is TooBig where an ICMP
// error (or EMSGSIZE) told the sender, and Timeout where large packets vanish in
// silence: a black hole. Of the search's own attempts the record keeps those at
// its border: the largest that passed, and the smallest that did not.
func pathMTU(ctx context.Context, e *env, t facts.Target, a *answer) {
	r, err := routeTo(t.Addr.Unmap())
	if err != nil {
		w := e.start()
		a.attempts = append(a.attempts, w.failed(ctx, nil, err))
		return
	}
	p := &pathSearch{e: e, t: t, hi: min(r.mtu, largest)}
	full := p.send(ctx, p.hi, e.reply)
	a.attempts = append(a.attempts, full)
	if full.Outcome == facts.OK {
		a.settled = true
		return
	}
	p.lo = min(smallest(t), p.hi)
	small := p.send(ctx, p.lo, e.reply)
	if small.Outcome != facts.OK {
		a.attempts = append(a.attempts, small)
		return
	}
	if p.again(ctx, a) {
		a.settled = true
		return
	}
	p.passed = small
	p.search(ctx, a)
}

func smallest(t facts.Target) int {
	if t.Addr.Unmap().Is6() {
		return smallest6
	}
	return smallest4
}

// pathSearch narrows the border between what passes (lo) and what does not (hi).
type pathSearch struct {
	e              *env
	t              facts.Target
	lo, hi         int           // bytes
	passed, failed facts.Attempt // at lo and hi
}

// send sends one packet of size bytes and waits for the echo to confirm it.
func (p *pathSearch) send(ctx context.Context, size int, wait time.Duration) facts.Attempt {
	d := datagram{payload: size - headers(p.t), wait: wait, options: dontFragmentProbe()}
	a := exchange(ctx, p.e, p.t, d)
	a.Size = size
	return a
}

// again repeats the largest size, as one packet lost by chance is not a border.
// Where the sender was told that it is too big, nothing is left to chance.
func (p *pathSearch) again(ctx context.Context, a *answer) (passed bool) {
	for range p.e.attempts - 1 {
		if told(a.attempts) != nil || ctx.Err() != nil {
			return false
		}
		x := p.send(ctx, p.hi, p.e.reply)
		a.attempts = append(a.attempts, x)
		if x.Outcome == facts.OK {
			return true
		}
	}
	return false
}

// told is the first attempt whose sender was told that it was too big, or nil.
func told(attempts []facts.Attempt) *facts.Attempt {
	i := slices.IndexFunc(attempts, func(a facts.Attempt) bool { return a.Outcome == facts.TooBig })
	if i < 0 {
		return nil
	}
	return &attempts[i]
}

func (p *pathSearch) search(ctx context.Context, a *answer) {
	a.outcome = a.last()
	hint := 0
	if t := told(a.attempts); t != nil {
		a.outcome = facts.TooBig
		if t.ICMP != nil {
			hint = t.ICMP.MTU
		}
	}
	wait := time.Duration(searchRoundTrips*p.passed.Micros) * time.Microsecond
	wait = min(max(wait, searchPatience), p.e.reply)
	for p.hi-p.lo > 1 && ctx.Err() == nil {
		p.step(ctx, candidates(p.lo, p.hi, hint), wait)
		hint = 0
	}
	a.attempts = append(a.attempts, p.passed)
	if p.failed.Outcome != facts.NotRun {
		a.attempts = append(a.attempts, p.failed)
	}
	a.pathMTU, a.partial, a.settled = p.lo, true, true
}

// candidates are sizes strictly between lo and hi: the hint of an ICMP error and
// the next byte, to confirm it, or else sizes evenly spaced.
func candidates(lo, hi, hint int) []int {
	var out []int
	if hint > lo && hint < hi {
		out = append(out, hint)
		if hint+1 < hi {
			out = append(out, hint+1)
		}
		return out
	}
	n := min(sizesAtOnce, hi-lo-1)
	for i := 1; i <= n; i++ {
		out = append(out, lo+(hi-lo)*i/(n+1))
	}
	return slices.Compact(out)
}

// step tries sizes at once and moves the border.
func (p *pathSearch) step(ctx context.Context, sizes []int, wait time.Duration) {
	got := make([]facts.Attempt, len(sizes))
	var running sync.WaitGroup
	for i, size := range sizes {
		running.Go(func() { got[i] = p.sendOften(ctx, size, wait) })
	}
	running.Wait()
	for _, x := range got {
		if x.Outcome == facts.OK && x.Size > p.lo {
			p.lo, p.passed = x.Size, x
		}
	}
	for _, x := range slices.Backward(got) {
		if x.Outcome != facts.OK && x.Outcome != facts.NotRun && x.Size > p.lo {
			p.hi, p.failed = x.Size, x
		}
	}
}

// sendOften sends one size up to Attempts times, until it passes or is refused.
func (p *pathSearch) sendOften(ctx context.Context, size int, wait time.Duration) facts.Attempt {
	var x facts.Attempt
	for range p.e.attempts {
		x = p.send(ctx, size, wait)
		if x.Outcome == facts.OK || x.Outcome == facts.TooBig || ctx.Err() != nil {
			return x
		}
	}
	return x
}
