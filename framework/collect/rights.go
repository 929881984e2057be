package collect

import (
	"cmp"
	"context"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/cluster"
	"github.com/plumbline-net/plumbline/framework/topology"
)

// RightsError says that the API server would not allow what a run needs.
type RightsError struct{ Missing []cluster.Right }

// Error names all of them in one sentence.
func (e *RightsError) Error() string {
	return "rights that the run needs are missing: " + cluster.Sentence(e.Missing) +
		" (`plumbline preflight` shows what each is for)"
}

// Permitted asks, before anything is created, for every right that observing
// the checks needs, all at once; the error is a *RightsError where one is
// missing that a run cannot do without. Where the API server does not answer such
// questions, the run learns by trying.
func (c *Collector) Permitted(ctx context.Context, selected []check.Check) error {
	missing, err := c.client.Missing(ctx, c.access(selected).Rights())
	if apierrors.IsForbidden(err) || apierrors.IsNotFound(err) || apierrors.IsMethodNotSupported(err) {
		return nil
	}
	if err != nil {
		return err
	}
	var needed []cluster.Right
	for _, r := range missing {
		if r.Without == "" {
			needed = append(needed, r)
		}
	}
	if len(needed) > 0 {
		return &RightsError{needed}
	}
	return nil
}

func (c *Collector) access(selected []check.Check) cluster.Access {
	o := c.options
	scope := topology.Presumed(!o.InCluster)
	if o.Config != nil {
		scope.Config = *o.Config
	}
	needs := topology.Required(selected, scope)
	if o.Unprivileged {
		needs = needs.WithoutHosts()
	}
	return cluster.Access{
		// A name of its own has a random suffix, like this one.
		Namespace: cmp.Or(o.Namespace, "plumbline-"+suffix()), OwnNamespace: o.Namespace == "",
		Job: o.Owner != nil, Keep: o.Keep,
		Hosts: needs.Hosts, Pods: needs.Pods, Service: needs.Service,
		Services: needs.Services, Policy: needs.Policy, Named: scope.Config.Services,
	}
}
