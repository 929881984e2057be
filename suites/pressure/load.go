package pressure

import (
	_ "embed" // the explanation page
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/symptom"
	"github.com/plumbline-net/plumbline/suites/remedies"
)

//go:embed load.md
var loadDoc string

const (
	// mostLoad is the load per core from which a process waits for its turn about as long as a probe's time
	// limit allows; small busy machines reach 4 and answer well.
	mostLoad = 8
	// leastMemory is in per cent of all; the kubelet evicts below 100 MiB by default.
	leastMemory = 5
	// mostUsed is of a file system or its inodes, in per cent; the kubelet evicts from here on by default
	// (Kubernetes documentation, "Node-pressure Eviction": nodefs.available below 10 %).
	mostUsed = 90
)

// stalls are the shares of time, in per cent, in which work stood still for want of
// something, from which a node is called overloaded (Documentation/accounting/psi.rst).
func stalls() map[string]float64 {
	return map[string]float64{
		"cpu.some.avg10": 95, "memory.some.avg10": 40, "memory.full.avg10": 20, "io.some.avg10": 90, "io.full.avg10": 60,
	}
}

// Load promises that the nodes have time, memory and disk left.
func Load() check.Check {
	return check.Check{
		ID:       "pressure/load",
		Promise:  "No node is short of processor time, memory, disk or inodes.",
		Level:    check.Extended,
		Needs:    []check.Need{check.NeedHosts},
		Looks:    bothLooks(),
		Doc:      loadDoc,
		Evaluate: load,
	}
}

func load(s *facts.Snapshot) check.Result {
	return onHosts(s, "there is processor time, memory and disk", func(h host) []symptom.Symptom {
		first, last := h.first.Load, h.last.Load
		if first == nil || last == nil || last.CPUs <= 0 || first.CPUs <= 0 {
			return []symptom.Symptom{symptom.Unknown(h.Name, "the load could not be read at both looks")}
		}
		out := slices.Concat(busy(h.Name, first, last), stalled(h.Name, first, last))
		if last.MemTotal <= 0 {
			out = append(out, symptom.Unknown(h.Name, "how much memory is available could not be read"))
		} else if last.MemAvailable*100 < last.MemTotal*leastMemory {
			out = append(out, symptom.Symptom{
				Node: h.Name, Thing: "memory", Verdict: check.Warn, Weight: -last.MemAvailable,
				Says:     fmt.Sprintf("%d of %d MiB of memory are available: pods are about to be evicted or killed", last.MemAvailable>>20, last.MemTotal>>20),
				Evidence: []check.Evidence{{Node: h.Name, Source: "/proc/meminfo (last look)", Text: fmt.Sprintf("MemAvailable %d kB, MemTotal %d kB", last.MemAvailable>>10, last.MemTotal>>10)}},
				Remedy: []check.Remedy{
					{Purpose: check.Find, Text: "See which processes take it", Node: h.Name, Command: "ps -eo pid,rss,comm --sort=-rss | head -20"},
					{Purpose: check.Find, Text: "See which containers take it (MEM)", Node: h.Name, Command: "crictl stats | sort -rhk4 | head -20"},
					{Purpose: check.Last, Text: "Give pods requests and limits of memory, so that the scheduler counts them; these have none", Command: "kubectl get pods -A --field-selector spec.nodeName=" + h.Name + " -o 'custom-columns=NS:.metadata.namespace,POD:.metadata.name,MEMORY:.spec.containers[*].resources.limits.memory' | grep '<none>'"},
					{Purpose: check.Verify, Text: fmt.Sprintf("Check: MemAvailable must be above %d %% of MemTotal", leastMemory), Node: h.Name, Command: "grep -E 'MemAvailable|MemTotal' /proc/meminfo"},
				},
			})
		}
		if len(last.Filesystems) == 0 {
			out = append(out, symptom.Unknown(h.Name, "how full the file systems are could not be read"))
		}
		return append(out, disks(h.Name, last.Filesystems)...)
	})
}

// busy: the load averages of both looks are high, so it is no burst of our own probes.
func busy(node string, first, last *facts.Load) []symptom.Symptom {
	per := min(first.Load1, last.Load1, last.Load5) / float64(last.CPUs)
	if per <= mostLoad {
		return nil
	}
	return []symptom.Symptom{{
		Node: node, Thing: "load", Verdict: check.Warn, Weight: int64(per * 10),
		Says: fmt.Sprintf("%.0f processes for each of %d cores want to run: answers of this node come late", per, last.CPUs),
		Evidence: []check.Evidence{{
			Node: node, Source: "/proc/loadavg (first and last look)",
			Text: fmt.Sprintf("%.2f %.2f %.2f → %.2f %.2f %.2f, %d cores", first.Load1, first.Load5, first.Load15, last.Load1, last.Load5, last.Load15, last.CPUs),
		}},
		Remedy: append(remedies.Busy(node),
			check.Remedy{Purpose: check.Verify, Text: fmt.Sprintf("Check the first number: it must fall below %.0f", mostLoad*float64(last.CPUs)), Node: node, Command: "cat /proc/loadavg"}),
	}}
}

func stalled(node string, first, last *facts.Load) []symptom.Symptom {
	var out []symptom.Symptom
	for name, most := range stalls() {
		before, was := first.Stall[name]
		now, is := last.Stall[name]
		if !was || !is || before <= most || now <= most {
			continue
		}
		out = append(out, symptom.Symptom{
			Node: node, Thing: name, Verdict: check.Warn, Weight: int64(now),
			Says:     fmt.Sprintf("work stands still for want of resources: pressure %s is %.0f %% at the first look and %.0f %% at the last", name, before, now),
			Evidence: []check.Evidence{{Node: node, Source: "/proc/pressure, " + name, Text: fmt.Sprintf("%.2f → %.2f", before, now)}},
			Remedy: append(wanting(node, name),
				check.Remedy{Purpose: check.Verify, Text: fmt.Sprintf("Check %s: avg10 must fall below %.0f", name, most), Node: node, Command: "grep . /proc/pressure/*"}),
		})
	}
	slices.SortFunc(out, func(a, b symptom.Symptom) int { return strings.Compare(a.Thing, b.Thing) })
	return out
}

// wanting are the steps that find what uses up what work waits for.
func wanting(node, name string) []check.Remedy {
	if strings.HasPrefix(name, "cpu.") {
		return remedies.Busy(node)
	}
	return []check.Remedy{
		{Purpose: check.Find, Text: "See what runs, and what waits for a disk (state D)", Node: node, Command: "ps -eo state,pid,pcpu,rss,comm --sort=-rss | head -20"},
		{Purpose: check.Find, Text: "See which containers take memory (MEM)", Node: node, Command: "crictl stats | sort -rhk4 | head -20"},
	}
}
