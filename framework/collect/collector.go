package collect

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/cluster"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/topology"
)

// Progress is told what goes on, for people who wait.
type Progress interface {
	// Phase begins a part of the run.
	Phase(name string)
	// Note is one line about something worth knowing now.
	Note(text string)
}

// Collector observes one cluster once.
type Collector struct {
	options  Options
	client   *cluster.Client
	progress Progress
	snapshot *facts.Snapshot
	run      cluster.Run
	needs    topology.Requirement
	started  time.Time
	phase    phase
	// created: there may be something to clean up.
	created bool
	mu      sync.Mutex     // guards snapshot.Stats and perNode
	perNode map[string]int // exec calls
	leases  leases
	givenUp map[string]bool      // nodes whose node agent or probe pod did not come up
	born    map[string]time.Time // when each of the Services was made, by kind
	plugin  cluster.Plugin
	// agents stands in for exec in tests; nil asks the API server.
	agents func(ctx context.Context, pod string, stdin io.Reader, stdout, stderr io.Writer) error
}

// New validates the options; it does not touch the cluster.
func New(o Options) (*Collector, error) {
	o = o.withDefaults()
	if err := o.Validate(); err != nil {
		return nil, err
	}
	client, err := cluster.New(o.RESTConfig)
	if err != nil {
		return nil, err
	}
	return &Collector{options: o, client: client, progress: silent{}, perNode: map[string]int{}, givenUp: map[string]bool{}, born: map[string]time.Time{}}, nil
}

type silent struct{}

func (silent) Phase(string) {}
func (silent) Note(string)  {}

// Scope reads what the cluster says of itself; nothing is created. The error
// says why there is nothing to be known: no API server, no rights, or a
// *SelectionError.
func (c *Collector) Scope(ctx context.Context) (check.Scope, error) {
	c.started = time.Now()
	if err := c.client.Reachable(ctx); err != nil {
		return check.Scope{}, err
	}
	c.begin("discovering the cluster")
	nodes, nodeLabels, err := c.client.Nodes(ctx)
	if err != nil {
		return check.Scope{}, err
	}
	if err := exclude(nodes, nodeLabels, c.options); err != nil {
		return check.Scope{}, err
	}
	s := &facts.Snapshot{
		APIVersion: facts.APIVersion, Kind: facts.Kind,
		Run: facts.Run{
			ID: c.options.RunID, Suite: c.options.Version, Started: c.started.UTC().Truncate(time.Millisecond),
			InCluster: c.options.InCluster, Image: c.options.Image,
			IgnoreChecks: c.options.IgnoreChecks, FailOn: c.options.FailOn,
			Profile: c.options.Profile, Config: c.options.Config,
		},
		Nodes: nodes,
	}
	s.Cluster, c.plugin = c.client.Discover(ctx, nodes, s.Configured().Services)
	s.Cluster.Context = c.options.Context
	c.snapshot = s
	if !c.options.InCluster {
		s.Run.NoRunner = c.runnerBlind(ctx)
	}
	c.end()
	return check.ScopeOf(s), nil
}

// Collect observes what the checks ask for. A snapshot is returned with an
// error too: what was seen until then. It is saved before this returns, and
// everything that was created is gone, or the snapshot says what is not.
func (c *Collector) Collect(ctx context.Context, selected []check.Check, progress Progress) (*facts.Snapshot, error) {
	if progress != nil {
		c.progress = progress
	}
	if c.snapshot == nil {
		if _, err := c.Scope(ctx); err != nil {
			return nil, err
		}
	}
	c.ask(selected)
	bounded, cancel := context.WithTimeoutCause(ctx, c.options.Timeout, fmt.Errorf("the time limit of %s was reached", c.options.Timeout))
	defer cancel()
	err := c.observe(bounded)
	if err != nil {
		c.snapshot.Run.Incomplete = incomplete(ctx, bounded, c.phase.name, err)
	}
	c.fillGaps()
	c.finish()
	// Saved before the re-send and the clean-up, so that being killed there loses
	// nothing, and again after them, because they may have something to tell.
	saved := c.save()
	if err == nil {
		c.resend(bounded)
		c.finish()
	}
	c.clean(ctx)
	c.finish()
	if saved = cmp.Or(saved, c.save()); saved != nil {
		return c.snapshot, saved
	}
	return c.snapshot, err
}

func (c *Collector) ask(selected []check.Check) {
	c.needs = topology.Required(selected, check.ScopeOf(c.snapshot))
	c.snapshot.Run.Checks = []string{}
	for _, k := range selected {
		c.snapshot.Run.Checks = append(c.snapshot.Run.Checks, k.ID)
	}
}

// observe is the run as a story. The order matters: creating a pod or a Service
// can heal the fault that we came to see, so the hosts are looked at first.
func (c *Collector) observe(ctx context.Context) error {
	return c.stepwise(ctx, []step{
		{"preparing the namespace", c.prepare},
		{"placing the node agents", c.placeNodeAgents},
		{"taking the first look at every host", c.firstLook},
		{"placing the probe pods", c.placeProbePods},
		{"reading the network policies", c.readPolicies},
		{"creating the Services", c.createServices},
		{"probing", c.probe},
		{"taking the last look at every host", c.lastLook},
		{"asking the cluster once more", c.askAgain},
		{"trying network policies", c.tryPolicies},
	})
}

// step is one part of a run.
type step struct {
	name string
	do   func(context.Context) error
}

// stepwise does steps until one fails or the time is over.
func (c *Collector) stepwise(ctx context.Context, steps []step) error {
	for _, step := range steps {
		c.begin(step.name)
		err := step.do(ctx)
		c.end()
		if ctx.Err() != nil {
			return fmt.Errorf("%s: %w", step.name, context.Cause(ctx))
		}
		if err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
	}
	return nil
}

func incomplete(ctx, bounded context.Context, step string, err error) string {
	switch {
	case ctx.Err() != nil:
		return "interrupted while " + step
	case bounded.Err() != nil:
		return fmt.Sprintf("%v while %s", context.Cause(bounded), step)
	default:
		return err.Error()
	}
}

// Clean removes the leftovers of earlier runs: all of them, or only those whose
// time is certainly over. It gives the namespaces it cleaned.
func (c *Collector) Clean(ctx context.Context, all bool) ([]string, error) {
	runs, err := c.client.Leftovers(ctx, all)
	if err != nil {
		return nil, err
	}
	if c.options.Namespace != "" && all {
		own, err := c.client.LeftIn(ctx, c.options.Namespace)
		if err != nil {
			return nil, err
		}
		runs = append(runs, own...)
	}
	var cleaned []string
	for _, r := range runs {
		if err := c.client.Clean(ctx, r); err != nil {
			return cleaned, err
		}
		cleaned = append(cleaned, fmt.Sprintf("run %s in namespace %s", r.ID, r.Namespace))
	}
	return cleaned, nil
}
