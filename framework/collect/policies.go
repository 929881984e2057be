package collect

import (
	"context"
	"fmt"
	"slices"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// readPolicies notes what restricts the traffic of pods, before anything is probed,
// and says at once what selects the suite's own.
func (c *Collector) readPolicies(ctx context.Context) error {
	if !c.needs.Pods {
		return nil
	}
	found, err := c.client.Policies(ctx, c.run)
	if err != nil {
		c.problem("reading which policies there are", err)
		return nil
	}
	c.snapshot.Cluster.Policies = found
	for _, k := range found.Kinds {
		if k.NotRun != "" {
			c.snapshot.Cluster.Errors = append(c.snapshot.Cluster.Errors, facts.Error{What: fmt.Sprintf("policies of kind %s.%s", k.Kind, k.Group), Says: k.NotRun})
		}
	}
	for _, p := range found.Selecting {
		c.progress.Note(noteOf(p))
	}
	return nil
}

// noteOf says what a policy means for this run.
func noteOf(p facts.Policy) string {
	if p.Unread != "" {
		return fmt.Sprintf("%s may select the suite's pods: %s", p.Plain(), p.Unread)
	}
	says := p.Plain() + " selects the suite's probe pods"
	if p.Ingress == facts.RestrictAll || p.Egress == facts.RestrictAll {
		return says + " and permits nothing: what it stops cannot be looked at"
	}
	return says + ": what its rules do not permit cannot be looked at"
}

// latePolicies adds those that came while the suite probed (controllers put policies
// into new namespaces).
func (c *Collector) latePolicies(ctx context.Context) {
	if !c.needs.Pods {
		return
	}
	found, err := c.client.Policies(ctx, c.run)
	if err != nil {
		return // the first reading has said so, or knows more
	}
	known := c.snapshot.Cluster.Policies
	if known == nil {
		c.snapshot.Cluster.Policies = found
		return
	}
	for _, p := range found.Selecting {
		if !slices.ContainsFunc(known.Selecting, func(k facts.Policy) bool {
			return k.Group == p.Group && k.Kind == p.Kind && k.Namespace == p.Namespace && k.Name == p.Name
		}) {
			p.Late = true
			known.Selecting = append(known.Selecting, p)
			c.progress.Note(noteOf(p))
		}
	}
}
