package diagnose

import (
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
)

func unknown(id, says string, nodes ...string) Judged {
	f := check.Finding{Subject: says, Nodes: nodes, Says: says}
	return Judged{ID: id, Result: check.Result{Findings: []check.Finding{f}}}
}

func TestANodeWithoutAFreeAddressIsNamedWithItsRange(t *testing.T) {
	causes := Diagnose(factstest.Healthy(3), []Judged{
		failed(nodeAgentCheck, about("n2", "FailedCreatePodSandBox: no IP addresses available in range set: 10.244.2.1-10.244.2.254")),
		failed("node/pod-cidr", about("n2", "the pod CIDR [10.244.2.0/24] has no free address left")),
		unknown("reach/pod-to-pod", "pod/n2 gave no answer", "n2"),
		unknown("reach/host-to-host", "host/n3 gave no answer", "n3"),
	})
	c := find(t, causes, "node-range-exhausted")
	equal(t, c.Says, "n2: the node's range of pod addresses is used up (10.244.2.0/24), so no new pod gets an address there")
	if len(causes) != 1 || len(c.Explains) != 3 {
		t.Errorf("got %s, %+v", said(causes), c.Explains)
	}
}

func TestAKubeletThatTheAPIServerCannotReachIsTheCauseOfNotKnowing(t *testing.T) {
	for _, tc := range []struct{ name, why, command string }{
		{"silence", "i/o timeout", "iptables -I INPUT -p tcp --dport 10250 -j ACCEPT"},
		{"a refusal", "connect: connection refused", "systemctl restart kubelet"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			causes := Diagnose(factstest.Healthy(3), []Judged{
				unknown(nodeAgentCheck, "the agent could not be asked: error dialing backend: dial tcp 10.0.0.12:10250: "+tc.why, "n2"),
				unknown("kernel/ip-forward", "not known", "n2"),
			})
			c := find(t, causes, "kubelet-unreachable")
			contains(t, c.Says, "n2: the API server cannot reach the kubelet there (10.0.0.12:10250: "+tc.why+")")
			equal(t, c.Verdict.String(), "unknown")
			found := false
			for _, r := range c.Remedy {
				found = found || r.Node == "n2" && r.Command == tc.command
			}
			if !found || len(causes) != 1 || len(c.Explains) != 2 {
				t.Errorf("got %s, %+v, %+v", said(causes), c.Explains, c.Remedy)
			}
		})
	}
}

func TestAnAgentThatIsMissingForAnotherReasonIsNeither(t *testing.T) {
	causes := Diagnose(factstest.Healthy(3), []Judged{
		failed(nodeAgentCheck, about("n2", "ErrImagePull: dial tcp 192.0.2.1:443: i/o timeout")),
		unknown("kernel/ip-forward", "not known", "n2"),
	})
	if len(causes) != 1 || causes[0].ID != "agent-not-running" {
		t.Errorf("got %s", said(causes))
	}
}

func TestANodeThatIsNotReadyIsNotTakenForItsKubelet(t *testing.T) {
	causes := Diagnose(factstest.Healthy(3), []Judged{
		failed(nodeReady, about("n2", "Ready is Unknown")),
		unknown(nodeAgentCheck, "error dialing backend: dial tcp 10.0.0.12:10250: i/o timeout", "n2"),
	})
	if len(causes) != 1 || causes[0].ID != "node-not-ready" {
		t.Errorf("got %s", said(causes))
	}
}
