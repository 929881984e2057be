package kernel

import (
	_ "embed" // the explanation page
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/dataplane"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/recognise"
	"github.com/plumbline-net/plumbline/framework/symptom"
)

//go:embed bridge_nf.md
var bridgeNFDoc string

// BridgeNF promises that what a bridge carries between pods of one node is seen
// by the rules which kube-proxy writes.
func BridgeNF() check.Check {
	return check.Check{
		ID:       "kernel/bridge-nf",
		Promise:  "Where pods are behind a bridge, bridged packets pass the rules of kube-proxy.",
		Level:    check.Core,
		Needs:    []check.Need{check.NeedHosts},
		Looks:    []facts.Look{facts.First, facts.Last},
		Doc:      bridgeNFDoc,
		Evaluate: bridgeNF,
	}
}

func bridgeNF(s *facts.Snapshot) check.Result {
	nodes := s.Selected()
	if len(nodes) == 0 {
		return check.Unknownf("no node was looked at")
	}
	mode := recognise.ProxyMode(s)
	if mode == "replaced" {
		return check.Skipf("no kube-proxy here: the network plugin serves the Services in its place, and not by rules on bridged packets")
	}
	var found []symptom.Symptom
	bridged, seen := 0, 0
	for _, n := range nodes {
		first, last, missing := symptom.Looks(s, n.Name)
		if first != nil || last != nil {
			seen++
		}
		bridges := 0
		for _, f := range s.Cluster.Families {
			if bridge := bridgeOfPods(n, f, first, last); bridge != "" {
				bridges++
				found = append(found, judgeBridge(s, bridgeSwitch(n.Name, f, bridge), first, last)...)
			}
		}
		bridged += min(1, bridges)
		if bridges > 0 && missing != "" || first == nil && last == nil {
			found = append(found, symptom.Unknown(n.Name, missing))
		}
	}
	if bridged == 0 && seen == len(nodes) {
		return check.Skipf("no pods are behind a bridge here, so no packet is bridged past the rules")
	}
	findings := symptom.Findings(found)
	return check.Conclude(fmt.Sprintf("bridged packets pass the rules on %d of %d nodes with a bridge for pods (kube-proxy: %s)",
		max(0, bridged-len(unclean(findings))), bridged, wordOr(mode, "mode not known")), findings)
}

func unclean(findings []check.Finding) []string {
	var out []string
	for _, f := range findings {
		if f.Verdict == check.Fail || f.Verdict == check.Unknown {
			out = append(out, f.Nodes...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func wordOr(word, other string) string {
	if word == "" {
		return other
	}
	return word
}

// bridgeOfPods is the bridge behind which a node's pods are; it is there only once
// there is a pod, so the last look tells it better than the first.
func bridgeOfPods(n facts.Node, f facts.Family, first, last *facts.HostLook) string {
	for _, h := range []*facts.HostLook{last, first} {
		if h == nil {
			continue
		}
		for _, name := range dataplane.Local(*h, dataplane.Pods(n, f)) {
			if i, ok := h.Interface(name); ok && i.Kind == "bridge" {
				return name
			}
		}
	}
	return ""
}

// bridgeSetting is the switch of one family on one node.
type bridgeSetting struct{ node, sysctl, bridge string }

func bridgeSwitch(node string, f facts.Family, bridge string) bridgeSetting {
	sysctl := "net.bridge.bridge-nf-call-iptables"
	if f == facts.IPv6 {
		sysctl = "net.bridge.bridge-nf-call-ip6tables"
	}
	return bridgeSetting{node: node, sysctl: sysctl, bridge: bridge}
}

// The values of a switch that is not plain 0 or 1.
const (
	notLoaded = "not there"
	untold    = ""
)

// bridgeValue is the switch as a look has it. The setting comes with the module
// br_netfilter, so where others could be read it is missing because that is not
// loaded. Kernels before 5.3 show it in the machine's own network namespace only;
// one without the limits of the neighbour table is none, so nothing is told there.
func bridgeValue(h *facts.HostLook, sysctl string) string {
	if h == nil {
		return untold
	}
	if v, ok := h.Sysctls[sysctl]; ok {
		return strings.TrimSpace(v)
	}
	if _, own := h.Sysctls[gcThresh(facts.IPv4)]; !own {
		return untold
	}
	if slices.ContainsFunc(h.Errors, func(e facts.Error) bool { return strings.Contains(e.Says, "bridge-nf") }) {
		return untold
	}
	return notLoaded
}
