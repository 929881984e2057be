package mtu

import (
	_ "embed"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/dataplane"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/figures"
)

//go:embed uniform.md
var uniformDoc string

// Uniform is the check mtu/uniform.
func Uniform() check.Check {
	return check.Check{
		ID: "mtu/uniform", Promise: "Interfaces of the same kind (the node's own, tunnel, bridge, pod) have the same MTU on all nodes.",
		Level: check.Extended, Needs: []check.Need{check.NeedHosts}, Doc: uniformDoc, Evaluate: evaluateUniform,
		Looks: []facts.Look{facts.First, facts.Last},
	}
}

func evaluateUniform(s *facts.Snapshot) check.Result {
	nodes := s.Selected()
	switch {
	case len(nodes) == 0:
		return check.Unknownf("no node was looked at")
	case len(nodes) == 1:
		return check.Skipf("one node under test: there is no other to compare it with")
	}
	sizes := map[string][]sizedLink{}
	missing, pods := map[string][]string{}, allRanges(s)
	for _, n := range nodes {
		h, why := seen(s, n.Name)
		if h == nil {
			missing[why] = append(missing[why], n.Name)
			continue
		}
		for _, one := range sizesOf(pods, *h, n) {
			sizes[one.kind] = append(sizes[one.kind], one)
		}
	}
	var findings []check.Finding
	var held []string
	for _, kind := range sortedKeys(sizes) {
		found, words := compare(s, kind, sizes[kind])
		findings = append(findings, found...)
		held = append(held, words)
	}
	for _, why := range sortedKeys(missing) {
		f := check.Finding{Verdict: check.Unknown, Nodes: missing[why], Says: "the MTUs could not be compared: " + why}
		complete(&f, len(nodes))
		findings = append(findings, f)
	}
	slices.SortStableFunc(findings, func(x, y check.Finding) int { return rank(x.Verdict) - rank(y.Verdict) })
	if len(held) == 0 && len(findings) == 0 {
		return check.Unknownf("no interface was seen whose MTU could be compared")
	}
	return check.Conclude(fmt.Sprintf("MTUs over %s: %s", figures.Count(len(nodes), "node"), strings.Join(held, "; ")), findings)
}

// sizedLink is one interface of a kind on one node, with its MTU in bytes.
type sizedLink struct {
	kind, node, name string
	mtu              int
}

// sizesOf are the MTUs of a node that ought to be those of all nodes.
func sizesOf(pods map[facts.Family][]netip.Prefix, h facts.HostLook, n facts.Node) []sizedLink {
	var out []sizedLink
	add := func(kind string, i facts.Interface) {
		if i.MTU > 0 && !slices.ContainsFunc(out, func(o sizedLink) bool { return o.kind == kind }) {
			out = append(out, sizedLink{kind, n.Name, i.Name, i.MTU})
		}
	}
	for _, f := range []facts.Family{facts.IPv4, facts.IPv6} {
		if a, ok := holderOf(h, n, f); ok {
			add("the interface with the node's address", a)
		}
		for _, t := range carrying(h, pods[f]) {
			add("the tunnel "+t.Name, t)
		}
		for _, name := range dataplane.Local(h, dataplane.Pods(n, f)) {
			if i, ok := h.Interface(name); ok && i.Kind == "bridge" {
				add("the bridge "+name, i)
			}
		}
	}
	add("the pods", facts.Interface{Name: "the probe pod's interface", MTU: n.PodAgent.MTU})
	return out
}

func holderOf(h facts.HostLook, n facts.Node, f facts.Family) (facts.Interface, bool) {
	for _, a := range n.Internal {
		if dataplane.Of(a) == f {
			return holder(h, a)
		}
	}
	return facts.Interface{}, false
}
