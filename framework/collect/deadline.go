package collect

import (
	"time"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/topology"
	"github.com/plumbline-net/plumbline/framework/wire"
)

const (
	// settle is how long a node may take to learn of the run's Services.
	settle = 15 * time.Second
	// deadlineBase and deadlineMost bound a batch from below and above.
	deadlineBase = 20 * time.Second
	deadlineMost = 10 * time.Minute
)

// deadline gives a batch the time its probes take if all of them fail, in
// milliseconds.
func (c *Collector) deadline(planned []wire.PlannedFlow) int {
	t := c.options.Timing
	one := max(t.ConnectMillis, t.ReplyMillis) * t.Attempts
	worst := time.Duration(topology.Probes(planned)*one/max(t.Parallel, 1)) * time.Millisecond
	for _, p := range planned {
		worst += extra(p, t)
	}
	return int(min(deadlineBase+settle+worst, deadlineMost).Milliseconds())
}

// extra is what a flow takes beyond one attempt after the other: a wave of its
// targets at once, as many waves as there is no room for at once.
func extra(p wire.PlannedFlow, t wire.Timing) time.Duration {
	wave := longest(p.Flow.Via, t)
	waves := (len(p.Targets) + t.Parallel - 1) / max(t.Parallel, 1)
	return wave * time.Duration(max(waves, 1))
}

// longest is how long one target may take where nothing answers.
func longest(via facts.Via, t wire.Timing) time.Duration {
	connect, reply := time.Duration(t.ConnectMillis)*time.Millisecond, time.Duration(t.ReplyMillis)*time.Millisecond
	switch via {
	case facts.PMTU:
		return 12 * reply * time.Duration(t.Attempts) // a search of some ten steps, each of which may time out
	case facts.Series, facts.Sticky:
		return time.Second + 4*connect // its connects overlap, and the last ones may time out
	case facts.Bulk:
		return 15 * time.Second // a transfer that is stuck after its handshake
	case facts.Race:
		return 12 * time.Second // the five seconds of a resolver that waits for a lost answer, twice
	case facts.Big:
		return 4 * reply * time.Duration(t.Attempts)
	case facts.Connect:
		return 12*time.Second + 4*connect // with the walk of the way
	case facts.ARP, facts.Tunnel:
		return 3 * reply
	case facts.TCP, facts.UDP, facts.ICMP, facts.TLS, facts.DNSUDP, facts.DNSTCP, facts.Closed, facts.Over, facts.HTTP, facts.Record:
		return 0
	}
	return 0
}
