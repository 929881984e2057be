package topology

import (
	"slices"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
)

// Requirement is what a set of checks needs in the cluster.
type Requirement struct {
	Flows []facts.Flow // merged and sorted, as Flows gives them
	Looks map[facts.Look]bool
	// Hosts and Pods: an agent on every host, a probe pod on every node.
	// Service: the suite's own Service, behind which probe pods stand.
	Hosts, Pods, Service bool
	// Services are the kinds of the suite's further Services, sorted.
	Services []string
	// Runtimes: probe pods of the RuntimeClasses that the configuration asks for.
	Runtimes bool
	// Policy: pods and network policies for the trial of policies.
	Policy bool
}

// Required tells from flows, looks and needs what has to be placed for checks.
// A run places by it, and a dry run shows it.
func Required(checks []check.Check, scope check.Scope) Requirement {
	r := Requirement{Flows: Flows(checks, scope), Looks: map[facts.Look]bool{}}
	for _, c := range checks {
		for _, l := range c.Looks {
			r.Looks[l] = true
		}
		for _, n := range c.Needs {
			r.Hosts = r.Hosts || n == check.NeedHosts || n == check.NeedHostRead
			r.Pods = r.Pods || n == check.NeedPods
			r.Service = r.Service || n == check.NeedService
			r.Policy = r.Policy || n == check.NeedPolicy
		}
	}
	for _, f := range r.Flows {
		r.Hosts = r.Hosts || f.AtHost()
		r.Pods = r.Pods || f.From == facts.FromPod || f.To == facts.ToPod
		r.Service = r.Service || f.To == facts.ToClusterIP || f.To == facts.ToNodePort
		r.Runtimes = r.Runtimes || f.From == facts.FromRuntime || f.To == facts.ToRuntime
	}
	for _, c := range checks {
		r.Services = append(r.Services, c.Services...)
	}
	slices.Sort(r.Services)
	r.Services = slices.Compact(r.Services)
	r.Hosts = r.Hosts || len(r.Looks) > 0
	r.Pods = r.Pods || r.Service || len(r.Services) > 0 || r.Runtimes
	return r
}

// WithoutHosts is what is left where host access is refused: nothing is looked
// at, and no flow begins or ends at a host.
func (r Requirement) WithoutHosts() Requirement {
	r.Flows = slices.DeleteFunc(slices.Clone(r.Flows), facts.Flow.AtHost)
	r.Hosts, r.Looks = false, map[facts.Look]bool{}
	return r
}

// ExecsPerNode is how many exec calls each node gets: at its host one for every
// look and one for probing, in its probe pod one for probing and for what it met
// in its first moments. Probe pods of RuntimeClasses get one more each, and so do the
// pods of the trial of policies.
func (r Requirement) ExecsPerNode() int {
	n := 0
	if r.Hosts {
		n++ // the first look also learns the agent's ports
		if r.Looks[facts.Last] || len(At(r.Flows, facts.Last)) > 0 {
			n++
		}
	}
	if slices.ContainsFunc(At(r.Flows, facts.Main), func(f facts.Flow) bool { return f.From == facts.FromHost }) {
		n++
	}
	if r.Pods {
		n++
	}
	if r.Policy {
		n += len(facts.PolicyClasses())
	}
	return n
}

// Presumed is the scope of a cluster that has not been asked yet: it has what
// clusters usually have.
func Presumed(runner bool) check.Scope {
	return check.Scope{Families: []facts.Family{facts.IPv4}, Runner: runner, HasDNS: true, HasAPI: true}
}
