package kernel

import (
	_ "embed" // the explanation page
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/dataplane"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/suites/remedies"
)

//go:embed ip_forward.md
var ipForwardDoc string

// IPForward promises that every node forwards packets, and did so before any
// pod of ours existed.
func IPForward() check.Check {
	return check.Check{
		ID:       "kernel/ip-forward",
		Promise:  "Every node forwards packets, at the first look and at the last.",
		Level:    check.Core,
		Needs:    []check.Need{check.NeedHosts},
		Looks:    []facts.Look{facts.First, facts.Last},
		Doc:      ipForwardDoc,
		Evaluate: ipForward,
	}
}

func ipForward(s *facts.Snapshot) check.Result {
	nodes := s.Selected()
	if len(nodes) == 0 {
		return check.Unknownf("no node was looked at")
	}
	var findings []check.Finding
	for _, n := range nodes {
		findings = append(findings, forwardingOf(s, n)...)
	}
	return check.Conclude(fmt.Sprintf("%d of %d nodes forward packets, before the run and after it",
		check.Clean(nodes, findings), len(nodes)), findings)
}

func forwardingOf(s *facts.Snapshot, n facts.Node) []check.Finding {
	var out []check.Finding
	for _, sw := range switches(s.Cluster.Families) {
		looks := bothLooks(s, n.Name, sw.sysctl)
		f, bad := looks.judge(n.Name, sw)
		if bad && looks.firstPodSetIt(s, n) {
			f.Verdict = check.Warn
			f.Says = fmt.Sprintf("%s was 0 at the first look, when no pod had run on this node yet; creating the first pod set it to %s", sw.sysctl, looks.last)
		}
		if bad {
			f.Subject = n.Name + sw.suffix
			f.Evidence = append(f.Evidence, bootEvidence(s, n.Name, sw)...)
			if f.Verdict != check.Unknown {
				f.Remedy = switchOn(n.Name, sw.sysctl, atBoot(s, n.Name, sw)...)
			}
			out = append(out, f)
			continue // the interfaces follow the switch for all of them
		}
		for _, name := range pathInterfaces(s, n, sw.family) {
			own := sw
			// A dot in a name such as vxlan.1 is a slash in the setting's (sysctl.d(5)).
			own.sysctl = fmt.Sprintf("net.%s.conf.%s.forwarding", sw.family, strings.ReplaceAll(name, ".", "/"))
			looks := bothLooks(s, n.Name, own.sysctl)
			if f, bad := looks.judge(n.Name, own); bad && f.Verdict == check.Fail {
				f.Subject = fmt.Sprintf("%s (%s)", n.Name, name)
				f.Remedy = switchOn(n.Name, own.sysctl, remedies.Keep(s, n.Name, "forwarding", remedies.Setting{Name: own.sysctl, Value: "1"})...)
				out = append(out, f)
			}
		}
	}
	return out
}

// pathInterfaces are the interfaces by which forwarded pod packets come in; the
// kernel asks the switch of the interface that a packet arrived on.
func pathInterfaces(s *facts.Snapshot, n facts.Node, f facts.Family) []string {
	var out []string
	for _, look := range []facts.Look{facts.Last, facts.First} {
		h := s.Host(n.Name, look)
		if h == nil || h.NotRun != "" {
			continue
		}
		routes := dataplane.RoutesOf(*h)
		out = dataplane.Local(*h, dataplane.Pods(n, f))
		for _, peer := range s.Nodes {
			for _, p := range dataplane.Pods(peer, f) {
				if dev := routes.Towards(p); peer.Name != n.Name && dev != "" && !slices.Contains(out, dev) {
					out = append(out, dev)
				}
			}
		}
		break
	}
	return out
}

// reading is one sysctl at both looks; a look that has no value says why.
type reading struct {
	first, last     string
	noFirst, noLast string
}

func bothLooks(s *facts.Snapshot, node, sysctl string) reading {
	var r reading
	r.first, r.noFirst = readSysctl(s.Host(node, facts.First), sysctl)
	r.last, r.noLast = readSysctl(s.Host(node, facts.Last), sysctl)
	return r
}

func readSysctl(h *facts.HostLook, name string) (value, missing string) {
	switch {
	case h == nil:
		return "", "the host was not looked at"
	case h.NotRun != "":
		return "", h.NotRun
	}
	value, ok := h.Sysctls[name]
	if !ok {
		return "", "the setting could not be read"
	}
	return strings.TrimSpace(value), ""
}

// firstPodSetIt: the kernel begins with 0, and the plugin sets 1 when it connects the
// first pod of a node. Before that no pod needed it.
func (r reading) firstPodSetIt(s *facts.Snapshot, n facts.Node) bool {
	return r.noFirst == "" && r.noLast == "" && r.first == "0" && r.last == "1" && dataplane.Fresh(s, n)
}

func (r reading) judge(node string, sw forwardSwitch) (check.Finding, bool) {
	f := check.Finding{Subject: node, Nodes: []string{node}, Verdict: check.Fail, Evidence: r.evidence(node, sw.sysctl)}
	offFirst, offLast := r.noFirst == "" && r.first == "0", r.noLast == "" && r.last == "0"
	switch {
	case offFirst && r.noLast == "" && !offLast:
		f.Says = fmt.Sprintf("%s was 0 at the first look, became %s while the probe pods were created: the node did not forward "+
			"packets, and only the run itself switched it on", sw.sysctl, r.last)
	case offFirst && offLast:
		f.Says = fmt.Sprintf("%s is 0: the node does not forward packets", sw.sysctl)
	case offFirst:
		f.Says = fmt.Sprintf("%s was 0 at the first look (at the last: %s)", sw.sysctl, r.noLast)
	case offLast && r.noFirst == "":
		f.Says = fmt.Sprintf("%s was %s at the first look and is 0 at the last", sw.sysctl, r.first)
	case offLast:
		f.Says = fmt.Sprintf("%s is 0 at the last look (at the first: %s)", sw.sysctl, r.noFirst)
	case r.noFirst != "":
		f.Verdict = check.Unknown
		f.Says = fmt.Sprintf("%s at the first look is not known (%s), and later values do not count: creating a pod switches it on",
			sw.sysctl, r.noFirst)
		return f, true
	case r.noLast != "":
		f.Verdict = check.Unknown
		f.Says = fmt.Sprintf("%s was %s at the first look; at the last it is not known (%s)", sw.sysctl, r.first, r.noLast)
		return f, true
	default:
		return f, false
	}
	f.Remedy = switchOn(node, sw.sysctl)
	return f, true
}

func (r reading) evidence(node, sysctl string) []check.Evidence {
	var out []check.Evidence
	if r.noFirst == "" {
		out = append(out, check.Evidence{Node: node, Source: "sysctl " + sysctl + " (first look)", Text: r.first})
	}
	if r.noLast == "" {
		out = append(out, check.Evidence{Node: node, Source: "sysctl " + sysctl + " (last look)", Text: r.last})
	}
	return out
}

func switchOn(node, sysctl string, between ...check.Remedy) []check.Remedy {
	out := []check.Remedy{{Text: "Switch forwarding on now", Node: node, Command: fmt.Sprintf("sysctl -w %s=1", sysctl)}}
	out = append(out, between...)
	return append(out, check.Remedy{Purpose: check.Verify, Text: "Check the setting: this must print 1", Node: node, Command: "sysctl -n " + sysctl})
}
