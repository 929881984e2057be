package collect

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
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
// what may have changed since: are the nodes Ready, their kube-proxies, and the
// agents of their CNI. A pod that was replaced just then must not be taken for one
// that is missing. And it asks what can be known only now: the suite's own
// Services, the events and the CNI's logs of the time of the run.
func (c *Collector) askAgain(ctx context.Context) error {
	if err := c.latestConditions(ctx); err != nil {
		c.problem("asking for the nodes once more", err)
	}
	c.latestPods(ctx)
	c.ownServices(ctx)
	if events, errs := c.client.Events(ctx, c.plugin); len(errs) == 0 {
		c.snapshot.Cluster.Events = events
	}
	c.pluginLogs(ctx)
	c.latePolicies(ctx)
	return nil
}

// latestPods waits, if it must, for a component's pod that is about to be Ready.
func (c *Collector) latestPods(ctx context.Context) {
	s := &c.snapshot.Cluster
	lists := []struct {
		what   string
		before []facts.Pod
		last   *[]facts.Pod
		ask    func(context.Context) ([]facts.Pod, error)
		err    error
	}{
		{"the kube-proxies", s.KubeProxy, &s.KubeProxyLast, c.client.KubeProxies, nil},
		{"the agents of the network plugin", s.CNIPods, &s.CNIPodsLast, func(ctx context.Context) ([]facts.Pod, error) {
			return c.client.PluginPods(ctx, c.plugin)
		}, nil},
	}
	look := func(ctx context.Context) (bool, error) {
		settled := true
		for i := range lists {
			l := &lists[i]
			if len(l.before) == 0 {
				continue
			}
			var pods []facts.Pod
			if pods, l.err = l.ask(ctx); l.err == nil {
				*l.last = pods
			}
			settled = settled && l.err == nil && !slices.ContainsFunc(pods, starting)
		}
		return settled, nil
	}
	err := wait.For(look, wait.WithContext(ctx), wait.WithTimeout(settling), wait.WithInterval(pollInterval), wait.WithImmediate())
	for _, l := range lists {
		if err != nil && l.err != nil && len(*l.last) == 0 {
			c.problem("asking for "+l.what+" once more", l.err)
		}
	}
}

// ownServices notes what the suite's own Services have become in the API server.
func (c *Collector) ownServices(ctx context.Context) {
	if len(c.born) == 0 {
		return
	}
	s := &c.snapshot.Cluster
	own, err := c.client.OwnServices(ctx, c.run)
	if err != nil {
		s.Errors = append(s.Errors, facts.Error{What: "the suite's own Services", Says: err.Error()})
		return
	}
	s.Services = append(s.Services, own...)
	slices.SortFunc(s.Services, func(a, b facts.ClusterService) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
}

const (
	// mostLogs bounds the agents of a CNI whose logs are read.
	mostLogs = 50
	// logTimeout bounds one of them.
	logTimeout = 5 * time.Second
)

// pluginLogs reads the logs of the CNI's agents on the nodes under test.
func (c *Collector) pluginLogs(ctx context.Context) {
	s := &c.snapshot.Cluster
	pods := s.CNIPodsLast
	if len(pods) == 0 {
		pods = s.CNIPods
	}
	pods = slices.DeleteFunc(slices.Clone(pods), func(p facts.Pod) bool {
		n := c.snapshot.Node(p.Node)
		return n == nil || n.Excluded != "" || p.Terminating
	})
	logs := make([]facts.PodLog, len(pods))
	group := &errgroup.Group{}
	group.SetLimit(c.options.Parallel)
	for i, p := range pods {
		if i >= mostLogs {
			logs[i] = facts.PodLog{Pod: p.Name, Node: p.Node, NotRun: fmt.Sprintf("only %d logs are read in one run", mostLogs)}
			continue
		}
		group.Go(func() error {
			bounded, cancel := context.WithTimeout(ctx, logTimeout)
			defer cancel()
			logs[i] = c.client.PluginLog(bounded, c.plugin, p)
			return nil
		})
	}
	_ = group.Wait() // what went wrong stands in the logs themselves
	c.snapshot.Stats.LogReads += min(len(pods), mostLogs)
	if len(logs) > 0 {
		s.CNILogs = logs
	}
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
