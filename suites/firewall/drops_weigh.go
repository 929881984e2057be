package firewall

import (
	"slices"
	"strings"
	"sync"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/controls"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/netfilter"
	"github.com/plumbline-net/plumbline/framework/recognise"
)

// strayLimit is how many packets without a place in any connection a healthy run may
// drop: late answers and resets come with every connection that is cut.
const strayLimit = 100

// weigh says how bad a growing counter is, and why in words that follow the figure;
// Pass is what every healthy cluster does.
func weigh(s *facts.Snapshot, n facts.Node, g grew) (why string, v check.Verdict) {
	text := strings.ToLower(g.text)
	bears := sync.OnceValue(func() bearing { return bearingOn(s, n, g) })
	switch {
	case onlyControls(s, n, g) && !bears().certain:
		return "of our own negative controls and of probes that a host sent to itself, which no network has to deliver", check.Pass
	case strings.Contains(text, "ctstate invalid"), strings.Contains(text, "ct state invalid"):
		if g.packets() <= strayLimit {
			return "that belonged to no connection (INVALID), as happens when connections are cut", check.Pass
		}
		return "; these belonged to no known connection: answers that take another way, or a full connection table", check.Warn
	case g.owner.name == kubernetes && strings.Contains(text, "endpoints"):
		return "for Services without an endpoint that may answer, as kube-proxy is meant to (our own negative control asks for one)", check.Pass
	case g.owner.name == kubernetes:
		return "; the rule is kube-proxy's or the kubelet's own", check.Warn
	case g.owner.member:
		return "; the rule is " + g.owner.name + "'s own, most likely for a network policy", check.Warn
	case bears().idle:
		return "; " + bears().measured.says("answered"), check.Warn
	case !arrivalOnly(g.hooks) || bears().certain || bears().possible:
		return "", check.Fail
	default:
		return "; nothing that the cluster is known to need ends there", check.Warn
	}
}

const kubernetes = "Kubernetes"

// onlyControls: control probes of this run account for all that was counted.
func onlyControls(s *facts.Snapshot, n facts.Node, g grew) bool {
	rules, missing := rulesAt(s, n.Name, facts.Last)
	return missing == "" && controls.Account(s, n, &rules, func(stop netfilter.Stop) bool {
		return placeOf(stop, &rules).same(g.place)
	}, g.packets())
}

// arrivalOnly: the rule sees what arrives, hence also what the network around the
// host sends to everybody. What is forwarded or sent ends elsewhere.
func arrivalOnly(hooks []string) bool {
	return len(hooks) > 0 && !slices.ContainsFunc(hooks, func(h string) bool {
		return h != "input" && h != "prerouting" && h != "ingress"
	})
}

// bearing is what a rule that counted has to do with what the cluster needs: packets
// that a node has to take in, and those between pods.
type bearing struct {
	breaks
	// certain: some of it is sure to end there, if it meets the rule at all.
	certain bool
	// possible: some of it may, and the rule means addresses or interfaces, or all packets.
	possible bool
	// idle: the rule stood all the time, and broke none of the pairs that it must break.
	idle     bool
	measured outcome
}

func bearingOn(s *facts.Snapshot, n facts.Node, g grew) bearing {
	out := bearing{breaks: breaks{node: n.Name}}
	w := nodeWalk{snapshot: s, node: n, ranges: rangesOf(s)}
	w.follow = func(rules *netfilter.Ruleset, p netfilter.Packet) (netfilter.Trace, error) {
		t, err := rules.Forward(p)
		out.possible = out.possible || slices.ContainsFunc(t.Possible, func(stop netfilter.Stop) bool {
			return aimed(stop.Rule) && placeOf(stop, rules).same(g.place)
		})
		return t, err
	}
	w.walk(facts.Last)
	for _, stop := range w.stops {
		if stop.same(g.place) {
			out.certain, out.cases = true, append(out.cases, stop.cases...)
		}
	}
	if rules, missing := rulesAt(s, n.Name, facts.Last); missing == "" {
		out.arrivals(s, n, g, &rules)
	}
	looks := []facts.Look{facts.Last}
	if g.stood {
		looks = []facts.Look{facts.First, facts.Last}
	}
	out.measured, out.idle = out.actsNot(s, g.place, looks, answers)
	return out
}

// arrivals follows what the node has to take in for itself.
func (b *bearing) arrivals(s *facts.Snapshot, n facts.Node, g grew, rules *netfilter.Ruleset) {
	h := s.Host(n.Name, facts.Last)
	for _, f := range s.Cluster.Families {
		for _, d := range demandsOn(s, n, *h, f) {
			if d.outside || d.nodePort && translated(s) && slices.Contains(g.hooks, "input") {
				continue
			}
			t, err := rules.Input(d.arriving(*h, n, f, d.sources))
			if err != nil {
				continue
			}
			b.possible = b.possible || slices.ContainsFunc(t.Possible, func(stop netfilter.Stop) bool { return placeOf(stop, rules).same(g.place) })
			if t.Certain == nil || !placeOf(*t.Certain, rules).same(g.place) {
				continue
			}
			b.certain = true
			if probed, ok := ofDemand(s, d, f); ok {
				b.cases = append(b.cases, probed)
			}
		}
	}
}

// aimed: the rule names addresses or an interface, so it is not about anybody's port.
func aimed(r *netfilter.Rule) bool {
	return r != nil && slices.ContainsFunc(r.Matches, func(m netfilter.Match) bool {
		return m.Kind == netfilter.Source || m.Kind == netfilter.Destination || m.Kind == netfilter.InInterface
	})
}

// translated: kube-proxy gives NodePorts another destination before the hook input.
func translated(s *facts.Snapshot) bool {
	return recognise.ProxyMode(s) == "iptables" || recognise.ProxyMode(s) == "nftables"
}
