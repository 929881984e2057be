package collect

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"time"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/topology"
	"github.com/plumbline-net/plumbline/framework/wire"
)

const (
	// resendMost bounds all that is sent again in one run.
	resendMost = 45 * time.Second
	// watchingWithin is how long a node may take to begin to watch.
	watchingWithin = 5 * time.Second
	// lastPackets is how long the nodes go on watching after the sender's last attempt.
	lastPackets = 400 * time.Millisecond
	// watchSlack is what a watch may take longer than its own bound, to list the rules'
	// counters before and after.
	watchSlack = 15 * time.Second
	// resendAttempts is how often a flow is sent while it is watched.
	resendAttempts = 3
	// resendConnect holds the second SYN, after 1 s, and lets three attempts end within a
	// watch; resendReply does so for what is asked without a connection. In milliseconds.
	resendConnect = 1500
	resendReply   = 1000
)

// resend sends again, while the nodes on the way watch, what the options say is
// worth it. It costs the run nothing but time: what could not be done says so.
func (c *Collector) resend(ctx context.Context) {
	if c.options.Resend == nil {
		return
	}
	traces := c.options.Resend(c.snapshot)
	if len(traces) == 0 {
		return
	}
	c.begin("sending again what failed, with captures")
	defer c.end()
	bounded, cancel := context.WithTimeoutCause(ctx, resendMost, fmt.Errorf("the %s for sending again were over", resendMost))
	defer cancel()
	for _, t := range traces {
		c.snapshot.Traces = append(c.snapshot.Traces, c.traced(bounded, t))
	}
}

// traced sends one flow again. What is returned has what the sender met and what
// every node saw, or says why not.
func (c *Collector) traced(ctx context.Context, t facts.Trace) facts.Trace {
	if why := c.noHosts(); why != "" {
		t.NotRun = "no node could watch: " + why
		return t
	}
	if ctx.Err() != nil {
		t.NotRun = context.Cause(ctx).Error()
		return t
	}
	nodes, plan := topology.Watched(c.snapshot, t)
	if own := ownAddr(t); own.IsValid() {
		plan.Addrs = append(plan.Addrs, own)
	}
	watches := c.watchAt(ctx, nodes, plan)
	watches.await(ctx, watchingWithin)
	t.Attempts, t.NotRun = c.sendOnce(ctx, t)
	if t.NotRun == "" {
		pause(ctx, lastPackets)
	}
	t.Watches = c.keep(t.ID, watches.end())
	return t
}

// outside says whether a trace's vantage is the runner itself, outside the cluster.
func outside(v facts.Vantage) bool { return v == facts.Vantage{Kind: facts.FromRunner} }

// ownAddr is the address by which the runner sends to a trace's target, where the
// runner is the sender. Connecting a UDP socket asks the routes and sends nothing.
func ownAddr(t facts.Trace) netip.Addr {
	if !outside(t.From) {
		return netip.Addr{}
	}
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(netip.AddrPortFrom(t.To.Addr, discardPort)))
	if err != nil {
		return netip.Addr{}
	}
	defer func() { _ = conn.Close() }()
	own, ok := netip.AddrFromSlice(conn.LocalAddr().(*net.UDPAddr).IP)
	if !ok {
		return netip.Addr{}
	}
	return own.Unmap()
}

// discardPort is any port: nothing is sent there (RFC 863).
const discardPort = 9

// pause lets time pass, unless the run ends.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// sendOnce lets the trace's vantage send its flow, and gives its attempts.
func (c *Collector) sendOnce(ctx context.Context, t facts.Trace) ([]facts.Attempt, string) {
	agent, why := c.agentOf(t.From)
	if why != "" && !outside(t.From) {
		return nil, why
	}
	timing := c.options.Timing
	timing.Attempts = min(timing.Attempts, resendAttempts)
	timing.ConnectMillis = min(timing.ConnectMillis, resendConnect)
	timing.ReplyMillis = min(timing.ReplyMillis, resendReply)
	planned := []wire.PlannedFlow{{Flow: t.Flow, Targets: []facts.Target{t.To}}}
	plan := wire.Plan{Flows: planned, Timing: timing, DeadlineMillis: c.deadline(planned)}
	var got reply
	if outside(t.From) {
		got = c.askRunner(ctx, plan)
	} else {
		got = c.askAll(ctx, []vantage{{t.From, agent, plan}})[0]
	}
	for _, r := range got.Rows {
		if r.Row.NotRun != "" {
			return nil, r.Row.NotRun
		}
		if len(r.Row.Cells) == 1 {
			return attemptsOf(r.Row), ""
		}
	}
	return nil, cmp.Or(got.NotRun, "the agent's answer lacks the flow")
}

// attemptsOf are those of a row with one target. A plain cell has no record.
func attemptsOf(row facts.Row) []facts.Attempt {
	if d := row.Detail(0); d != nil && len(d.Attempts) > 0 {
		return d.Attempts
	}
	return []facts.Attempt{{Outcome: row.Cells[0].Outcome, Micros: row.Cells[0].RTT}}
}

// agentOf is the agent at a vantage, or why there is none.
func (c *Collector) agentOf(v facts.Vantage) (facts.Agent, string) {
	n := c.snapshot.Node(v.Node)
	if n == nil {
		return facts.Agent{}, "its vantage is on no node: " + v.String()
	}
	agent := n.NodeAgent
	switch v.Kind {
	case facts.FromPod:
		agent = n.PodAgent
	case facts.FromRuntime:
		i := slices.IndexFunc(n.RuntimeAgents, func(r facts.RuntimeAgent) bool { return r.Class == v.Class })
		if i < 0 {
			return facts.Agent{}, "there is no pod of RuntimeClass " + v.Class + " on " + v.Node
		}
		agent = n.RuntimeAgents[i].Agent
	case facts.FromHost, facts.FromRunner:
	}
	if !agent.Ready {
		return agent, cmp.Or(agent.NotRun, "its agent is not ready")
	}
	return agent, ""
}

// keep gives what the nodes saw, and hands their captures over to be kept.
func (c *Collector) keep(id string, replies []reply) []facts.Watch {
	out := make([]facts.Watch, 0, len(replies))
	for _, r := range replies {
		w := facts.Watch{NotRun: r.NotRun}
		if r.watch != nil {
			w = *r.watch
			w.NotRun = cmp.Or(w.NotRun, r.NotRun)
		}
		w.Node, w.File = r.From.Node, ""
		if len(r.capture) > 0 && c.options.SaveCapture != nil {
			name := CaptureName(id, w.Node)
			if err := c.options.SaveCapture(name, r.capture); err != nil {
				c.problem("keeping the capture "+name, err)
			} else {
				w.File = name
			}
		}
		out = append(out, w)
	}
	return out
}

// CaptureName is the file name of one node's capture of a trace.
func CaptureName(id, node string) string { return fmt.Sprintf("trace-%s-%s.pcapng", id, node) }
