package topology

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/wire"
)

// PolicyPeer is the name by which a pod of the trial of policies answers.
func PolicyPeer(class, node string) string { return "policy/" + class + "/" + node }

// PolicyPlan is what every pod of the trial tries in each round: every port of the
// guarded pods, one of the open ones, and one question to the cluster DNS.
func PolicyPlan(s *facts.Snapshot) []wire.PlannedFlow {
	var out []wire.PlannedFlow
	for _, family := range s.Cluster.Families {
		flow := facts.Flow{From: facts.FromPod, To: facts.ToPod, Via: facts.TCP, Family: family, Look: facts.Main}
		if targets := policyTargets(s, family); len(targets) > 0 {
			out = append(out, wire.PlannedFlow{Flow: flow, Targets: targets})
		}
	}
	for _, dns := range s.Cluster.DNS {
		flow := facts.Flow{From: facts.FromPod, To: facts.ToDNSRecord, Via: facts.Record, Family: family(dns.Addr()), Look: facts.Main}
		if slices.ContainsFunc(out, func(p wire.PlannedFlow) bool { return p.Flow == flow }) {
			continue
		}
		kind := "A"
		if flow.Family == facts.IPv6 {
			kind = "AAAA"
		}
		out = append(out, wire.PlannedFlow{Flow: flow, Targets: []facts.Target{{
			ID: "dns", Addr: dns.Addr(), Port: dns.Port(), Name: queryName(s), Type: kind,
		}}})
	}
	return out
}

// policyTargets are spread over the nodes where those are many, as for all ways of
// probing that are not cheap: what is denied takes its whole time.
func policyTargets(s *facts.Snapshot, f facts.Family) []facts.Target {
	nodes := s.Selected()
	if len(nodes) > most {
		var some []facts.Node
		for i := range most {
			some = append(some, nodes[i*len(nodes)/most])
		}
		nodes = some
	}
	var out []facts.Target
	for _, n := range nodes {
		for _, a := range n.PolicyAgents {
			addr, ok := inFamily(a.Agent.Addrs, f)
			if !ok || !a.Agent.Ready {
				continue
			}
			for _, rule := range policyPorts(a.Class) {
				out = append(out, facts.Target{
					ID: PolicyPeer(a.Class, n.Name) + "/" + string(rule), Node: n.Name, Class: a.Class,
					Addr: addr, Port: rule.Port(), Peers: []string{PolicyPeer(a.Class, n.Name)},
				})
			}
		}
	}
	return out
}

func policyPorts(class string) []facts.PolicyRule {
	if class == facts.PodsGuarded {
		return facts.PolicyRules()
	}
	return []facts.PolicyRule{facts.RuleNone}
}

// PolicyAddrs are the addresses of the ready pods of a class.
func PolicyAddrs(s *facts.Snapshot, class string) []netip.Addr {
	var out []netip.Addr
	for _, n := range s.Selected() {
		for _, a := range n.PolicyAgents {
			if a.Class == class && a.Agent.Ready {
				out = append(out, a.Agent.Addrs...)
			}
		}
	}
	return out
}

// Expectation is what the policies of a stage say of a connection.
type Expectation uint8

// The expectations. The zero value says nothing.
const (
	Either Expectation = iota
	Passes
	Stops
)

// PolicyExpects says what the policies of a stage mean for a connection of the trial.
// A pod reaches itself whatever policies say (Kubernetes: Network Policies).
func PolicyExpects(stage facts.StageName, from facts.Vantage, f facts.Flow, to facts.Target) Expectation {
	guarded := from.Class == facts.PodsGuarded
	if to.Class == from.Class && to.Node == from.Node && f.To == facts.ToPod {
		return Either
	}
	switch stage {
	case facts.StageOpen, facts.StageRemoved:
		return Passes
	case facts.StageDenied:
		switch {
		case f.To != facts.ToPod && guarded: // a cache of the DNS on the pod's own node may be permitted always
			return Either
		case guarded || to.Class == facts.PodsGuarded:
			return Stops
		}
		return Passes
	case facts.StagePermitted:
		return permitted(guarded, f, to)
	}
	return Either
}

func permitted(guarded bool, f facts.Flow, to facts.Target) Expectation {
	if f.To != facts.ToPod {
		return Passes
	}
	if to.Class == facts.PodsOpen {
		if guarded {
			return Stops // egress is permitted to guarded pods and to the DNS alone
		}
		return Passes
	}
	switch facts.RuleOf(to.Port) {
	case facts.RuleNamespace, facts.RulePort:
		return Passes
	case facts.RulePods, facts.RuleIPBlock:
		if guarded {
			return Stops
		}
		return Passes
	case facts.RuleForeign, facts.RuleNone:
	}
	return Stops
}

// PolicyUnmet counts the connections of matrices that are not as the policies of a
// stage say, and those that are; what was not observed counts as neither.
func PolicyUnmet(stage facts.StageName, matrices []facts.Matrix) (unmet, met int) {
	for _, m := range matrices {
		for _, row := range m.Rows {
			for i, t := range m.Targets {
				if i >= len(row.Cells) || row.Cells[i].Outcome == facts.NotRun {
					continue
				}
				want := PolicyExpects(stage, row.From, m.Flow, t)
				switch ok := row.Cells[i].Outcome == facts.OK; {
				case want == Either:
				case ok == (want == Passes):
					met++
				default:
					unmet++
				}
			}
		}
	}
	return unmet, met
}

// PolicyBroken says how many connections fail without any policy; empty where none does.
func PolicyBroken(open []facts.Matrix) string {
	unmet, met := PolicyUnmet(facts.StageOpen, open)
	if unmet == 0 {
		return ""
	}
	return fmt.Sprintf("%d of %d connections of the trial fail without a policy, so what a policy stops cannot be told apart", unmet, unmet+met)
}

// PolicyStopped counts the connections that policies of a stage stop, and those
// that they should stop.
func PolicyStopped(stage facts.StageName, matrices []facts.Matrix) (stopped, of int) {
	for _, m := range matrices {
		for _, row := range m.Rows {
			for i, t := range m.Targets {
				if i >= len(row.Cells) || row.Cells[i].Outcome == facts.NotRun || PolicyExpects(stage, row.From, m.Flow, t) != Stops {
					continue
				}
				of++
				if row.Cells[i].Outcome != facts.OK {
					stopped++
				}
			}
		}
	}
	return stopped, of
}

// EitherRound joins two rounds: a cell is ok where one of them was, for a packet may
// be lost, and a policy that is in force stops every one.
func EitherRound(before, now []facts.Matrix) []facts.Matrix {
	out := slices.Clone(now)
	for k := range out {
		i := slices.IndexFunc(before, func(m facts.Matrix) bool { return m.Flow == out[k].Flow })
		if i < 0 {
			continue
		}
		out[k].Rows = slices.Clone(out[k].Rows)
		for r := range out[k].Rows {
			joinRow(&out[k].Rows[r], before[i].Rows)
		}
	}
	return out
}

func joinRow(row *facts.Row, before []facts.Row) {
	i := slices.IndexFunc(before, func(b facts.Row) bool { return b.From == row.From })
	if i < 0 || len(before[i].Cells) != len(row.Cells) {
		return
	}
	row.Cells = slices.Clone(row.Cells)
	for c := range row.Cells {
		was, is := before[i].Cells[c], row.Cells[c]
		if was.Outcome == facts.OK && is.Outcome != facts.OK {
			was.Retried = true
			row.Cells[c] = was
			row.Details = slices.DeleteFunc(slices.Clone(row.Details), func(d facts.Detail) bool { return d.Target == c })
		}
	}
}
