package route

import (
	_ "embed" // the explanation page
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/cni"
	"github.com/plumbline-net/plumbline/framework/dataplane"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/suites/peering"
	"github.com/plumbline-net/plumbline/suites/remedies"
)

//go:embed lookup.md
var lookupDoc string

// Lookup promises that the kernel really sends where the main table says.
func Lookup() check.Check {
	return check.Check{
		ID:       "route/lookup",
		Promise:  "The kernel's own answer for each peer pod, peer host, Service address and DNS address names the expected device and source.",
		Level:    check.Core,
		Needs:    []check.Need{check.NeedHosts},
		Looks:    []facts.Look{facts.Last},
		Doc:      lookupDoc,
		Evaluate: lookup,
	}
}

func lookup(s *facts.Snapshot) check.Result {
	if r, ok := peering.NoHosts(s); !ok {
		return r
	}
	model := dataplane.NetworkOf(s).Model()
	var faults []peering.Fault
	asked, right := 0, 0
	for _, n := range s.Selected() {
		last, why := dataplane.Seen(s, n.Name)
		if why != "" {
			continue
		}
		a := newAnswers(s, model, n, last)
		for _, l := range last.Lookups {
			asked++
			if f, bad := a.judge(l); bad {
				faults = append(faults, f)
				continue
			}
			right++
		}
		faults = append(faults, a.emptyTables()...)
	}
	findings := append(peering.Fold(faults), peering.Unseen(s)...)
	if asked == 0 && len(findings) == 0 && len(s.Selected()) == 1 {
		return check.Skipf("one node is under test, and nothing is known of a Service to ask for")
	}
	if asked == 0 && len(findings) == 0 {
		return check.Unknownf("no node's routing was asked for the way to anything")
	}
	return check.Conclude(fmt.Sprintf("%d of %d answers of the nodes' routing are as expected", right, asked), findings)
}

// answers judges what one node's routing said.
type answers struct {
	s      *facts.Snapshot
	node   facts.Node
	host   *facts.HostLook
	routes dataplane.Routes
	own    []netip.Addr
	// routed: the main table alone leads to other nodes' pods.
	routed bool
}

func newAnswers(s *facts.Snapshot, model cni.Model, n facts.Node, h *facts.HostLook) answers {
	a := answers{s: s, node: n, routed: slices.Contains([]cni.Model{cni.NodeTunnel, cni.NodeDirect, cni.Blocks}, model), host: h, routes: dataplane.RoutesOf(*h)}
	for _, i := range h.Interfaces {
		for _, p := range i.Addrs {
			a.own = append(a.own, p.Addr())
		}
	}
	return a
}

// judge holds one answer against the main table, whose routes the other checks
// of this area judge: here only what makes the kernel decide otherwise counts.
func (a answers) judge(l facts.Lookup) (peering.Fault, bool) {
	if l.Type == "local" {
		return peering.Fault{}, false // the address sits on this node (kube-proxy in ipvs mode, node-local DNS)
	}
	want, there := a.routes.Route(l.Dst)
	blocked := there && want.Type != "unicast"
	target := a.target(l)
	switch {
	case l.Errno != "" && (blocked || !there && !a.service(l)):
		return peering.Fault{}, false // route/stale and route/pod-cidr tell of it
	case l.Errno == "EHOSTUNREACH" && a.unforwarded(l):
		return peering.Fault{}, false // kernel/ip-forward tells of it
	case l.Errno != "" && !there:
		return a.fault(l, "no-way", fmt.Sprintf("no route leads to %s (%s), not even a default route: a Service's address needs one before it can be translated", target, l.Errno)), true
	case l.Errno != "":
		return a.fault(l, "refused", fmt.Sprintf("the kernel refuses %s (%s), though the main table leads %s", target, l.Errno, hop(want))), true
	case l.Dev == "", !there && l.Dev == want.Dev:
		return peering.Fault{}, false
	case l.Dev != want.Dev && a.routed:
		return a.fault(l, "diverted", fmt.Sprintf("packets to %s leave %s, though the main table leads %s", target,
			hop(facts.Route{Dev: l.Dev, Gateway: l.Gateway}), hop(want))), true
	case l.PrefSrc.IsValid() && len(a.own) > 0 && !slices.Contains(a.own, l.PrefSrc):
		return a.fault(l, "source", fmt.Sprintf("packets to %s would get the source %s, which no interface of this node has", target, l.PrefSrc)), true
	}
	return peering.Fault{}, false
}

// unforwarded: the packet was asked for as one that comes in by an interface which
// does not forward. The kernel refuses it with EHOSTUNREACH before it looks at a
// route (Linux, net/ipv4/route.c, ip_route_input_slow: IN_DEV_FORWARD).
func (a answers) unforwarded(l facts.Lookup) bool {
	if l.Iif == "" {
		return false
	}
	f := dataplane.Of(l.Dst)
	// A dot in a name such as eth0.5 is a slash in the setting's (sysctl.d(5)).
	own := fmt.Sprintf("net.%s.conf.%s.forwarding", f, strings.ReplaceAll(l.Iif, ".", "/"))
	all := map[facts.Family]string{facts.IPv4: "net.ipv4.ip_forward", facts.IPv6: "net.ipv6.conf.all.forwarding"}[f]
	if value, read := a.host.Sysctls[own]; read {
		return value == "0"
	}
	return a.host.Sysctls[all] == "0"
}

func (a answers) service(l facts.Lookup) bool { return l.For == "api" || l.For == "dns" }

func (a answers) target(l facts.Lookup) string {
	kind, node, _ := strings.Cut(l.For, "/")
	text := map[string]string{
		"host": "the host of " + node, "pod": "the probe pod of " + node,
		"api": "the Service default/kubernetes", "dns": "the cluster DNS Service",
	}[kind]
	if text == "" {
		text = l.For
	}
	text = fmt.Sprintf("%s (%s)", text, l.Dst)
	if l.Iif != "" {
		text += " from this node's pods"
	}
	return text
}

func (a answers) fault(l facts.Lookup, kind, says string) peering.Fault {
	_, peer, _ := strings.Cut(l.For, "/")
	node := a.node.Name
	f := peering.Fault{Node: node, Peer: peer, Verdict: check.Fail, Kind: kind, Says: says}
	f.Evidence = append(f.Evidence, check.Evidence{Node: node, Source: get(l) + " (last look)", Text: answerText(l)})
	if r, ok := a.diverting(l); ok {
		text := dataplane.RuleText(r)
		f.Says += fmt.Sprintf("; the rule \"%s\" diverts them", text)
		f.Kind += text
		f.Evidence = append(f.Evidence, check.Evidence{Node: node, Source: dataplane.IP(r.Family) + " rule", Text: text})
		f.Repair = removeRule(node, r)
	} else {
		f.Repair = a.undecided(l, kind)
	}
	f.Then = []check.Remedy{{Purpose: check.Verify, Text: "Check the kernel's answer: it must lead where the main table does, with a source address of this node", Node: node, Command: get(l)}}
	return f
}

func family(l facts.Lookup) string { return dataplane.IP(dataplane.Of(l.Dst)) }

func get(l facts.Lookup) string {
	text := family(l) + " route get " + l.Dst.String()
	if l.Src.IsValid() {
		text += " from " + l.Src.String()
	}
	if l.Iif != "" {
		text += " iif " + l.Iif
	}
	return text
}

func answerText(l facts.Lookup) string {
	if l.Errno != "" {
		return l.Errno
	}
	text := hop(facts.Route{Dev: l.Dev, Gateway: l.Gateway})
	if l.PrefSrc.IsValid() {
		text += " from " + l.PrefSrc.String()
	}
	return fmt.Sprintf("%s (table %d)", text, l.Table)
}

// undecided are the steps where no single rule is known to decide.
func (a answers) undecided(l facts.Lookup, kind string) []check.Remedy {
	node, ip := a.node.Name, family(l)
	out := []check.Remedy{{
		Purpose: check.Find, Text: "Look for a rule, a table or a route that decides before the main table does", Node: node,
		Command: fmt.Sprintf("%s rule; %s route show table all | grep -v 'table local'", ip, ip),
	}}
	if kind == "no-way" {
		return append(out, check.Remedy{
			Text: "Give the node its default route again: the network configuration names the gateway", Node: node,
			Command: "networkctl reload 2>/dev/null || nmcli connection reload 2>/dev/null || systemctl restart networking; " + ip + " route show default",
		}, remedies.WhereWritten(node, "Where the configuration names no gateway, write it there", "gateway|Gateway|routes:|via"))
	}
	return append(out, remedies.RestartCNI(a.s, node), check.Remedy{
		Purpose: check.Last, Text: "Take away the rule or the table that decides, where it is set", Node: node,
		Command: remedies.WhereWritten(node, "", "ip (-6 )?(rule|route)|RoutingPolicyRule|routing-policy").Command,
	})
}
