package probe

import (
	"cmp"
	"context"
	"net/netip"
	"slices"
	"sync/atomic"
	"time"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/wire"
)

// env is what every way of probing is told.
type env struct {
	began    time.Time
	connect  time.Duration // bounds a TCP connect with its echo
	reply    time.Duration // bounds the wait for one answer
	attempts int
	parallel int
	sent     *atomic.Int64
	// resolvConf and dnsPort are how this vantage resolves names.
	resolvConf, dnsPort string
}

// newEnv fills times left at zero from wire.DefaultTiming.
func newEnv(t wire.Timing) *env {
	d := wire.DefaultTiming()
	millis := func(v, otherwise int) time.Duration {
		return time.Duration(cmp.Or(v, otherwise)) * time.Millisecond
	}
	return &env{
		began:    time.Now(),
		connect:  millis(t.ConnectMillis, d.ConnectMillis),
		reply:    millis(t.ReplyMillis, d.ReplyMillis),
		attempts: cmp.Or(t.Attempts, d.Attempts),
		parallel: cmp.Or(t.Parallel, d.Parallel),
		sent:     new(atomic.Int64),

		resolvConf: "/etc/resolv.conf", dnsPort: "53",
	}
}

// within is the same with all waits bounded.
func (e *env) within(most time.Duration) *env {
	bounded := *e
	bounded.connect, bounded.reply = min(e.connect, most), min(e.reply, most)
	return &bounded
}

// try makes one attempt at a target.
type try func(ctx context.Context, e *env, t facts.Target) facts.Attempt

// watch is a running attempt.
type watch struct {
	facts.Attempt
	start time.Time
}

func (e *env) start() *watch {
	e.sent.Add(1)
	now := time.Now()
	return &watch{start: now, Attempt: facts.Attempt{AtMillis: int(now.Sub(e.began).Milliseconds())}}
}

// lap notes the time since the start as the attempt's, in microseconds, at least 1.
func (w *watch) lap() { w.Micros = max(1, int(time.Since(w.start).Microseconds())) }

// failed ends the attempt with an error. The source address the kernel chose is
// noted also where no connection was made: a wrong one is a cause.
func (w *watch) failed(ctx context.Context, s *socket, err error) facts.Attempt {
	w.lap()
	if s != nil && !w.Local.IsValid() {
		if local := s.local(); local.IsValid() && !local.Addr().IsUnspecified() {
			w.Local = local
		}
	}
	fail(ctx, &w.Attempt, s, err)
	return w.Attempt
}

// garbled ends the attempt with an answer that is not the right one.
func (w *watch) garbled(note string) facts.Attempt {
	w.Outcome, w.Note = facts.Garbled, note
	return w.Attempt
}

// answeredBy checks who answered; a target without peers is not ours, and any
// answer is the right one.
func (w *watch) answeredBy(peer string, t facts.Target) facts.Attempt {
	w.Peer = peer
	if t.Self && len(t.Peers) > 0 && !slices.Contains(t.Peers, peer) {
		return w.garbled("answered by " + peer + "; only " + t.Peers[0] + " itself may answer here")
	}
	if len(t.Peers) > 0 && !slices.Contains(t.Peers, peer) {
		return w.garbled("answered by " + peer + ", which is not asked for here")
	}
	w.Outcome = facts.OK
	return w.Attempt
}

func addrPort(t facts.Target) netip.AddrPort { return netip.AddrPortFrom(t.Addr.Unmap(), t.Port) }
