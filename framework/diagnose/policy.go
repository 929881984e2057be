package diagnose

import (
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/facts"
)

const policyInTheWayID = "policy-in-the-way"

// policyInTheWay: a policy, not a fault of the network, stops the suite's own
// pods. The API server names it; without its list the per-pod chains of a packet
// filter name it, and without those the shape of what fails is left.
func policyInTheWay(in *input) []claim {
	for _, find := range []func(*input) []claim{listedPolicies, chainedPolicies, policyShape} {
		if found := find(in); len(found) > 0 {
			return found
		}
	}
	return nil
}

// held are the directions in which connections of the probe pods are restricted.
type held struct{ ingress, egress bool }

// covers matches what a policy of these directions may stop. A pod always reaches
// itself, and its own node always reaches it (Kubernetes: Network Policies, "The two
// sorts of pod isolation").
func (h held) covers(f facts.Flow, from facts.Vantage, to facts.Target) bool {
	if h.egress && fromPod(f) && (f.To != facts.ToPod || f.From != facts.FromPod || from.Node != to.Node) {
		return true
	}
	switch f.To {
	case facts.ToPod, facts.ToRuntime:
		return h.ingress && from.Node != to.Node
	case facts.ToClusterIP, facts.ToNodePort, facts.ToNodePortLocal, facts.ToHairpin, facts.ToAffinity:
		return h.ingress
	case facts.ToHost, facts.ToAPI, facts.ToDNSReplica, facts.ToDNSService, facts.ToGateway, facts.ToTunnel, facts.ToDNSMetrics,
		facts.ToDNSRecord, facts.ToNodeDNS, facts.ToDNSExternal, facts.ToDNSUpstream, facts.ToEgress:
	}
	return false
}

// listedPolicies are those of the API server that select the probe pods, where
// what they restrict is indeed stopped.
func listedPolicies(in *input) []claim {
	p := in.facts.Cluster.Policies
	if p == nil || len(p.Selecting) == 0 {
		return nil
	}
	var stopping []facts.Policy
	var h held
	sure := true
	for _, one := range p.Selecting {
		if one.Unread != "" {
			continue // not known to be about our pods
		}
		if one.Ingress != "" || one.Egress != "" {
			stopping = append(stopping, one)
		}
		h.ingress, h.egress = h.ingress || one.Ingress != "", h.egress || one.Egress != ""
		sure = sure && one.Ingress != facts.RestrictRules && one.Egress != facts.RestrictRules
	}
	if len(stopping) == 0 || !in.inForce(h) {
		return nil
	}
	c := in.policyClaim(h)
	c.key = policyNames(stopping, "+")
	c.says = policySays(stopping)
	c.grounds = "the API server lists it, its selector selects the probe pods, and what it restricts fails"
	if !sure {
		c.open, c.grounds = true, c.grounds+"; it has rules, and which packets they permit was not worked out"
	}
	for _, one := range stopping {
		c.evidence = append(c.evidence, evidenceOfPolicy(one))
	}
	c.remedy = policySteps(in.facts, stopping)
	in.addRules(&c)
	return []claim{c}
}

// addRules adds the rules by which a plugin carries the policy out, where the packet
// filter has them: their counters prove that it was met.
func (in *input) addRules(c *claim) {
	for _, d := range in.policyDrops() {
		c.evidence = append(c.evidence, d.evidence())
	}
	own, evidence := c.finding, c.evidence
	c.finding = func(id string, f finding) bool {
		return own(id, f) || id == firewallDrops && speaksOf(f, evidence)
	}
}

// policyClaim is what all ways of finding a policy have in common.
func (in *input) policyClaim(h held) claim {
	return claim{
		cell: h.covers, leaves: turnedAway, withholds: true,
		parts:   []string{"pod", "bridge", "host"},
		finding: func(string, finding) bool { return false },
	}
}

// inForce says whether what a restriction must stop is stopped on most nodes: a
// plugin that does not enforce policies stops nothing, and then another thing is wrong.
func (in *input) inForce(h held) bool {
	open, closed := map[string]bool{}, map[string]bool{}
	for _, m := range in.facts.Matrices {
		if !plainPods(m.Flow) || m.Flow.Via == facts.ICMP {
			continue
		}
		for _, row := range m.Rows {
			for i, t := range m.Targets {
				if i >= len(row.Cells) || row.Cells[i].Outcome == facts.NotRun || row.From.Node == t.Node {
					continue
				}
				into := closed
				if row.Cells[i].Outcome == facts.OK {
					into = open
				}
				if h.ingress {
					into[t.Node] = true
				}
				if h.egress {
					into[row.From.Node] = true
				}
			}
		}
	}
	stopped := 0
	for n := range closed {
		if !open[n] {
			stopped++
		}
	}
	return stopped > 0 && 2*stopped >= len(closed)+countOnly(open, closed)
}

func countOnly(of, without map[string]bool) int {
	n := 0
	for k := range of {
		if !without[k] {
			n++
		}
	}
	return n
}

func policyNames(list []facts.Policy, by string) string {
	var names []string
	for _, p := range list {
		names = append(names, p.Plain())
	}
	slices.Sort(names)
	return strings.Join(slices.Compact(names), by)
}

// policySays names what stands in the way, and why that is no fault of the network.
func policySays(list []facts.Policy) string {
	verb := "selects"
	if len(list) > 1 {
		verb = "select"
	}
	return fmt.Sprintf("%s %s the suite's probe pods and stops their connections (%s): what these pods could not reach is not known to be broken",
		policyNames(list, ", "), verb, directions(list))
}

func directions(list []facts.Policy) string {
	var out []string
	for _, d := range []struct {
		word string
		of   func(facts.Policy) facts.Restriction
	}{
		{"ingress", func(p facts.Policy) facts.Restriction { return p.Ingress }},
		{"egress", func(p facts.Policy) facts.Restriction { return p.Egress }},
	} {
		if slices.ContainsFunc(list, func(p facts.Policy) bool { return d.of(p) != "" }) {
			out = append(out, d.word)
		}
	}
	return strings.Join(out, " and ")
}
