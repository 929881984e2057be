package collect

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"time"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/probe"
	"github.com/plumbline-net/plumbline/framework/topology"
	"github.com/plumbline-net/plumbline/framework/wire"
)

// kubeletPort is open on every node (Kubernetes: Ports and Protocols); even a
// refusal proves that packets come and go between the runner and the node.
const kubeletPort = 10250

const runnerTimeout = 1500 * time.Millisecond

// runnerBlind says why the runner is no vantage: where it cannot reach a single
// node (behind a bastion, through an API proxy), NodePorts that do not answer it
// tell nothing about the cluster.
func (c *Collector) runnerBlind(ctx context.Context) string {
	ctx, cancel := context.WithTimeout(ctx, runnerTimeout)
	defer cancel()
	var wg sync.WaitGroup
	heard := make(chan struct{}, 1)
	for _, n := range c.snapshot.Selected() {
		for _, addr := range n.Internal {
			wg.Go(func() {
				if answers(ctx, netip.AddrPortFrom(addr, kubeletPort)) {
					select {
					case heard <- struct{}{}:
					default:
					}
					cancel()
				}
			})
		}
	}
	wg.Wait()
	select {
	case <-heard:
		return ""
	default:
		return fmt.Sprintf("no node's InternalIP answers from where the runner is (TCP %d)", kubeletPort)
	}
}

func answers(ctx context.Context, to netip.AddrPort) bool {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", to.String())
	if err == nil {
		_ = conn.Close()
		return true
	}
	return errors.Is(err, syscall.ECONNREFUSED)
}

// askRunner probes from this very process.
func (c *Collector) askRunner(ctx context.Context, plan wire.Plan) reply {
	plan.Version, plan.Run, plan.From = wire.Version, c.run.ID, facts.Vantage{Kind: facts.FromRunner}
	out := reply{Answer: topology.Answer{From: plan.From}}
	err := probe.Run(ctx, plan, func(line wire.Line) error {
		switch {
		case line.Row != nil:
			out.Rows = append(out.Rows, *line.Row)
		case line.Error != "":
			out.NotRun = line.Error
		case line.Done != nil:
			out.done = line.Done
		}
		return nil
	})
	if err != nil && out.NotRun == "" {
		out.NotRun = err.Error()
	}
	c.count(out, "")
	return out
}
