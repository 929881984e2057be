package diagnose

import (
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
)

// forwardedBy is what a node that does not forward loses, written down apart
// from the code under test: pods there reach nothing outside, nobody outside
// reaches pods there.
func forwardedBy(node string) cellTest {
	return func(f facts.Flow, from facts.Vantage, to facts.Target) bool {
		podHere := from.Kind == facts.FromPod && from.Node == node
		switch f.To {
		case facts.ToPod:
			return from.Node != to.Node && (podHere || to.Node == node)
		case facts.ToHost:
			return podHere && to.Node != node
		default:
			return false
		}
	}
}

func TestForwardingSwitchedOffExplainsItsRowAndColumn(t *testing.T) {
	s := factstest.Healthy(3)
	off(s, "n2", "net.ipv4.ip_forward", "0", facts.First)
	off(s, "n2", "net.ipv4.ip_forward", "0", facts.Last)
	cut(s, forwardedBy("n2"))
	judged := append(traffic(s), failed(ipForward, about("n2", "net.ipv4.ip_forward is 0")))
	causes := Diagnose(s, judged)
	c := find(t, causes, "no-forwarding")
	red := len(newInput(s, judged).red)
	if red < 20 {
		t.Fatalf("only %d red cells: the scenario is not what it says", red)
	}
	equal(t, c.Says, "n2: net.ipv4.ip_forward is 0 (first look); it explains "+share(red, red)+" red pairs")
	equal(t, c.Key, "no-forwarding/n2")
	equal(t, c.Remedy[0].Command, "repair")
	if len(causes) != 1 {
		t.Errorf("one fault, and %s", said(causes))
	}
}

func TestForwardingHealedByTheFirstPodIsStillACause(t *testing.T) {
	s := factstest.Healthy(3)
	off(s, "n2", "net.ipv4.ip_forward", "0", facts.First)
	changed := failed(nodeChanged, about("n2", "net.ipv4.ip_forward was 0 and became 1"))
	causes := Diagnose(s, []Judged{failed(ipForward, about("n2", "net.ipv4.ip_forward is 0")), changed})
	c := find(t, causes, "no-forwarding")
	contains(t, c.Says, "n2: net.ipv4.ip_forward is 0 (first look) and was 1 at the last look")
	if len(causes) != 1 || len(c.Explains) != 2 {
		t.Errorf("the change belongs to it too: %s, %+v", said(causes), c.Explains)
	}
}

func TestForwardingThatWasHealedExplainsTheFirstLookOnly(t *testing.T) {
	s := factstest.Healthy(3)
	off(s, "n2", "net.ipv4.ip_forward", "0", facts.First)
	cut(s, forwardedBy("n2"))
	c := find(t, Diagnose(s, append(traffic(s), failed(ipForward, about("n2", "off")))), "no-forwarding")
	if len(c.Explains) != 1 {
		t.Errorf("the probes came after the healing: %+v", c.Explains)
	}
}

func TestForwardingDoesNotExplainARefusal(t *testing.T) {
	s := factstest.Healthy(3)
	off(s, "n2", "net.ipv4.ip_forward", "0", facts.First)
	off(s, "n2", "net.ipv4.ip_forward", "0", facts.Last)
	factstest.Letters(s, "pod>pod/tcp/ipv4@main", "...", "R.R", "...")
	c := find(t, Diagnose(s, append(traffic(s), failed(ipForward, about("n2", "off")))), "no-forwarding")
	if len(c.Explains) != 1 {
		t.Errorf("what is not forwarded is not refused: %+v", c.Explains)
	}
}

func TestOnlyRedPairsAreCounted(t *testing.T) {
	s := factstest.Healthy(3)
	cut(s, forwardedBy("n2"))
	off(s, "n2", "net.ipv4.ip_forward", "0", facts.First)
	off(s, "n2", "net.ipv4.ip_forward", "0", facts.Last)
	const key = "pod>clusterIP/tcp/ipv4@main"
	factstest.Letters(s, key, "p", "p", "p")
	slow := check.Finding{Subject: key, Verdict: check.Warn, Says: "loss", Flow: key, Pairs: []check.Pair{{From: "pod/n1", To: "service"}}}
	judged := append(traffic(s), failed(ipForward, about("n2", "off")), failed("service/cluster-ip", slow))
	c := find(t, Diagnose(s, judged), "no-forwarding")
	red := len(newInput(s, judged).red)
	contains(t, c.Says, "it explains "+share(red, red)+" red pairs")
}

func TestForwardingDoesNotExplainWhatItCannotReach(t *testing.T) {
	s := factstest.Healthy(3)
	off(s, "n2", "net.ipv4.ip_forward", "0", facts.First)
	const key = "host>host/tcp/ipv4@main"
	factstest.Set(s, key, "host/n1", "host/n3", facts.Cell{Outcome: facts.Timeout}, nil)
	factstest.Set(s, key, "host/n2", "host/n3", facts.Cell{Outcome: facts.Timeout}, nil)
	causes := Diagnose(s, append(traffic(s), failed(ipForward, about("n2", "off"))))
	c := find(t, causes, "no-forwarding")
	if len(c.Explains) != 1 || c.Explains[0].Check != ipForward {
		t.Errorf("hosts talk without forwarding: %+v", c.Explains)
	}
}

func TestAHealthyClusterHasNoCause(t *testing.T) {
	if causes := Diagnose(factstest.Healthy(3), nil); len(causes) != 0 || causes == nil {
		t.Errorf("got %s", said(causes))
	}
}

func TestSeveralNodesMakeOneCause(t *testing.T) {
	s := factstest.Healthy(3)
	off(s, "n1", "net.ipv4.ip_forward", "0", facts.First)
	off(s, "n3", "net.ipv4.ip_forward", "0", facts.First)
	off(s, "n3", "net.ipv4.ip_forward", "0", facts.Last)
	causes := Diagnose(s, []Judged{failed(ipForward, about("n1", "off"), about("n3", "off"))})
	c := find(t, causes, "no-forwarding")
	equal(t, c.Key, "no-forwarding/n1,n3")
	contains(t, c.Says, "n3: net.ipv4.ip_forward is 0 (first look)")
	contains(t, c.Says, "n1: net.ipv4.ip_forward is 0 (first look) and was 1")
}

func TestARejectInForwardExplainsPodTraffic(t *testing.T) {
	s := factstest.Healthy(3)
	cut(s, forwardedBy("n3"))
	rule := about("n3", "FORWARD rule 1 rejects with icmp-host-prohibited")
	causes := Diagnose(s, append(traffic(s), failed(firewallForward, rule)))
	c := find(t, causes, "forward-rejected")
	red := len(newInput(s, traffic(s)).red)
	contains(t, c.Says, "n3: FORWARD rule 1 rejects with icmp-host-prohibited; it explains "+share(red, red)+" red pairs")
	if len(causes) != 1 {
		t.Errorf("one fault, and %s", said(causes))
	}
}

func TestAWarningAboutForwardIsNoCause(t *testing.T) {
	f := about("n3", "a rule counts nothing")
	f.Verdict = check.Warn
	causes := Diagnose(factstest.Healthy(3), []Judged{failed(firewallForward, f)})
	if len(causes) != 0 {
		t.Errorf("got %s", said(causes))
	}
}

func TestTheFileThatSwitchesForwardingOffIsNamedWithIt(t *testing.T) {
	s := factstest.Healthy(3)
	off(s, "n3", "net.ipv4.ip_forward", "0", facts.First)
	off(s, "n3", "net.ipv4.ip_forward", "0", facts.Last)
	boot := about("n3", "/etc/sysctl.d/99-site.conf:4 sets net.ipv4.ip_forward to 0")
	boot.Evidence = []check.Evidence{{Node: "n3", Source: "/etc/sysctl.d/99-site.conf:4", Text: "net.ipv4.ip_forward = 0 (decides)"}}
	elsewhere := about("n1", "/etc/sysctl.conf:1 sets net.ipv4.ip_forward to 0")
	causes := Diagnose(s, []Judged{failed(ipForward, about("n3", "net.ipv4.ip_forward is 0")), failed(ipForwardBoot, boot, elsewhere)})
	equal(t, find(t, causes, "no-forwarding").Says, "n3: net.ipv4.ip_forward is 0 (first look); /etc/sysctl.d/99-site.conf:4 sets it so at every boot")
	if c := find(t, causes, "forwarding-off-at-boot"); len(c.Nodes) != 1 || c.Nodes[0] != "n1" {
		t.Errorf("what another node's file says is its own cause: %s", said(causes))
	}
}
