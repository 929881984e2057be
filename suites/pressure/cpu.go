package pressure

import (
	_ "embed" // the explanation page
	"fmt"
	"slices"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/figures"
	"github.com/plumbline-net/plumbline/framework/symptom"
)

//go:embed cpu.md
var cpuDoc string

const (
	// fleet is how many nodes it takes to say what is usual.
	fleet = 3
	// timesSlower than the median is more than different processors explain.
	timesSlower = 4
	// slowFrom is in microseconds: what takes less is not slow, whatever the others do.
	slowFrom = 20000
)

// CPU promises that no node's processor is much slower than those of the others.
func CPU() check.Check {
	return check.Check{
		ID:       "pressure/cpu",
		Promise:  "No node computes several times slower than the others.",
		Level:    check.Extended,
		Needs:    []check.Need{check.NeedHosts},
		Looks:    bothLooks(),
		Doc:      cpuDoc,
		Evaluate: cpu,
	}
}

func cpu(s *facts.Snapshot) check.Result {
	nodes := s.Selected()
	if len(nodes) == 0 {
		return check.Unknownf("no node was looked at")
	}
	if len(nodes) < fleet {
		return check.Skipf("there is no telling what is usual from %s, it takes %d", figures.Count(len(nodes), "node"), fleet)
	}
	var found []symptom.Symptom
	micros := map[string]int{}
	var all []int
	for _, n := range nodes {
		best := fastest(s.Host(n.Name, facts.First), s.Host(n.Name, facts.Last))
		if best == 0 {
			found = append(found, symptom.Unknown(n.Name, "how fast it computes was not measured"))
			continue
		}
		micros[n.Name] = best
		all = append(all, best)
	}
	if len(all) < fleet {
		return check.Unknownf("the computation was measured on %s only; it takes %d to say what is usual", figures.Count(len(all), "node"), fleet)
	}
	slices.Sort(all)
	median := all[len(all)/2]
	for _, n := range nodes {
		if t := micros[n.Name]; t >= slowFrom && t > timesSlower*median {
			found = append(found, slowNode(n.Name, t, median, len(all)))
		}
	}
	findings := symptom.Findings(found)
	return check.Conclude(fmt.Sprintf("%d of %s compute at about the same speed (median %.1f ms, from %.1f to %.1f)",
		quiet(nodes, findings), figures.Count(len(nodes), "node"), ms(median), ms(all[0]), ms(all[len(all)-1])), findings)
}

// fastest is the best of both looks: a busy moment is not a slow processor.
func fastest(looks ...*facts.HostLook) int {
	best := 0
	for _, h := range looks {
		if h != nil && h.Load != nil && h.Load.ComputeMicros > 0 && (best == 0 || h.Load.ComputeMicros < best) {
			best = h.Load.ComputeMicros
		}
	}
	return best
}

func ms(micros int) float64 { return float64(micros) / 1000 }

func slowNode(node string, micros, median, of int) symptom.Symptom {
	return symptom.Symptom{
		Node: node, Kind: "slow", Verdict: check.Warn, Weight: int64(micros),
		Says:     fmt.Sprintf("a fixed computation took %.1f ms, %.0f times the median of %d nodes (%.1f ms)", ms(micros), float64(micros)/float64(median), of, ms(median)),
		Evidence: []check.Evidence{{Node: node, Source: "computation on one core, the best of both looks", Text: fmt.Sprintf("%.1f ms", ms(micros))}},
		Remedy: []check.Remedy{
			{Purpose: check.Find, Text: "See whether the hypervisor takes time away (st), or others run", Node: node, Command: "vmstat 1 5"},
			{Purpose: check.Find, Text: "See whether the processor is throttled", Node: node, Command: "grep MHz /proc/cpuinfo; dmesg -T | grep -i throttl"},
			{Text: "Where the hypervisor or a neighbour takes the time, move this machine to another host"},
			{Purpose: check.Last, Text: "Where the governor keeps it slow, let it run at full speed", Node: node, Command: "cpupower frequency-set -g performance || tuned-adm profile throughput-performance"},
			{Purpose: check.Verify, Text: "Check by the same computation on this node and on another: the times must be alike", Node: node, Command: "time sh -c 'i=0; while [ $i -lt 1000000 ]; do i=$((i+1)); done'"},
		},
	}
}
