package probe

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/plumbline-net/plumbline/framework/facts"
)

const (
	// traceHops is as far as a way is walked; more hops than that are a loop.
	traceHops = 30
	// Every hop is asked traceProbes times, all hops at once, a wave after the
	// other, since routers limit how often they answer.
	traceProbes = 5
	traceEvery  = 600 * time.Millisecond
	// traceWait ends a probe before the kernel sends its SYN again, after a second.
	traceWait = 950 * time.Millisecond
)

// stepped is what one probe with a limited TTL met; an invalid address is silence.
type stepped struct {
	from   netip.Addr
	micros int
	icmp   *facts.ICMPError
	// end: the target itself answered.
	end bool
}

// walk sends SYNs with a growing TTL to the very port that does not answer, so
// that what passes only that port is met as the application meets it. The routers'
// ICMP errors come back through the sockets' error queues, which needs no
// privilege (ip(7), IP_RECVERR). It takes less than six seconds.
func walk(ctx context.Context, e *env, to netip.AddrPort) []facts.Hop {
	var mu sync.Mutex
	met := make([][]stepped, traceHops)
	var running sync.WaitGroup
	for n := range traceProbes {
		if n > 0 {
			wait(ctx, traceEvery)
		}
		if ctx.Err() != nil {
			break
		}
		mu.Lock()
		for i, own := range nextWave(met, to.Addr()) {
			running.Go(func() {
				one := step(ctx, e, to, i+1)
				mu.Lock()
				defer mu.Unlock()
				met[i][own] = one
			})
		}
		mu.Unlock()
	}
	running.Wait()
	if ctx.Err() != nil {
		return nil
	}
	return hopsOf(met, to.Addr())
}

// nextWave makes room for one more answer of each hop that is asked now, and gives
// its place among that hop's answers: a hop beyond what an earlier wave asked has fewer.
func nextWave(met [][]stepped, target netip.Addr) []int {
	out := make([]int, reach(met, target))
	for i := range out {
		out[i] = len(met[i])
		met[i] = append(met[i], stepped{})
	}
	return out
}

// traceBeyond is how many hops behind the last one that answered are asked again.
const traceBeyond = 2

// reach is how many hops the next wave asks: all in the first, and then those up
// to the end as far as it is known, so that a target is not sent more than it must.
func reach(met [][]stepped, target netip.Addr) int {
	if len(met[0]) == 0 {
		return len(met)
	}
	hops := hopsOf(met, target)
	last := hops[len(hops)-1]
	if last.Addr == target || last.Says != "" {
		return len(hops)
	}
	return min(len(hops)-1+traceBeyond, len(met))
}

func step(ctx context.Context, e *env, to netip.AddrPort, ttl int) stepped {
	e.sent.Add(1)
	began := time.Now()
	limit := option{unix.IPPROTO_IP, unix.IP_TTL, unix.IPPROTO_IPV6, unix.IPV6_UNICAST_HOPS, ttl}
	s, err := dial(ctx, to, unix.SOCK_STREAM, 0, traceWait, limit)
	if s == nil {
		return stepped{}
	}
	defer s.close()
	out := stepped{micros: max(1, int(time.Since(began).Microseconds()))}
	out.icmp = s.reason()
	switch {
	case out.icmp != nil:
		out.from = out.icmp.From
		out.end = out.from == to.Addr()
	case err == nil, errors.Is(err, unix.ECONNREFUSED), errors.Is(err, unix.ECONNRESET):
		out.from, out.end = to.Addr(), true
	}
	return out
}

// hopsOf gives the hops up to the target, or to the one that refused to pass on;
// of silent ones at the end one is kept.
func hopsOf(met [][]stepped, target netip.Addr) []facts.Hop {
	var out []facts.Hop
	answered := 0
	for i, probes := range met {
		h := hopOf(i+1, probes)
		out = append(out, h)
		if h.Addr.IsValid() {
			answered = i + 1
		}
		if h.Addr == target || h.Says != "" {
			break
		}
	}
	return out[:min(len(out), answered+1)]
}

func hopOf(ttl int, probes []stepped) facts.Hop {
	h := facts.Hop{TTL: ttl, Sent: len(probes)}
	var times []int
	for _, p := range probes {
		if !p.from.IsValid() {
			continue
		}
		times = append(times, p.micros)
		if !h.Addr.IsValid() {
			h.Addr = p.from
		}
		if says := p.says(); says != "" {
			h.Says = says
		}
	}
	h.Lost = h.Sent - len(times)
	if len(times) == 0 {
		return h
	}
	figures := figuresOf(len(times), times)
	h.Last, h.Average, h.Deviation = times[len(times)-1], int(average(times)), figures.Deviation
	h.Best, h.Worst = slices.Min(times), slices.Max(times)
	return h
}

// ICMP types for "time exceeded" (RFC 792, RFC 4443 section 3.3).
const icmp4Exceeded, icmp6Exceeded = 11, 3

// says is empty where a router passed the probe's time to live, or the target answered.
func (p stepped) says() string {
	if p.icmp == nil {
		return ""
	}
	exceeded, family := uint8(icmp4Exceeded), "ICMP"
	if p.icmp.From.Is6() {
		exceeded, family = icmp6Exceeded, "ICMPv6"
	}
	if p.icmp.Type == exceeded {
		return ""
	}
	return fmt.Sprintf("%s type %d code %d", family, p.icmp.Type, p.icmp.Code)
}
