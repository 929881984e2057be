package firewall

import (
	_ "embed" // the explanation page
	"fmt"
	"net/netip"
	"slices"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/figures"
	"github.com/plumbline-net/plumbline/framework/netfilter"
	"github.com/plumbline-net/plumbline/framework/recognise"
)

//go:embed input.md
var inputDoc string

// Input promises that every node takes in what the cluster sends it.
func Input() check.Check {
	return check.Check{
		ID:       "firewall/input",
		Promise:  "No firewall rule or policy keeps a node from taking in NodePort, overlay and kubelet traffic.",
		Level:    check.Core,
		Needs:    []check.Need{check.NeedHostRead},
		Looks:    []facts.Look{facts.First, facts.Last},
		Doc:      inputDoc,
		Evaluate: input,
	}
}

func input(s *facts.Snapshot) check.Result {
	nodes := s.Selected()
	if len(nodes) == 0 {
		return check.Unknownf("no node was looked at")
	}
	var findings []check.Finding
	for _, n := range nodes {
		w := inputWalk{snapshot: s, node: n}
		for _, look := range []facts.Look{facts.First, facts.Last} {
			w.walk(look)
		}
		for _, stop := range w.stops {
			findings = merged(findings, w.finding(stop))
		}
		if w.unknown != "" {
			findings = merged(findings, check.Finding{
				Subject: n.Name, Nodes: []string{n.Name}, Verdict: check.Unknown, Says: "not all of its rules could be followed: " + w.unknown,
			})
		}
	}
	return check.Conclude(fmt.Sprintf("%d of %s take in what the cluster sends them: NodePorts, the overlay, the kubelet's port",
		check.Clean(nodes, findings), figures.Count(len(nodes), "node")), findings)
}

// inputWalk follows what one node has to take in through its rules.
type inputWalk struct {
	snapshot *facts.Snapshot
	node     facts.Node
	stops    []*refused
	unknown  string
}

// refused is one place that stops what the node has to take in.
type refused struct {
	place
	verdict check.Verdict
	looks   []facts.Look
	whats   []string
	senders []string // the addresses from which it was seen, of nodes
	// outsideOnly: only packets from outside the cluster end here.
	outsideOnly bool
	// late: only packets whose destination was not translated on arrival end here.
	late bool
	breaks
}

func (w *inputWalk) walk(look facts.Look) {
	rules, missing := rulesAt(w.snapshot, w.node.Name, look)
	if missing != "" {
		w.unknown = missing
		return
	}
	h := w.snapshot.Host(w.node.Name, look)
	for _, f := range w.snapshot.Cluster.Families {
		for _, d := range demandsOn(w.snapshot, w.node, *h, f) {
			w.ask(&rules, *h, d, f)
		}
	}
}

// ask follows a demand; where the answer differs between senders, each half of them.
func (w *inputWalk) ask(rules *netfilter.Ruleset, h facts.HostLook, d demand, f facts.Family) {
	packet := d.arriving(h, w.node, f, d.sources)
	early, err := rules.Arrival(packet)
	late, err2 := rules.Input(packet)
	if err != nil || err2 != nil {
		w.unknown = netfilter.ErrTangled.Error()
		return
	}
	if late.Certain == nil && late.Straddled && len(d.sources) > 1 {
		for _, half := range [2][2]int{{0, len(d.sources) / 2}, {len(d.sources) / 2, len(d.sources)}} {
			part := d
			part.sources = d.sources[half[0]:half[1]]
			w.ask(rules, h, part, f)
		}
		return
	}
	switch {
	case ownRefusal(early, rules), early.Certain == nil && ownRefusal(late, rules):
	case early.Certain != nil:
		w.note(met{h.Look, f, d}, placeOf(*early.Certain, rules), check.Fail, false)
	case late.Certain == nil:
	case d.nodePort && recognise.ProxyMode(w.snapshot) != "ipvs":
		w.note(met{h.Look, f, d}, placeOf(*late.Certain, rules), check.Warn, true)
	default:
		w.note(met{h.Look, f, d}, placeOf(*late.Certain, rules), check.Fail, false)
	}
}

// met is a demand in one family that ended at a rule, and the look at which it did.
type met struct {
	look   facts.Look
	family facts.Family
	demand
}

func (w *inputWalk) note(d met, at place, v check.Verdict, late bool) {
	if d.outside {
		v = check.Warn
	}
	i := slices.IndexFunc(w.stops, func(r *refused) bool { return r.same(at) })
	if i < 0 {
		w.stops, i = append(w.stops, &refused{
			place: at, verdict: v, outsideOnly: true, late: true, breaks: breaks{node: w.node.Name},
		}), len(w.stops)
	}
	r := w.stops[i]
	r.place = at // the position as it was last
	if v == check.Fail {
		r.verdict = v
	}
	r.outsideOnly, r.late = r.outsideOnly && d.outside, r.late && late
	r.looks = withWord(r.looks, d.look)
	if b, probed := ofDemand(w.snapshot, d.demand, d.family); probed && d.look == facts.Last && v == check.Fail {
		r.cases = append(r.cases, b)
	}
	r.whats = withWord(r.whats, d.what)
	for _, p := range d.sources {
		if !d.outside {
			r.senders = withWord(r.senders, w.sender(p.Addr()))
		}
	}
}

// ownRefusal: kube-proxy's own rule, for a Service without endpoints that has this port.
func ownRefusal(t netfilter.Trace, rules *netfilter.Ruleset) bool {
	return t.Certain != nil && placeOf(*t.Certain, rules).owner.name == kubernetes
}

// sender is the node that has an address.
func (w *inputWalk) sender(a netip.Addr) string {
	for _, n := range w.snapshot.Nodes {
		if slices.Contains(n.Internal, a) {
			return n.Name
		}
	}
	return a.String()
}
