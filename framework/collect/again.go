package collect

import (
	"context"
	"slices"
	"strings"
	"time"

	"sigs.k8s.io/e2e-framework/klient/wait"

	"github.com/plumbline-net/plumbline/framework/facts"
)

const (
	// settling is how long a kube-proxy that has just been started may take to be Ready.
	settling = 10 * time.Second
	// young is a pod whose start may still be under way.
	young = time.Minute
)

// askAgain asks the cluster at the end what it was asked at the beginning and
// what may have changed since: are the nodes Ready, and their kube-proxies. A pod
// that was replaced just then must not be taken for one that is missing.
func (c *Collector) askAgain(ctx context.Context) error {
	if err := c.latestConditions(ctx); err != nil {
		c.problem("asking for the nodes once more", err)
	}
	if len(c.snapshot.Cluster.KubeProxy) == 0 {
		return nil
	}
	var last error
	look := func(ctx context.Context) (bool, error) {
		var pods []facts.Pod
		if pods, last = c.client.KubeProxies(ctx); last == nil {
			c.snapshot.Cluster.KubeProxyLast = pods
		}
		return last == nil && !slices.ContainsFunc(pods, starting), nil
	}
	err := wait.For(look, wait.WithContext(ctx), wait.WithTimeout(settling), wait.WithInterval(pollInterval), wait.WithImmediate())
	if err != nil && len(c.snapshot.Cluster.KubeProxyLast) == 0 && last != nil {
		c.problem("asking for the kube-proxies once more", last)
	}
	return nil
}

// starting says of a pod whether it is about to become Ready, or to be replaced
// by one that will.
func starting(p facts.Pod) bool {
	return !p.Ready && (p.Terminating || p.Restarts == 0 && p.Phase != "Failed" && (p.Started.IsZero() || time.Since(p.Started) < young))
}

// latestConditions notes what the nodes' conditions are by now.
func (c *Collector) latestConditions(ctx context.Context) error {
	nodes, _, err := c.client.Nodes(ctx)
	if err != nil {
		return err
	}
	for _, now := range nodes {
		if n := c.snapshot.Node(now.Name); n != nil {
			n.Last = now.Conditions
		}
	}
	return nil
}

// notReady is what the node's own condition says where it is not Ready.
func notReady(n facts.Node) []facts.Event {
	conditions := n.Conditions
	if len(n.Last) > 0 {
		conditions = n.Last
	}
	for _, k := range conditions {
		if k.Type == "Ready" && k.Status != "True" {
			return []facts.Event{{Reason: "NodeNotReady", Message: strings.TrimSpace(k.Reason + ": " + k.Message)}}
		}
	}
	return nil
}
