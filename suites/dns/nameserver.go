package dns

import (
	_ "embed"
	"fmt"
	"net/netip"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/matrix"
	"github.com/plumbline-net/plumbline/framework/recognise"
	"github.com/plumbline-net/plumbline/suites/remedies"
)

//go:embed nameserver.md
var nameserverDoc string

// Nameserver is the check dns/nameserver.
func Nameserver() check.Check {
	return check.Check{
		ID: "dns/nameserver", Promise: "Where pods are given a node-local DNS cache as nameserver, it responds on every node, by UDP and TCP, to pods and to the host.",
		Level: check.Core, Needs: []check.Need{check.NeedPods}, Doc: nameserverDoc, Ask: askNameserver, Evaluate: evaluateNameserver,
		Looks: []facts.Look{facts.First},
	}
}

// askNameserver asks in both families: a cache has an address of its own, whatever
// those of the Service are.
func askNameserver(scope check.Scope) []facts.Flow {
	if !scope.HasDNS {
		return nil
	}
	return flows(scope, facts.Main, facts.ToNodeDNS, facts.FromPod, facts.FromHost)
}

func evaluateNameserver(s *facts.Snapshot) check.Result {
	if r, none := without(s); none {
		return r
	}
	told := 0
	var families []facts.Family
	for _, n := range s.Selected() {
		list, known := recognise.Nameservers(s, n.Name)
		if known {
			told++
		}
		for _, a := range list {
			if !recognise.IsService(s, a) && recognise.IsCache(s, n.Name, a) {
				families = append(families, familyOf(a))
			}
		}
	}
	switch {
	case told == 0:
		return check.Unknownf("no probe pod's resolv.conf was read, and no kubelet's configuration")
	case len(families) == 0 && len(recognise.Cached(s)) > 0:
		return check.Skipf("the node-local DNS cache has the DNS Service's own address: dns/service asks it")
	case len(families) == 0:
		return check.Skipf("pods are given no node-local DNS cache: dns/service asks the nameserver that they are given")
	}
	var asked []facts.Flow
	for _, f := range askNameserver(check.ScopeOf(s)) {
		for _, family := range families {
			if f.Family == family {
				asked = append(asked, f)
				break
			}
		}
	}
	return matrix.Judge(s, matrix.Spec{
		Flows: asked, Noun: "places", Rule: func(c matrix.Cell) matrix.Ruling { return nameserverRule(s, c) },
		Remedy: func(p matrix.Place) []check.Remedy { return nameserverRemedy(s, p) },
	})
}

// nameserverRule judges on each node the nameservers that its own pods are given.
func nameserverRule(s *facts.Snapshot, c matrix.Cell) matrix.Ruling {
	list, _ := recognise.Nameservers(s, c.From.Node)
	for _, a := range list {
		if a == c.To.Addr && recognise.IsCache(s, c.From.Node, a) {
			return matrix.Answers(c)
		}
	}
	return matrix.Ruling{Standing: matrix.Aside, Why: "no node-local cache that the pods of this node are given (see dns/resolv-conf)"}
}

func familyOf(a netip.Addr) facts.Family {
	if a.Unmap().Is4() {
		return facts.IPv4
	}
	return facts.IPv6
}

// nameserverRemedy never points pods elsewhere: that would take the cache from all
// other pods of the node, and new pods alone would have the change.
func nameserverRemedy(s *facts.Snapshot, p matrix.Place) []check.Remedy {
	c := p.Examples[0]
	node, addr := nodeOr(p, c), c.To.Addr
	out := []check.Remedy{{
		Purpose: check.Find, Text: "Does an interface of the node hold the address, and is a process bound to port 53 there?", Node: node,
		Command: fmt.Sprintf("ip -br addr | grep -wF %s; ss -lnptu 'sport = :53'", addr),
	}}
	out = append(out, cacheSteps(s, node)...)
	return append(out, shownAnswers(node, fmt.Sprintf("dig +tries=1 +time=2 @%s %s; dig +tcp +tries=1 +time=2 @%s %s", addr, c.To.Name, addr, c.To.Name)),
		remedies.Again("dns/nameserver"))
}

// cacheSteps restart the cache of one node.
func cacheSteps(s *facts.Snapshot, node string) []check.Remedy {
	if pod, ok := recognise.CachePod(s, node); ok {
		return []check.Remedy{{
			Purpose: check.Find, Text: "Read the state and the log of the node-local DNS cache",
			Command: fmt.Sprintf("kubectl -n %s describe pod %s; kubectl -n %s logs --tail=40 %s", pod.Namespace, pod.Name, pod.Namespace, pod.Name),
		}, {
			Text:    fmt.Sprintf("Restart the node-local DNS cache on %s: the pods of this node have no other nameserver, and its DaemonSet starts it again", node),
			Command: fmt.Sprintf("kubectl -n %s delete pod %s", pod.Namespace, pod.Name),
		}}
	}
	if len(s.Cluster.DNSCaches) > 0 {
		cache := s.Cluster.DNSCaches[0]
		return remedies.Everywhere(cache.Namespace, cache.Name, node)
	}
	return []check.Remedy{{
		Purpose: check.Find, Text: "Find what runs the node-local DNS cache: a DaemonSet on the host network, or a service of the host",
		Command: "kubectl get daemonsets -A -o wide | grep -iE 'dns'",
	}, {
		Purpose: check.Find, Text: "Where it is a service of the host: read its state and restart it", Node: node,
		Command: "systemctl list-units --all --no-pager | grep -iE 'dns|unbound|dnsmasq'",
	}}
}
