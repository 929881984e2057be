package diagnose

import (
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
)

// startup is the check whose findings tell of the first seconds of new pods. They
// have no cells, as these pods were gone when the matrices were filled.
const startup = "dns/startup"

// startsLate says whether what new pods met is what a claim would do to the cluster
// DNS, or the API server, asked from pods of these nodes.
func (in *input) startsLate(cl claim, id string, f check.Finding) bool {
	if id != startup || cl.cell == nil || f.Verdict == check.Unknown || len(f.Nodes) == 0 || len(in.facts.Cluster.Families) == 0 {
		return false
	}
	flow := facts.Flow{From: facts.FromPod, To: facts.ToDNSService, Via: facts.DNSUDP, Family: in.facts.Cluster.Families[0], Look: facts.Main}
	if strings.Contains(f.Says, "connection to") {
		flow.To, flow.Via = facts.ToAPI, facts.TCP
	}
	cell := facts.Cell{Outcome: facts.Timeout}
	if f.Verdict == check.Warn {
		cell = facts.Cell{Outcome: facts.OK, Retried: true}
	}
	return cl.leaves(flow, cell) && !slices.ContainsFunc(f.Nodes, func(node string) bool {
		return !cl.cell(flow, facts.Vantage{Kind: facts.FromPod, Node: node}, facts.Target{})
	})
}

// aboutRules are the checks whose findings name the rule that they are about.
func aboutRules(id string) bool {
	return id == firewallDrops || id == firewallForward || id == firewallInput
}

// aboutSame says whether a finding on the same nodes follows from what a claim found
// there. It does not where it names another rule, other nodes as its far end, or an
// entry that is wrong where the cause could only make it be missing: that is a fault
// of its own.
func (in *input) aboutSame(id string, f check.Finding, own []located) bool {
	switch {
	case aboutRules(id):
		return slices.ContainsFunc(own, func(o located) bool { return speaksOf(f, o.Evidence) })
	case id == "overlay/fdb", id == "overlay/neighbor":
		if !strings.Contains(f.Says, "has no ") {
			return false
		}
	case id == "node/uniform", id == nodeChanged:
		return slices.ContainsFunc(own, func(o located) bool { return shareSubject(o.check, f.Says) })
	}
	far := in.farEnds(f)
	if len(far) == 0 {
		return true
	}
	known := false
	for _, o := range own {
		theirs := in.farEnds(o.Finding)
		if slices.ContainsFunc(theirs, func(n string) bool { return slices.Contains(far, n) }) {
			return true
		}
		known = known || len(theirs) > 0
	}
	return !known
}

// shareSubject: what differs between nodes, or between the looks, is what the check
// of a cause looks at.
func shareSubject(checkID, says string) bool {
	words := map[string][]string{
		"kernel/bridge-nf": {"bridge-nf"}, "kernel/rp-filter": {"rp_filter"}, "mtu/overlay": {"mtu", "MTU"},
		"service/programmed": {"KUBE-", "Service", "ClusterIP", "NodePort", "DNS", "API", "clusterIP", "kube-proxy", "IPVS", "rules"},
		"overlay/leftover":   {"route", "interface", "address", "tun"},
	}[checkID]
	return len(words) == 0 || slices.ContainsFunc(words, func(w string) bool { return strings.Contains(says, w) })
}

// farEnds are the nodes that a finding speaks of without being about them.
func (in *input) farEnds(f check.Finding) []string {
	var out []string
	text := f.Subject + " " + f.Says
	for _, n := range in.facts.Nodes {
		if strings.Contains(text, n.Name) && !slices.Contains(f.Nodes, n.Name) && containsWord(text, n.Name) {
			out = append(out, n.Name)
		}
	}
	return out
}
