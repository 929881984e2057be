package diagnose

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
)

// The checks that give the evidence.
const (
	ipForward       = "kernel/ip-forward"
	ipForwardBoot   = "kernel/ip-forward-boot"
	firewallForward = "firewall/forward"
	firewallDrops   = "firewall/drops"
	firewallInput   = "firewall/input"
	overlayPort     = "overlay/port"
	nodeChanged     = "node/changed"
)

// forwardingKeys switch forwarding for each family that the cluster has
// (Linux kernel, Documentation/networking/ip-sysctl.rst).
func (in *input) forwardingKeys() []string {
	var out []string
	for _, f := range in.facts.Cluster.Families {
		switch f {
		case facts.IPv4:
			out = append(out, "net.ipv4.ip_forward")
		case facts.IPv6:
			out = append(out, "net.ipv6.conf.all.forwarding")
		}
	}
	return out
}

// noForwarding: a node whose kernel does not forward passes nothing between its
// pods and other nodes. It is a cause also when all traffic is green, for
// creating a pod on a bridge network switches forwarding on again.
func noForwarding(in *input) []claim {
	findings := in.failing(ipForward)
	nodes := in.nodesOf(ipForward)
	if len(nodes) == 0 {
		return nil
	}
	boot := in.atBoot(nodes)
	c := claimOf(nodes, append(findings, boot...))
	c.says = cmp.Or(in.forwardingOff(nodes), says(findings)) + bootSays(boot)
	c.cell = func(f facts.Flow, from facts.Vantage, to facts.Target) bool {
		return in.podTraffic(in.stillOff(nodes, f.Look))(f, from, to)
	}
	c.cell = ofFamilies(in.familiesOff(nodes), c.cell)
	c.leaves = silent
	c.finding = func(id string, f check.Finding) bool {
		switch id {
		case ipForward:
			return f.Verdict == check.Fail
		case ipForwardBoot:
			return f.Verdict == check.Fail && sameNodes(f, nodes)
		case nodeChanged:
			return sameNodes(f, nodes) && strings.Contains(f.Says, "forward")
		}
		return false
	}
	c.must, c.parts = in.unforwarded(nodes), []string{partHost}
	c.heals = len(in.stillOff(nodes, facts.Main)) < len(nodes)
	c.grounds = "a kernel with this setting at 0 passes nothing on between pods and other nodes"
	return []claim{c}
}

// atBoot are the findings that a file switches forwarding off on these nodes: that
// is where the 0 comes from.
func (in *input) atBoot(nodes []string) []located {
	return slices.DeleteFunc(in.failing(ipForwardBoot), func(f located) bool { return !sameNodes(f.Finding, nodes) })
}

// bootSays names the lines that decide at boot ("kernel/ip-forward-boot" marks them).
func bootSays(boot []located) string {
	var lines []string
	for _, f := range boot {
		for _, e := range f.Evidence {
			if strings.Contains(e.Text, "(decides)") && !slices.Contains(lines, e.Source) {
				lines = append(lines, e.Source)
			}
		}
	}
	if len(lines) == 0 {
		return ""
	}
	return "; " + strings.Join(lines, ", ") + " sets it so at every boot"
}

// forwardingOff is "n2: net.ipv4.ip_forward is 0 (first look)", with the value at
// the last look where that differs; empty where no look shows a 0.
func (in *input) forwardingOff(nodes []string) string {
	var parts []string
	byText := map[string][]string{}
	for _, node := range nodes {
		text := in.forwardingOn(node)
		if text == "" {
			return ""
		}
		if byText[text] == nil {
			parts = append(parts, text)
		}
		byText[text] = append(byText[text], node)
	}
	for i, text := range parts {
		parts[i] = names(byText[text]) + ": " + text
	}
	return strings.Join(parts, "; ")
}

func (in *input) forwardingOn(node string) string {
	for _, key := range in.forwardingKeys() {
		for _, look := range []facts.Look{facts.First, facts.Main, facts.Last} {
			host := in.facts.Host(node, look)
			if host == nil || host.Sysctls[key] != "0" {
				continue
			}
			text := fmt.Sprintf("%s is 0 (%s look)", key, look)
			if last := in.facts.Host(node, facts.Last); last != nil && last.Sysctls[key] == "1" {
				text += " and was 1 at the last look: creating a pod there switched it on, until the next boot or reload"
			}
			return text
		}
	}
	return ""
}

// stillOff are those of the nodes that did not forward during a look: what our
// own pods healed explains the first look, and nothing after it.
func (in *input) stillOff(nodes []string, look facts.Look) []string {
	if look == facts.First {
		return nodes
	}
	var out []string
	for _, node := range nodes {
		if !in.healed(node) {
			out = append(out, node)
		}
	}
	return out
}

func (in *input) healed(node string) bool {
	first, last := in.facts.Host(node, facts.First), in.facts.Host(node, facts.Last)
	if first == nil || last == nil {
		return false
	}
	healed := false
	for _, key := range in.forwardingKeys() {
		if last.Sysctls[key] == "0" {
			return false
		}
		healed = healed || first.Sysctls[key] == "0" && last.Sysctls[key] == "1"
	}
	return healed
}

// forwardRejected: a rule or policy of FORWARD takes the packets away that the
// kernel would have passed on.
func forwardRejected(in *input) []claim {
	findings := in.leftOf(firewallForward, check.Fail)
	nodes := namedBy(findings)
	if len(nodes) == 0 {
		return nil
	}
	c := claimOf(nodes, findings)
	pods, beside := in.podTraffic(nodes), in.besideOnBridge(nodes)
	c.cell = func(f facts.Flow, from facts.Vantage, to facts.Target) bool {
		return pods(f, from, to) || beside(f, from, to)
	}
	c.cell = ofFamilies(in.familiesOfRules(findings), c.cell)
	c.leaves = turnedAway
	c.finding = func(id string, f check.Finding) bool {
		return isOneOf(findings, id, f) ||
			id == firewallDrops && sameNodes(f, nodes) && counts(f) && speaksOf(f, c.evidence)
	}
	c.must, c.parts = in.unpassed(findings), []string{partHost, partBridge}
	c.grounds = "the node's own rules were followed with packets of its pods, and they end there"
	return []claim{c}
}

// besideOnBridge matches other pods on the same node where what passes the bridge
// goes through FORWARD as well (Linux kernel, br_netfilter).
func (in *input) besideOnBridge(nodes []string) cellTest {
	return func(f facts.Flow, from facts.Vantage, to facts.Target) bool {
		if !fromPod(f) || from.Node != to.Node || !slices.Contains(nodes, to.Node) || f.To != facts.ToDNSReplica && f.To != facts.ToDNSMetrics && f.To != facts.ToRuntime {
			return false
		}
		key := "net.bridge.bridge-nf-call-iptables"
		if f.Family == facts.IPv6 {
			key = "net.bridge.bridge-nf-call-ip6tables"
		}
		last := in.facts.Host(to.Node, facts.Last)
		return last != nil && last.Sysctls[key] == "1"
	}
}

// sameNodes says whether a finding names one of the nodes and no other.
func sameNodes(f check.Finding, nodes []string) bool {
	return len(f.Nodes) > 0 && !slices.ContainsFunc(f.Nodes, func(n string) bool { return !slices.Contains(nodes, n) })
}
