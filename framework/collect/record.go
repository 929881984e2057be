package collect

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/plumbline-net/plumbline/framework/distribution"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/recognise"
)

// phase is the part of the run that is under way.
type phase struct {
	name  string
	began time.Time
}

func (c *Collector) begin(name string) {
	c.phase = phase{name, time.Now()}
	c.progress.Phase(name)
}

func (c *Collector) end() {
	if c.snapshot == nil {
		return
	}
	millis := int(time.Since(c.phase.began).Milliseconds())
	c.snapshot.Stats.Phases = append(c.snapshot.Stats.Phases, facts.Phase{Name: c.phase.name, Millis: millis})
}

// problem records what went wrong in the run itself, and goes on.
func (c *Collector) problem(what string, err error) {
	c.snapshot.Run.Problems = append(c.snapshot.Run.Problems, facts.Error{What: what, Says: err.Error()})
	c.progress.Note(fmt.Sprintf("%s: %v", what, err))
}

// fillGaps gives every flow that was asked and not observed a matrix that says
// so, and every host that ought to have been looked at a look that says why not.
func (c *Collector) fillGaps() {
	s := c.snapshot
	why := cmp.Or(s.Run.Incomplete, "the run did not come to it")
	for _, f := range c.needs.Flows {
		if s.Matrix(f) == nil {
			reason := why
			if f.From == facts.FromHost {
				reason = cmp.Or(c.noHosts(), why)
			}
			s.Matrices = append(s.Matrices, facts.Matrix{Flow: f, Targets: []facts.Target{}, Rows: []facts.Row{}, NotRun: reason})
		}
	}
	for _, kind := range c.needs.Services {
		if s.FurtherService(kind) == nil {
			s.Further = append(s.Further, facts.Service{Kind: kind, NotRun: why})
		}
	}
	if c.needs.Policy && s.PolicyTrial == nil {
		s.PolicyTrial = &facts.PolicyTrial{NotRun: why}
	}
	for _, look := range []facts.Look{facts.First, facts.Last} {
		if !c.needs.Looks[look] {
			continue
		}
		for _, n := range s.Selected() {
			if s.Host(n.Name, look) == nil {
				reason := cmp.Or(n.NodeAgent.NotRun, why)
				s.Hosts = append(s.Hosts, facts.HostLook{Node: n.Name, Look: look, NotRun: reason})
			}
		}
	}
	slices.SortFunc(s.Matrices, func(a, b facts.Matrix) int { return cmp.Compare(a.Flow.Key(), b.Flow.Key()) })
	slices.SortFunc(s.Hosts, func(a, b facts.HostLook) int {
		return cmp.Or(cmp.Compare(a.Node, b.Node), cmp.Compare(a.Look, b.Look))
	})
}

// cleanTimeout bounds the clean-up, which has a context of its own: it runs after
// an interruption too.
const cleanTimeout = 45 * time.Second

func (c *Collector) clean(ctx context.Context) {
	if !c.created || c.options.Keep {
		return
	}
	c.begin("removing everything again")
	defer c.end()
	own, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanTimeout)
	defer cancel()
	if err := c.client.Clean(own, c.run); err != nil {
		c.problem("cleaning up", err)
	}
}

func (c *Collector) finish() {
	s := c.snapshot
	s.Run.Finished = time.Now().UTC().Truncate(time.Millisecond)
	s.Stats.APIRequests = c.client.Requests()
	d, _ := distribution.Recognise(s)
	s.Cluster.Distribution = d.Word
	s.Cluster.ProxyMode = recognise.ProxyMode(s)
	s.Cluster.Recognised = recognise.All(s)
}
