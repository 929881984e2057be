package kernel

import (
	_ "embed" // the explanation page
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/figures"
	"github.com/plumbline-net/plumbline/framework/symptom"
	"github.com/plumbline-net/plumbline/suites/remedies"
)

//go:embed rp_filter.md
var rpFilterDoc string

const (
	rpCounter = "netstat.TcpExt.IPReversePathFilter"
	// stray is how many packets a filter may drop in a run without a sign of asymmetry: broadcasts of another
	// network on the segment are dropped too. A path that is dropped loses several packets of each probe.
	stray = 5
	// The values of rp_filter (Documentation/networking/ip-sysctl.rst).
	rpStrict = 1
)

// RPFilter promises that no packet is dropped for coming in by another interface
// than the one its answer would leave by.
func RPFilter() check.Check {
	return check.Check{
		ID:       "kernel/rp-filter",
		Promise:  "No strict reverse path filter stands where packets come in by one interface and answers leave by another.",
		Level:    check.Extended,
		Needs:    []check.Need{check.NeedHosts},
		Looks:    []facts.Look{facts.First, facts.Last},
		Doc:      rpFilterDoc,
		Evaluate: rpFilter,
	}
}

func rpFilter(s *facts.Snapshot) check.Result {
	if !slices.Contains(s.Cluster.Families, facts.IPv4) {
		return check.Skipf("the cluster has no IPv4, and the kernel filters IPv4 only by this setting")
	}
	nodes := s.Selected()
	if len(nodes) == 0 {
		return check.Unknownf("no node was looked at")
	}
	var found []symptom.Symptom
	for _, n := range nodes {
		first, last, missing := symptom.Looks(s, n.Name)
		if first == nil || last == nil {
			found = append(found, symptom.Unknown(n.Name, missing))
			continue
		}
		found = append(found, filtersOf(s, n, first, last)...)
	}
	findings := symptom.Findings(found)
	return check.Conclude(fmt.Sprintf("no strict filter is in the way on %d of %s", check.Clean(nodes, findings), figures.Count(len(nodes), "node")), findings)
}

// filtersOf judges one node: its strict filters on the way of the pods and hosts,
// what makes the way asymmetric, and what the kernel counted as dropped.
func filtersOf(s *facts.Snapshot, n facts.Node, first, last *facts.HostLook) []symptom.Symptom {
	var strict []string
	var evidence []check.Evidence
	for _, dev := range pathDevices(s, n, last) {
		value, ok := effective(last, dev)
		if !ok {
			return []symptom.Symptom{symptom.Unknown(n.Name, fmt.Sprintf("rp_filter of %s could not be read", dev))}
		}
		if value == rpStrict {
			strict = append(strict, dev)
			evidence = append(evidence, check.Evidence{Node: n.Name, Source: "sysctl " + rpSetting(dev) + " (with all)", Text: strconv.Itoa(value)})
		}
	}
	g, counted := symptom.Of(first, last, rpCounter)
	if len(strict) == 0 {
		if counted && g.By() > stray {
			return []symptom.Symptom{dropped(s, n.Name, g, strict, "", nil)}
		}
		return nil
	}
	if !counted {
		return []symptom.Symptom{symptom.Unknown(n.Name, fmt.Sprintf("rp_filter is strict on %s, and the counter %s could not be read", strings.Join(strict, ", "), rpCounter))}
	}
	reason := asymmetry(s, n, last, strict)
	if g.By() > stray || reason != "" {
		return []symptom.Symptom{dropped(s, n.Name, g, strict, reason, evidence)}
	}
	return nil // strict, and harmless: every way is symmetric
}

func dropped(s *facts.Snapshot, node string, g symptom.Growth, strict []string, reason string, evidence []check.Evidence) symptom.Symptom {
	on := strings.Join(strict, ", ")
	out := symptom.Symptom{
		Node: node, Kind: "strict " + on, Verdict: check.Warn, Weight: g.By(), Evidence: append(evidence, g.Evidence()),
		Remedy: append(loosen(s, node, strict), martians(node)...),
	}
	lost := fmt.Sprintf("the reverse path filter dropped %s while the probes ran (%s)", figures.Count(int(g.By()), "packet"), g)
	switch {
	case len(strict) == 0:
		out.Says = lost + ", but it is not strict on any interface in the path"
		out.Remedy = martians(node)
	case g.By() > stray, g.By() > 0 && reason != "":
		out.Verdict = check.Fail
		out.Says = fmt.Sprintf("%s; it is strict on %s", lost, on)
		if reason != "" {
			out.Says += ", and " + reason
		}
	default:
		out.Says = fmt.Sprintf("rp_filter is strict on %s, and %s: what comes in by the one is dropped if its answer would leave by the other", on, reason)
	}
	return out
}

// effective is the larger of the setting for all interfaces and that of the
// interface itself, as the kernel takes it (Documentation/networking/ip-sysctl.rst).
func effective(h *facts.HostLook, dev string) (int, bool) {
	all, err := strconv.Atoi(strings.TrimSpace(h.Sysctls[rpSetting("all")]))
	own, err2 := strconv.Atoi(strings.TrimSpace(h.Sysctls[rpSetting(dev)]))
	return max(all, own), err == nil && err2 == nil
}

func rpSetting(dev string) string {
	return fmt.Sprintf("net.ipv4.conf.%s.rp_filter", strings.ReplaceAll(dev, ".", "/"))
}

// loosen sets the filter to 2, which asks only whether the sender is reachable at all.
func loosen(s *facts.Snapshot, node string, devs []string) []check.Remedy {
	var set []remedies.Setting
	for _, d := range append([]string{"all"}, devs...) {
		if one := (remedies.Setting{Name: rpSetting(d), Value: "2"}); !slices.Contains(set, one) {
			set = append(set, one)
		}
	}
	return append([]check.Remedy{
		remedies.Set(node, "Let the filter accept what is reachable by any interface (2, loose)", set...),
	}, remedies.Keep(s, node, "rp-filter", set...)...)
}

// martians shows what the filter drops; the kernel logs it while the switch is on.
func martians(node string) []check.Remedy {
	const log = "net.ipv4.conf.all.log_martians"
	return []check.Remedy{
		{
			Purpose: check.Find, Text: "See which packets it drops, and by which interface they came: the kernel logs them for 20 seconds", Node: node,
			Command: fmt.Sprintf("old=$(sysctl -n %[1]s); sysctl -qw %[1]s=1; timeout 20 dmesg -wT | grep -i martian; sysctl -qw %[1]s=$old", log),
		},
		remedies.Still(node, "the counter of the filter", "nstat -az TcpExtIPReversePathFilter"),
	}
}
