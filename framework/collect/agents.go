package collect

import (
	"context"
	"slices"
	"time"

	"sigs.k8s.io/e2e-framework/klient/wait"

	"github.com/plumbline-net/plumbline/framework/cluster"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/recognise"
)

// pollInterval is how often a wait looks again.
const pollInterval = 300 * time.Millisecond

// role is one kind of agents: those on the hosts, the probe pods, and the probe
// pods of each RuntimeClass asked for.
type role struct {
	component, daemonSet, file string
	of                         func(*facts.Node) *facts.Agent
	class                      string
	// policy is the class of pods of the trial of policies.
	policy string
}

var (
	nodeRole  = role{"node", "plumbline-node", "node.yaml", func(n *facts.Node) *facts.Agent { return &n.NodeAgent }, "", ""}
	probeRole = role{"probe", "plumbline-probe", "probe.yaml", func(n *facts.Node) *facts.Agent { return &n.PodAgent }, "", ""}
)

// runtimeRole is that of the probe pods of one RuntimeClass.
func runtimeRole(class string) role {
	return role{"runtime", probeRole.daemonSet + "-" + class, probeRole.file, func(n *facts.Node) *facts.Agent {
		i := slices.IndexFunc(n.RuntimeAgents, func(r facts.RuntimeAgent) bool { return r.Class == class })
		return &n.RuntimeAgents[i].Agent
	}, class, ""}
}

// policyRole is that of the pods of one class of the trial of policies.
func policyRole(class string) role {
	return role{"policy", "plumbline-policy-" + class, probeRole.file, func(n *facts.Node) *facts.Agent {
		i := slices.IndexFunc(n.PolicyAgents, func(r facts.RuntimeAgent) bool { return r.Class == class })
		return &n.PolicyAgents[i].Agent
	}, "", class}
}

// runOf is the run as the agents of a role are created and found in it.
func (c *Collector) runOf(r role) cluster.Run {
	if r.policy != "" {
		return c.run.OfPolicyClass(r.policy)
	}
	if r.class == "" {
		return c.run
	}
	return c.run.OfRuntimeClass(r.class)
}

// pods are the roles whose agents are in the pod network.
func (c *Collector) pods() []role {
	out := []role{probeRole}
	if !c.needs.Runtimes {
		return out
	}
	for _, class := range c.snapshot.Configured().RuntimeClasses {
		out = append(out, runtimeRole(class))
	}
	return out
}

func (c *Collector) placeNodeAgents(ctx context.Context) error {
	if why := c.noHosts(); why != "" {
		c.without(nodeRole, why)
		return nil
	}
	if !c.create(ctx, nodeRole) {
		return nil
	}
	return c.await(ctx, nodeRole)
}

// placeProbePods creates those of all RuntimeClasses before it waits for the
// first, so that they start side by side.
func (c *Collector) placeProbePods(ctx context.Context) error {
	if !c.needs.Pods {
		c.without(probeRole, "no selected check needs a probe pod")
		return nil
	}
	c.prepareRuntimes()
	var placed []role
	for _, r := range c.pods() {
		if c.create(ctx, r) {
			placed = append(placed, r)
		}
	}
	for _, r := range placed {
		if err := c.await(ctx, r); err != nil {
			return err
		}
	}
	if err := c.identities(ctx); err != nil {
		return err
	}
	c.nameservers(ctx)
	return nil
}

// nameservers takes the Service that pods are given as nameserver for the cluster
// DNS, now that there are pods which tell.
func (c *Collector) nameservers(ctx context.Context) {
	if err := c.client.ByNameserver(ctx, &c.snapshot.Cluster, recognise.AllNameservers(c.snapshot)); err != nil {
		c.problem("finding the Service behind the pods' nameserver", err)
	}
}

// prepareRuntimes gives every node a place for each of its further probe pods.
func (c *Collector) prepareRuntimes() {
	if !c.needs.Runtimes {
		return
	}
	for i := range c.snapshot.Nodes {
		for _, class := range c.snapshot.Configured().RuntimeClasses {
			c.snapshot.Nodes[i].RuntimeAgents = append(c.snapshot.Nodes[i].RuntimeAgents, facts.RuntimeAgent{Class: class})
		}
	}
}

// without says of every node why it has no agent.
func (c *Collector) without(r role, why string) {
	for i := range c.snapshot.Nodes {
		r.of(&c.snapshot.Nodes[i]).NotRun = why
	}
}

// create creates the DaemonSet of a role; false where every node is without its
// agents now.
func (c *Collector) create(ctx context.Context, r role) bool {
	c.created = true
	if err := c.client.Create(ctx, c.runOf(r), r.file); err != nil {
		c.without(r, err.Error())
		c.problem("creating "+r.daemonSet, err)
		return false
	}
	return true
}

// await waits until every node's pod is ready or known to be in trouble. A node
// in trouble costs its own facts only.
func (c *Collector) await(ctx context.Context, r role) error {
	w := newWatch(c, r)
	err := wait.For(w.look, wait.WithContext(ctx), wait.WithTimeout(c.options.AgentTimeout),
		wait.WithInterval(pollInterval), wait.WithImmediate())
	w.record()
	if err != nil && ctx.Err() != nil {
		return err
	}
	return nil
}
