package reporttest

import (
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/reporters/report"
)

// UnexplainedPairs has a cause that something speaks against, one that only warns,
// pairs that no cause explains and whose flow was sent again, and a finding
// without pairs that none explains.
func UnexplainedPairs() *report.Report {
	b := newBuilder(threeNodes())
	udp := "pod>pod/udp/ipv4@main"
	b.into("reach/pod-to-pod", udp, "demo-worker2")
	b.fail("reach/closed-port", check.Finding{
		Subject: "demo-worker", Nodes: []string{"demo-worker"}, Verdict: check.Fail,
		Says: "a closed port of demo-worker answered nothing within 2 s, where a refusal is right",
	})
	b.fail("mtu/path", check.Finding{
		Subject: "demo-control-plane (pod → pod, path MTU, IPv4)", Nodes: []string{"demo-control-plane"}, Verdict: check.Fail, Flow: "pod>pod/pmtu/ipv4@main",
		Says:  "3 of 9 pairs carry no packet over 1,400 bytes, all of them from demo-control-plane",
		Pairs: []check.Pair{{From: "pod/demo-control-plane", To: "pod/demo-worker"}, {From: "pod/demo-control-plane", To: "pod/demo-worker2"}},
	})
	b.warn("kernel/ip-forward-boot", "demo-worker", "/etc/sysctl.d/99-hardening.conf:12 on demo-worker sets net.ipv4.ip_forward to 0 at the next boot")
	b.unexplainedCauses()
	key := report.ForUnexplained + "reach/pod-to-pod/demo-worker2 (pod → pod, UDP, IPv4)"
	b.trace(vanished("2", key, "demo-worker", "demo-worker2"))
	b.unexplained(report.Unexplained{
		Checks: []string{"reach/pod-to-pod"}, Findings: 1, Nodes: []string{"demo-worker2"}, Says: b.find("reach/pod-to-pod").Findings[0].Says,
		Pairs: 2, Pattern: "every pair into demo-worker2 across nodes, UDP only; hosts are fine", Trace: "2",
	})
	b.unexplained(report.Unexplained{
		Checks: []string{"reach/closed-port"}, Findings: 1, Nodes: []string{"demo-worker"}, Says: b.find("reach/closed-port").Findings[0].Says,
	})
	return b.done(report.NotConformant, "Not conformant: 3 of 24 checks fail, 2 causes found, and 2 failures that nothing explains.")
}

func (b *builder) unexplainedCauses() {
	b.cause(report.Cause{
		ID: "no-forwarding", Key: "no-forwarding-at-boot/demo-worker", Nodes: []string{"demo-worker"},
		Says:      "demo-worker forwards packets until it starts again: /etc/sysctl.d/99-hardening.conf:12 sets net.ipv4.ip_forward to 0",
		Evidence:  []check.Evidence{{Node: "demo-worker", Source: "/etc/sysctl.d/99-hardening.conf:12", Text: "net.ipv4.ip_forward = 0"}},
		Remedy:    forwardRemedy("demo-worker")[2:],
		Certainty: report.Configured, Grounds: "no file that is read later sets it again",
	}, "kernel/ip-forward-boot")
	b.cause(report.Cause{
		ID: "mtu-too-large", Key: "mtu-too-large/demo-control-plane", Nodes: []string{"demo-control-plane"},
		Says:     "the pods of demo-control-plane send packets that are too large for the way between the nodes",
		Evidence: []check.Evidence{{Node: "demo-control-plane", Source: "interface cni0", Text: "mtu 1450"}},
		Remedy: []check.Remedy{
			{Text: "Measure what the way carries", Node: "demo-control-plane", Command: "ping -M do -c 3 -s 1422 10.88.0.3", Purpose: check.Find},
			{Text: "Set the pods' MTU to what the way carries, in the network plugin's configuration, and start its pods again"},
		},
		Certainty: report.FitsPartly, Grounds: "large packets from there vanish, and small ones arrive",
		Against: []string{
			"1 pair that it should break answered: pod/demo-control-plane → pod/demo-worker with 1,450 bytes",
			"no cause explains 2 red pairs of demo-control-plane and demo-worker2 (pod → pod over UDP)",
		},
	}, "mtu/path")
}

// into lets every pair of a flow into a node from the others time out.
func (b *builder) into(id, flow, node string) {
	for _, m := range b.r.Matrices {
		if m.Flow == flow {
			b.breakPairs(id, m, node, func(from, to string) bool {
				return to == "pod/"+node && strings.TrimPrefix(from, "pod/") != node
			})
		}
	}
}

func (b *builder) unexplained(u report.Unexplained) { b.r.Unexplained = append(b.r.Unexplained, u) }
