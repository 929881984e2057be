package collect

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	"sigs.k8s.io/e2e-framework/klient/wait"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/wire"
)

// logLimit is how much of an agent's log is read: its first line is the identity.
const logLimit = 16 << 10

// identities reads what every echo server published as the first line of its log.
func (c *Collector) identities(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(c.options.Parallel)
	for i := range c.snapshot.Nodes {
		for _, r := range c.pods() {
			agent := r.of(&c.snapshot.Nodes[i])
			if !agent.Ready {
				continue
			}
			group.Go(func() error {
				id, reads, err := c.identity(ctx, agent.Pod)
				c.mu.Lock()
				defer c.mu.Unlock()
				c.snapshot.Stats.LogReads += reads
				if err != nil {
					agent.Ready = false
					agent.NotRun = err.Error()
					return nil
				}
				introduce(agent, id)
				return nil
			})
		}
	}
	if err := group.Wait(); err != nil {
		return err
	}
	c.domain()
	return nil
}

// introduce takes from an identity what is known there; a later one does not
// take away what an earlier one told.
func introduce(agent *facts.Agent, id wire.Identity) {
	if id.Ports != (facts.Ports{}) {
		agent.Ports = id.Ports
	}
	agent.MTU, agent.MAC = cmp.Or(id.MTU, agent.MTU), cmp.Or(id.MAC, agent.MAC)
	if id.ResolvConf != nil {
		agent.ResolvConf = id.ResolvConf
	}
	if id.Startup != nil {
		agent.Startup = id.Startup
	}
}

func (c *Collector) identity(ctx context.Context, pod string) (wire.Identity, int, error) {
	var id wire.Identity
	reads := 0
	var last error
	read := func(ctx context.Context) (bool, error) {
		reads++
		line, err := c.firstLine(ctx, pod)
		published := err == nil // otherwise it is asked again, until the time is over
		if !published && (last == nil || !ending(ctx)) {
			last = err
		}
		if published {
			if err := json.Unmarshal(line, &id); err != nil {
				return false, fmt.Errorf("the first line of the log of %s is not what an agent publishes (is the image of this release?): %w", pod, err)
			}
		}
		return published, nil
	}
	err := wait.For(read, wait.WithContext(ctx), wait.WithTimeout(10*time.Second), wait.WithInterval(pollInterval), wait.WithImmediate())
	if err != nil && last != nil && ctx.Err() == nil {
		err = fmt.Errorf("learning the ports of the probe pod: %w", last)
	}
	return id, reads, err
}

// firstLine is an error as long as the line is not whole.
func (c *Collector) firstLine(ctx context.Context, pod string) ([]byte, error) {
	raw, err := c.client.Log(ctx, c.run.Namespace, pod, "agent", logLimit)
	if err != nil {
		return nil, err
	}
	line, _, whole := bytes.Cut(raw, []byte("\n"))
	if !whole {
		return nil, errors.New("its log has no first line yet")
	}
	return line, nil
}

// domain takes the cluster's domain from a probe pod's search path
// ("<namespace>.svc.<domain>") where the configuration of the DNS did not tell.
func (c *Collector) domain() {
	if c.snapshot.Cluster.Domain != "" {
		return
	}
	prefix := c.run.Namespace + ".svc."
	for _, n := range c.snapshot.Nodes {
		if n.PodAgent.ResolvConf == nil {
			continue
		}
		fields := strings.Fields(n.PodAgent.ResolvConf.Text)
		i := slices.IndexFunc(fields, func(f string) bool { return strings.HasPrefix(f, prefix) })
		if i >= 0 {
			c.snapshot.Cluster.Domain = strings.TrimSuffix(strings.TrimPrefix(fields[i], prefix), ".")
			return
		}
	}
}
