// Package reporttest holds reports to render: what every writer is shown in its
// tests, from a healthy cluster to one whose names are an attack.
package reporttest

import (
	"fmt"
	"time"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/reporters/report"
)

// Sample is a report and the name of its golden files.
type Sample struct {
	Name   string
	Report *report.Report
}

// All gives the samples that have golden files; Big is left to those who want it.
func All() []Sample {
	return []Sample{
		{"conformant", Conformant()},
		{"ip-forward", IPForward()},
		{"three-causes", ThreeCauses()},
		{"cannot-tell", CannotTell()},
		{"hostile", Hostile()},
		{"warnings", Warnings()},
		{"unexplained", UnexplainedPairs()},
	}
}

// Conformant is a healthy cluster of three nodes, one check of which passed at
// the second attempt only.
func Conformant() *report.Report {
	b := newBuilder(threeNodes())
	b.retried("reach/pod-to-pod")
	b.letter("pod>pod/udp/ipv4@main", "pod/demo-worker", "pod/demo-worker2", '~')
	return b.done(report.Conformant, "Conformant: 24 of 24 checks hold on 3 nodes.")
}

// IPForward is the cluster in which one node does not forward packets.
func IPForward() *report.Report {
	b := newBuilder(threeNodes())
	b.cutOff("demo-worker2")
	b.fail("kernel/ip-forward", check.Finding{
		Subject: "demo-worker2", Nodes: []string{"demo-worker2"}, Verdict: check.Fail,
		Says:     "net.ipv4.ip_forward is 0 on demo-worker2, so it drops every packet that is not for itself",
		Evidence: []check.Evidence{{Node: "demo-worker2", Source: "sysctl net.ipv4.ip_forward (first look)", Text: "0"}},
		Remedy:   forwardRemedy("demo-worker2"),
	})
	b.cause(report.Cause{
		ID: "no-forwarding", Key: "no-forwarding/demo-worker2", Nodes: []string{"demo-worker2"},
		Says: "demo-worker2 does not forward packets: net.ipv4.ip_forward is 0",
		Evidence: []check.Evidence{
			{Node: "demo-worker2", Source: "sysctl net.ipv4.ip_forward (first look)", Text: "0"},
			{Node: "demo-worker2", Source: "/etc/sysctl.d/99-hardening.conf:12", Text: "net.ipv4.ip_forward = 0"},
		},
		Remedy: forwardRemedy("demo-worker2"), Certainty: report.Proved,
		Grounds: "packets that must be forwarded end at flannel.1, and Ip.InAddrErrors grew by 2 with them",
	}, "kernel/ip-forward", "reach/pod-to-pod", "reach/pod-to-host", "reach/host-to-pod", "service/node-port")
	b.trace(vanished("1", "no-forwarding/demo-worker2", "demo-worker", "demo-worker2"))
	return b.done(report.NotConformant, "Not conformant: 5 of 24 checks fail; demo-worker2 does not forward packets.")
}

func forwardRemedy(node string) []check.Remedy {
	return []check.Remedy{
		{Text: "See who sets it", Node: node, Command: "grep -rn ip_forward /etc/sysctl.conf /etc/sysctl.d /usr/lib/sysctl.d", Purpose: check.Find},
		{Text: "Turn forwarding on at once", Node: node, Command: "sysctl -w net.ipv4.ip_forward=1"},
		{
			Text: "Correct the file that is read last at boot", Node: node, Purpose: check.Last,
			Command: "sed -i 's/^net.ipv4.ip_forward.*/net.ipv4.ip_forward = 1/' /etc/sysctl.d/99-hardening.conf",
		},
		{Text: "It says 1, and a run of the suite is green", Node: node, Command: "sysctl -n net.ipv4.ip_forward", Purpose: check.Verify},
	}
}

// ThreeCauses has three faults at once, an accepted exception, a warning, and a
// check that could not be judged.
func ThreeCauses() *report.Report {
	b := newBuilder(threeNodes())
	b.cutOff("demo-worker2")
	b.fail("kernel/ip-forward", check.Finding{
		Subject: "demo-worker2", Nodes: []string{"demo-worker2"}, Verdict: check.Fail,
		Says: "net.ipv4.ip_forward is 0 on demo-worker2", Remedy: forwardRemedy("demo-worker2"),
	})
	b.fail("firewall/forward", check.Finding{
		Subject: "demo-worker", Nodes: []string{"demo-worker"}, Verdict: check.Fail,
		Says: "rule 1 of FORWARD on demo-worker rejects everything, above the rules that accept pod traffic",
		Flow: "pod>pod/tcp/ipv4@main", Pairs: []check.Pair{{From: "pod/demo-control-plane", To: "pod/demo-worker"}},
		Evidence: []check.Evidence{{
			Node: "demo-worker", Source: "iptables-nft-save, table filter, FORWARD rule 1",
			Text: "-A FORWARD -j REJECT --reject-with icmp-host-prohibited",
		}},
	})
	b.letter("pod>pod/tcp/ipv4@main", "pod/demo-control-plane", "pod/demo-worker", 'U')
	b.fail("component/kube-proxy", check.Finding{
		Subject: "demo-control-plane", Nodes: []string{"demo-control-plane"}, Verdict: check.Fail,
		Says: "no kube-proxy pod is running on demo-control-plane (Evicted: The node was low on resource: memory)",
	})
	b.accept("component/kube-proxy-priority", "kube-proxy has no priority class; it is evicted first when a node runs short")
	b.unknown("dns/replica", "coredns-7d764666f9-x2x5k gave no answer to the control channel within 30 s")
	b.warn("firewall/chains", "demo-worker", "chains of firewalld stand on demo-worker: FWD_public, IN_public")
	b.threeCauses()
	return b.done(report.NotConformant, "Not conformant: 7 of 24 checks fail, for 3 causes on 3 nodes.")
}

func (b *builder) threeCauses() {
	b.cause(report.Cause{
		ID: "no-forwarding", Key: "no-forwarding/demo-worker2", Nodes: []string{"demo-worker2"},
		Says:     "demo-worker2 does not forward packets: net.ipv4.ip_forward is 0",
		Evidence: []check.Evidence{{Node: "demo-worker2", Source: "sysctl net.ipv4.ip_forward (first look)", Text: "0"}},
		Remedy:   forwardRemedy("demo-worker2"), Certainty: report.Configured, Grounds: "the kernel was read at both looks, and said 0 each time",
	}, "kernel/ip-forward", "reach/pod-to-pod", "reach/pod-to-host", "reach/host-to-pod", "service/node-port")
	b.cause(report.Cause{
		ID: "forward-reject", Key: "forward-reject/demo-worker", Nodes: []string{"demo-worker"},
		Says:     "a firewall rule on demo-worker rejects forwarded packets before the CNI can accept them",
		Evidence: []check.Evidence{{Node: "demo-worker", Source: "iptables-nft-save, table filter, FORWARD rule 1", Text: "-A FORWARD -j REJECT --reject-with icmp-host-prohibited"}},
		Remedy: []check.Remedy{
			{Text: "Delete the rule", Node: "demo-worker", Command: "iptables -D FORWARD -j REJECT --reject-with icmp-host-prohibited"},
			{Text: "Stop what puts it back", Node: "demo-worker", Command: "systemctl disable --now firewalld", Purpose: check.Last},
		},
		Certainty: report.Proved, Grounds: "the rule's counter grew by 24 packets while the suite probed",
	}, "firewall/forward", "reach/pod-to-pod")
	b.cause(report.Cause{
		ID: "kube-proxy-gone", Key: "kube-proxy-gone/demo-control-plane", Nodes: []string{"demo-control-plane"},
		Says:      "kube-proxy was evicted from demo-control-plane, so no Service works there",
		Evidence:  []check.Evidence{{Node: "demo-control-plane", Source: "pod kube-system/kube-proxy-h5x7m", Text: "Evicted: The node was low on resource: memory. Threshold quantity: 100Mi, available: 61Mi."}},
		Certainty: report.Fits, Grounds: "no Service answers there, and no rule of kube-proxy was read",
		Remedy: []check.Remedy{
			{Text: "See why it is not there", Command: "kubectl -n kube-system get events --field-selector reason=Evicted", Purpose: check.Find},
			{Text: "See what the node is short of", Command: "kubectl describe node demo-control-plane", Purpose: check.Find},
			{
				Text: "Give kube-proxy the priority class that protects it",
				Command: `kubectl -n kube-system patch daemonset kube-proxy --type merge -p ` +
					`'{"spec":{"template":{"spec":{"priorityClassName":"system-node-critical"}}}}'`,
			},
		},
	}, "component/kube-proxy")
}

// CannotTell was interrupted: one node never answered, half the checks have no facts.
func CannotTell() *report.Report {
	b := newBuilder(threeNodes())
	b.r.Run.Incomplete = "interrupted by SIGTERM after 41 s, in the phase “probing”"
	b.r.Run.Problems = []facts.Error{{What: "agent on demo-worker2", Says: "ImagePullBackOff: Back-off pulling image \"registry.example/plumbline:v1\""}}
	b.silent("demo-worker2", "the probe pod never became ready: ImagePullBackOff")
	for _, id := range []string{"reach/pod-to-pod", "reach/pod-to-host", "service/node-port", "mtu/path"} {
		b.unknown(id, "demo-worker2 gave no answer: the probe pod never became ready (ImagePullBackOff)")
	}
	b.skip("dns/service", "this cluster has no cluster DNS")
	b.notChecked("node demo-worker2", "the probe pod never became ready: ImagePullBackOff")
	b.notChecked("mtu/over-limit", "interrupted before it was observed")
	return b.done(report.CannotTell, "Cannot tell: the run was interrupted, and 4 checks could not be judged.")
}

// Warnings is conformant with warnings.
func Warnings() *report.Report {
	b := newBuilder(threeNodes())
	b.warn("kernel/ip-forward-boot", "demo-worker", "/etc/sysctl.d/99-hardening.conf:12 on demo-worker sets net.ipv4.ip_forward to 0 at the next boot")
	b.warn("component/kube-proxy-priority", "demo-control-plane", "kube-proxy has no priority class; it is evicted first when a node runs short")
	return b.done(report.Conformant, "Conformant with 2 warnings: 24 checks on 3 nodes, none fails.")
}

// Hostile has names and messages that try to break out of every format.
func Hostile() *report.Report {
	evil := `<img src=x onerror="document.title='owned'">`
	b := newBuilder([]string{"n1", evil, "n3</script><script>document.title='owned'</script>"})
	says := "says \x1b[31mred\x1b[0m \x00\x07 ]]> </script><script>document.title='owned'</script> & <b>bold</b>\r\nsecond line " +
		"\ufffe\u202e {{.Evil}} ${evil} `tick` javascript:document.title='owned'"
	b.fail("kernel/ip-forward", check.Finding{
		Subject: evil, Nodes: []string{evil}, Verdict: check.Fail, Says: says,
		Evidence: []check.Evidence{{Node: evil, Source: says, Text: "<!--<script>" + says}},
		Remedy:   []check.Remedy{{Text: says, Node: evil, Command: `echo "</textarea><script>alert(1)</script>" && rm -rf '"'`}},
	})
	b.cause(report.Cause{
		ID: "evil", Key: "evil/" + evil, Nodes: []string{evil}, Says: says,
		Evidence: []check.Evidence{{Node: evil, Source: says, Text: says}},
		Remedy:   []check.Remedy{{Text: says, Node: evil, Command: "echo ]]> <b>\x1b[2J"}},
	}, "kernel/ip-forward")
	b.hostileTrace("evil/"+evil, evil, says)
	b.unexplained(report.Unexplained{
		Checks: []string{"kernel/ip-forward"}, Findings: 1, Nodes: []string{evil}, Says: says, Pairs: 3, Pattern: "every pair into " + evil, Trace: evil,
	})
	b.r.Cluster.Server = "javascript:alert(1)//<svg onload=alert(1)>"
	b.r.Cluster.CNI = `" autofocus onfocus="alert(1)`
	b.letter("pod>pod/tcp/ipv4@main", "pod/n1", "pod/"+evil, 'G')
	r := b.done(report.NotConformant, says)
	for i := range r.Matrices {
		for j := range r.Matrices[i].Rows {
			for _, d := range r.Matrices[i].Rows[j].Details {
				d.Attempts[0].Note, d.Attempts[0].ICMP, d.Attempts[0].Peer = says, evil, evil
			}
		}
	}
	return r
}

// Big has a given number of nodes: one does not forward, two groups do not
// reach each other, and a few pairs are lost.
func Big(nodes int) *report.Report {
	names := make([]string, 0, nodes)
	for i := range nodes {
		names = append(names, fmt.Sprintf("node-%03d.rack%02d.example", i, i/20))
	}
	b := newBuilder(names)
	dead := names[nodes/3]
	b.cutOff(dead)
	b.island(names[nodes/2:nodes/2+nodes/10], "reach/pod-to-pod", "pod>pod/udp/ipv4@main")
	for i := range 5 {
		b.letter("pod>pod/tcp/ipv4@main", "pod/"+names[(i*37+5)%nodes], "pod/"+names[(i*91+9)%nodes], 'R')
	}
	b.fail("kernel/ip-forward", check.Finding{
		Subject: dead, Nodes: []string{dead}, Verdict: check.Fail, Says: "net.ipv4.ip_forward is 0 on " + dead,
	})
	b.cause(report.Cause{
		ID: "no-forwarding", Key: "no-forwarding/" + dead, Nodes: []string{dead},
		Says:     dead + " does not forward packets: net.ipv4.ip_forward is 0",
		Evidence: []check.Evidence{{Node: dead, Source: "sysctl net.ipv4.ip_forward (first look)", Text: "0"}},
		Remedy:   forwardRemedy(dead),
	}, "kernel/ip-forward", "reach/pod-to-pod", "reach/pod-to-host")
	return b.done(report.NotConformant, "Not conformant: "+dead+" does not forward packets.")
}

// BigInZones is Big in five zones; three of its nodes are in none.
func BigInZones(nodes int) *report.Report {
	r := Big(nodes)
	for i := range r.Nodes[:nodes-3] {
		r.Nodes[i].Zone = "eu-north-1" + string(rune('a'+i*5/nodes))
	}
	return r
}

func threeNodes() []string { return []string{"demo-control-plane", "demo-worker", "demo-worker2"} }

func started() time.Time { return time.Date(2026, 3, 14, 3, 2, 11, 0, time.UTC) }
