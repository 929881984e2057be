package component

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/cni"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/symptom"
	"github.com/plumbline-net/plumbline/suites/remedies"
)

const (
	// atRun is how long before the run a line was written that still is of the present:
	// plugins try again after some minutes at most.
	atRun = 5 * time.Minute
	// recent is how old a line may be to be told at all, if it is not one that lasts.
	recent = time.Hour
)

// logged quotes the last known failure line of each kind in one agent's log.
func logged(s *facts.Snapshot, log facts.PodLog) []symptom.Symptom {
	var out []symptom.Symptom
	for _, line := range failures(cni.Of(s)) {
		f := failure{line}
		for _, line := range f.in(log.Lines) {
			verdict, note := f.weigh(s, log.Node, line)
			if verdict == check.Pass {
				continue
			}
			out = append(out, symptom.Symptom{
				Node: log.Node, Kind: f.Part + verdict.String() + note, Verdict: verdict,
				Says:     fmt.Sprintf("the log of %s says %q: %s%s", log.Pod, message(line), f.Means, note),
				Evidence: []check.Evidence{{Node: log.Node, Source: "log of pod " + log.Pod, Text: line}},
				Remedy:   repair(s, log, f),
			})
		}
	}
	return out
}

// failure is a known line.
type failure struct{ cni.LogLine }

// in gives the lines of this kind which no later line calls done, the same
// message once, as it was written last.
func (f failure) in(lines []string) []string {
	var out []string
	at := map[string]int{}
	for _, line := range lines {
		low := strings.ToLower(line)
		if f.Until != "" && strings.Contains(low, f.Until) {
			out, at = nil, map[string]int{}
			continue
		}
		if !strings.Contains(low, f.Part) {
			continue
		}
		if i, seen := at[message(line)]; seen {
			out[i] = line
			continue
		}
		at[message(line)] = len(out)
		out = append(out, line)
	}
	return out
}

// weigh says how much a line weighs: one that tells of the present is a failure;
// one of the last hour, or of which the time is not known, a warning.
func (f failure) weigh(s *facts.Snapshot, node, line string) (check.Verdict, string) {
	if f.Route && routed(s, node, line) {
		return check.Warn, " (the route is there now, so it was repaired since)"
	}
	written, known := writtenAt(line, s.Run.Started)
	switch age := s.Run.Started.Sub(written); {
	case f.Lasting:
		return check.Fail, ""
	case !known:
		return check.Warn, " (when that was is not known)"
	case age <= atRun:
		return check.Fail, ""
	case age <= recent:
		return check.Warn, " (a while before the run)"
	}
	return check.Pass, ""
}

var prefixes = regexp.MustCompile(`[0-9a-fA-F.:]+/[0-9]{1,3}`)

// routed: the line names a range of addresses, and the host has a route with that
// very prefix now; or it names none, and the routes to the pods of all other nodes are there.
func routed(s *facts.Snapshot, node, line string) bool {
	h := s.Host(node, facts.Last)
	if h == nil || h.NotRun != "" {
		return false
	}
	var wanted []netip.Prefix
	for _, text := range prefixes.FindAllString(line, -1) {
		if p, err := netip.ParsePrefix(text); err == nil {
			wanted = append(wanted, p.Masked())
		}
	}
	if len(wanted) == 0 {
		for _, n := range s.Nodes {
			if n.Name != node {
				wanted = append(wanted, n.PodCIDRs...)
			}
		}
	}
	for _, p := range wanted {
		if !slices.ContainsFunc(h.Routes, func(r facts.Route) bool { return r.Dst == p && r.Type == "unicast" && r.Dev != "" }) {
			return false
		}
	}
	return len(wanted) > 0
}

func repair(s *facts.Snapshot, log facts.PodLog, f failure) []check.Remedy {
	namespace, set := remedies.DaemonSet(s.Cluster.CNIPods, agentName(s))
	return []check.Remedy{
		{Purpose: check.Find, Text: "See what is in the way, and remove it: it stays when the agent is restarted", Node: log.Node, Command: f.Look},
		{Text: "Let the agent begin anew", Command: fmt.Sprintf("kubectl -n %s delete pod %s", namespace, log.Pod)},
		{
			Purpose: check.Verify, Text: "Check a minute later that the line does not come back: this must print nothing",
			Command: fmt.Sprintf("kubectl -n %s logs --tail=200 --all-containers $(kubectl -n %s get pods --field-selector spec.nodeName=%s -o name | grep %s) | grep -iF -- '%s'",
				namespace, namespace, log.Node, set, f.Part),
		},
	}
}
