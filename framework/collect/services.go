package collect

import (
	"context"
	"time"

	"github.com/plumbline-net/plumbline/framework/cluster"
	"github.com/plumbline-net/plumbline/framework/facts"
)

// createServices makes the Services that the selected checks ask for. One that
// cannot be created says why, and the others are made.
func (c *Collector) createServices(ctx context.Context) error {
	if c.needs.Service {
		c.snapshot.Service = c.createService(ctx, "")
	} else {
		c.snapshot.Service.NotRun = "no selected check needs it"
	}
	for _, kind := range c.needs.Services {
		c.snapshot.Further = append(c.snapshot.Further, c.createService(ctx, kind))
	}
	return nil
}

func (c *Collector) createService(ctx context.Context, kind string) facts.Service {
	var service facts.Service
	var err error
	if kind == facts.KindMany {
		service, err = c.client.CreateMany(ctx, c.run, c.firstFamily())
	} else {
		backends := c.backends(kind)
		if len(backends) == 0 {
			return facts.Service{Kind: kind, NotRun: "no probe pod is ready to stand behind it"}
		}
		service, err = c.client.CreateService(ctx, c.run, kind, backends)
	}
	if err != nil {
		what := "creating the Service"
		if kind != "" {
			what += " (" + kind + ")"
		}
		c.problem(what, err)
		return facts.Service{Kind: kind, NotRun: err.Error()}
	}
	c.born[kind] = time.Now()
	return service
}

// firstFamily is IPv6 only in a cluster that has nothing else.
func (c *Collector) firstFamily() facts.Family {
	if families := c.snapshot.Cluster.Families; len(families) == 1 {
		return families[0]
	}
	return facts.IPv4
}

// backends are the probe pods that stand behind a Service.
func (c *Collector) backends(kind string) []cluster.Backend {
	var ready []cluster.Backend
	for _, n := range c.snapshot.Selected() {
		if n.PodAgent.Ready {
			ready = append(ready, cluster.Backend{
				Peer: "pod/" + n.Name, Node: n.Name, Pod: n.PodAgent.Pod,
				Addrs: n.PodAgent.Addrs, Ports: n.PodAgent.Ports,
			})
		}
	}
	return ready[:min(len(ready), c.wanted(kind, len(ready)))]
}

// wanted is how many backends a Service has: few, since every one of them costs
// every node rules.
func (c *Collector) wanted(kind string, ready int) int {
	switch kind {
	case facts.KindHairpin:
		return ready // whoever asks has to stand behind it
	case facts.KindLocal:
		return max(1, min(c.options.Backends, ready-1)) // a node without a backend is the negative control
	}
	return c.options.Backends
}

// age notes how long ago each Service was made, now that the probes are sent off.
func (c *Collector) age() {
	set := func(s *facts.Service) {
		if at, made := c.born[s.Kind]; made {
			s.AgeMillis = int(time.Since(at).Milliseconds())
		}
	}
	set(&c.snapshot.Service)
	for i := range c.snapshot.Further {
		set(&c.snapshot.Further[i])
	}
}
