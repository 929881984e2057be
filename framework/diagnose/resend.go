package diagnose

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/reporters/report"
)

const (
	// mostTraces bounds what is sent again in one run.
	mostTraces = 5
	// mostShown bounds those of causes that need no further proof: they show the place.
	mostShown = 2
)

// UnexplainedKey is what Trace.For says where a flow is sent again for a finding
// that no cause explains.
func UnexplainedKey(checkID, subject string) string {
	return report.ForUnexplained + checkID + "/" + subject
}

// wish is a flow that would be worth sending again.
type wish struct {
	key string
	// red are the cells it stands for.
	red []spot
	// rank is 0 for what only the matrices tell, 1 for what follows from configuration,
	// and rankShown for what is proved already: the flow then only shows the place.
	rank int
	// cause: it is for a cause, of which several may stand between the same ends.
	cause bool
	// came: the cells came right, and what is seen of them proves the cause.
	came bool
}

// Resend says which flows are worth sending again while the nodes on their way
// watch: one cell that failed for each cause that only the shape of the matrices
// tells, one for each finding that nothing explains, one for each cause that follows
// from configuration, and, as far as there is room, one for causes that are proved,
// as it shows the place. Where a tunnel's
// packets are said to have a wrong outer address and no cell failed for it, one
// that came right is sent again: its packets show the address. At most five, those
// that stand for most cells first. Watches and Attempts of what it gives are empty.
func Resend(s *facts.Snapshot, judged []Judged) []facts.Trace {
	in := newInput(s, judged)
	wishes := append(in.ofCauses(), in.ofUnexplained()...)
	slices.SortStableFunc(wishes, func(a, b wish) int {
		return cmp.Or(a.rank-b.rank, cmp.Compare(len(b.red), len(a.red)), cmp.Compare(a.key, b.key))
	})
	var out []facts.Trace
	taken := map[[3]string]bool{}
	shown := 0
	for _, w := range wishes {
		best, found := in.representative(w)
		if found && w.cause && taken[endsOf(best)] {
			w.red = slices.DeleteFunc(w.red, func(s spot) bool { return taken[endsOf(s)] })
			best, found = in.representative(w)
		}
		if !found || len(out) == mostTraces || w.rank == rankShown && shown == mostShown || taken[endsOf(best)] {
			continue
		}
		taken[endsOf(best)] = true
		shown += boolean(w.rank == rankShown)
		out = append(out, facts.Trace{ID: strconv.Itoa(len(out) + 1), For: w.key, Flow: best.flow, From: best.from, To: best.to})
	}
	return out
}

// endsOf are the same for TCP, UDP and ICMP between the same ends, which mostly
// vanish at the same place.
func endsOf(s spot) [3]string { return [3]string{s.from.String(), s.to.ID, size(s.flow.Via)} }

// rankShown is the rank of what is proved already.
const rankShown = 2

// rankOf is the rank of a cause's wish.
func rankOf(c report.Certainty) int {
	switch c {
	case report.Proved:
		return rankShown
	case report.Configured:
		return 1
	case report.Fits, report.FitsPartly:
	}
	return 0
}

// ofCauses are the cells of every cause that has any.
func (in *input) ofCauses() []wish {
	var out []wish
	for _, c := range causes() {
		for _, cl := range c.claims(in) {
			concluded := in.conclude(c.id, cl)
			switch red := in.redOf(cl); {
			case len(red) > 0:
				out = append(out, wish{key: concluded.Key, red: red, rank: rankOf(concluded.Certainty), cause: true})
			case c.id == wrongOuter:
				out = append(out, wish{key: concluded.Key, red: in.leaving(cl.nodes), came: true, cause: true})
			}
		}
	}
	return out
}

// wrongOuter is the cause that says that a tunnel's packets leave from an address
// which is not the node's. A network that does not look at it lets them pass.
const wrongOuter = "tunnel-address"

// leaving are cells that came right, from a pod on one of the nodes to a pod
// elsewhere: one for each node and family.
func (in *input) leaving(nodes []string) []spot {
	var out []spot
	for _, m := range in.facts.Matrices {
		if m.Flow.From != facts.FromPod || m.Flow.To != facts.ToPod || m.Flow.Via != facts.TCP || m.Flow.Look != facts.Main {
			continue
		}
		for _, r := range m.Rows {
			if !slices.Contains(nodes, r.From.Node) {
				continue
			}
			for i, c := range r.Cells[:min(len(r.Cells), len(m.Targets))] {
				if c.Outcome == facts.OK && !slices.Contains(nodes, m.Targets[i].Node) {
					out = append(out, spot{flow: m.Flow, from: r.From, to: m.Targets[i], cell: c})
					break
				}
			}
		}
	}
	return out
}

// redOf are the failed cells that a claim stands behind.
func (in *input) redOf(cl claim) []spot {
	var out []spot
	if cl.cell == nil {
		return nil
	}
	for at := range in.red {
		if s, known := in.place(at); known && cl.cell(s.flow, s.from, s.to) && cl.leaves(s.flow, s.cell) {
			out = append(out, s)
		}
	}
	return out
}

// ofUnexplained are the cells that nothing explains, by the failing finding they stand in.
func (in *input) ofUnexplained() []wish {
	var out []wish
	for _, j := range in.judged {
		for i, f := range j.Result.Findings {
			rest, some := in.remainder(findingID{j.ID, i}, f)
			if f.Verdict != check.Fail || !some {
				continue
			}
			w := wish{key: UnexplainedKey(j.ID, f.Subject)}
			for _, p := range rest.Pairs {
				if s, known := in.place(cellOf(f, p)); known {
					w.red = append(w.red, s)
				}
			}
			if len(w.red) > 0 {
				out = append(out, w)
			}
		}
	}
	return out
}

// representative is the cell whose way is the shortest and plainest.
func (in *input) representative(w wish) (spot, bool) {
	var fit []spot
	for _, s := range w.red {
		if in.repeatable(s, w.came) {
			fit = append(fit, s)
		}
	}
	if len(fit) == 0 {
		return spot{}, false
	}
	return slices.MinFunc(fit, func(a, b spot) int {
		return cmp.Or(
			slices.Compare(plainness(a), plainness(b)),
			cmp.Compare(a.flow.Key(), b.flow.Key()),
			cmp.Compare(a.from.String(), b.from.String()),
			cmp.Compare(a.to.ID, b.to.ID),
		)
	}), true
}

// plainness is smaller for what is sent again rather: across nodes, directly
// before through a Service, TCP before UDP before ICMP, from pods before hosts.
func plainness(s spot) []int {
	return []int{
		boolean(s.flow.ThroughService()),
		boolean(s.to.Node != "" && s.to.Node == s.from.Node),
		viaRank(s.flow.Via),
		boolean(s.from.Kind != facts.FromPod),
		boolean(s.flow.To != facts.ToPod),
		boolean(s.flow.Look != facts.Main),
	}
}

func viaRank(v facts.Via) int {
	return slices.Index([]facts.Via{
		facts.TCP, facts.UDP, facts.ICMP, facts.DNSUDP, facts.DNSTCP, facts.TLS, facts.HTTP, facts.Closed, facts.Record,
		facts.PMTU, facts.Big, facts.Connect, facts.Sticky, facts.Over, facts.Bulk, facts.Series, facts.Race, facts.Tunnel, facts.ARP,
	}, v)
}

// size tells large packets from others: they may meet another fate.
func size(v facts.Via) string {
	if slices.Contains([]facts.Via{facts.PMTU, facts.Over, facts.Bulk, facts.Big}, v) {
		return "large"
	}
	return ""
}

func boolean(b bool) int {
	if b {
		return 1
	}
	return 0
}
