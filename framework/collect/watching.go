package collect

import (
	"cmp"
	"context"
	"io"
	"sync"
	"time"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/topology"
	"github.com/plumbline-net/plumbline/framework/wire"
)

// watches are the node agents that watch one flow.
type watches struct {
	replies []reply
	// begun has one entry for every agent that watches, or that will not.
	begun chan struct{}
	// stdin is open behind every agent's plan; closing it ends the watch.
	stdin []*io.PipeWriter
	wg    sync.WaitGroup
}

// watchAt lets the node agents of some nodes begin to watch, one exec each.
func (c *Collector) watchAt(ctx context.Context, nodes []string, watch wire.Watch) *watches {
	out := &watches{replies: make([]reply, len(nodes)), begun: make(chan struct{}, len(nodes))}
	for i, name := range nodes {
		from := facts.Vantage{Kind: facts.FromHost, Node: name}
		out.replies[i] = reply{Answer: topology.Answer{From: from}}
		agent := c.snapshot.Node(name).NodeAgent
		if !agent.Ready {
			out.replies[i].NotRun = cmp.Or(agent.NotRun, "its node agent is not ready")
			out.begun <- struct{}{}
			continue
		}
		plan := wire.Plan{
			Version: wire.Version, Run: c.run.ID, From: from, Watch: &watch, Timing: c.options.Timing,
			DeadlineMillis: watch.Millis + int(watchSlack.Milliseconds()),
		}
		reader, writer := io.Pipe()
		out.stdin = append(out.stdin, writer)
		var once sync.Once
		begun := func() { once.Do(func() { out.begun <- struct{}{} }) }
		out.wg.Go(func() {
			// Whoever still writes to an agent that has ended must not wait for ever.
			defer func() { _ = reader.Close() }()
			defer begun()
			answer := c.converse(ctx, agent.Pod, plan, talk{reader, begun})
			c.count(answer, name)
			out.replies[i] = answer
		})
	}
	return out
}

// await waits until all watch, and no longer than given.
func (w *watches) await(ctx context.Context, most time.Duration) {
	timer := time.NewTimer(most)
	defer timer.Stop()
	for range w.replies {
		select {
		case <-w.begun:
		case <-timer.C:
			return
		case <-ctx.Done():
			return
		}
	}
}

// end ends the watches and gives what came of them.
func (w *watches) end() []reply {
	for _, in := range w.stdin {
		_ = in.Close() // never fails (io.PipeWriter)
	}
	w.wg.Wait()
	return w.replies
}
