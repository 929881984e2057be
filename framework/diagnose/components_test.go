package diagnose

import (
	"slices"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
)

func TestAMissingKubeProxyExplainsTheServicesOfItsNode(t *testing.T) {
	s := factstest.Healthy(3)
	cut(s, func(f facts.Flow, from facts.Vantage, to facts.Target) bool {
		service := f.To == facts.ToClusterIP || f.To == facts.ToAPI || f.To == facts.ToDNSService
		return service && from.Node == "n3" || f.To == facts.ToNodePort && to.Node == "n3"
	})
	causes := Diagnose(s, append(traffic(s), failed(kubeProxy, about("n3", "no kube-proxy runs here"))))
	c := find(t, causes, "kube-proxy-missing")
	red := len(newInput(s, traffic(s)).red)
	contains(t, c.Says, "n3: no kube-proxy runs here; it explains "+share(red, red)+" red pairs")
	if len(causes) != 1 {
		t.Errorf("one fault, and %s", said(causes))
	}
}

func TestAMissingKubeProxyDoesNotExplainPodsByAddress(t *testing.T) {
	s := factstest.Healthy(3)
	factstest.Letters(s, "pod>pod/tcp/ipv4@main", "...", "...", "TT.")
	c := find(t, Diagnose(s, append(traffic(s), failed(kubeProxy, about("n3", "gone")))), "kube-proxy-missing")
	if len(c.Explains) != 1 {
		t.Errorf("explains %+v", c.Explains)
	}
}

func TestThePriorityOfKubeProxyIsACauseOfItsOwn(t *testing.T) {
	f := check.Finding{Subject: "DaemonSet/kube-proxy", Says: "DaemonSet/kube-proxy has no priority class", Nodes: []string{"n1", "n2"}}
	c := find(t, Diagnose(factstest.Healthy(2), []Judged{failed(kubeProxyPrio, f)}), "kube-proxy-priority")
	contains(t, c.Says, "DaemonSet/kube-proxy has no priority class")
	equal(t, c.Key, "kube-proxy-priority/n1,n2")
}

func TestANodeThatIsNotReadyExplainsWhatIsUnknownThere(t *testing.T) {
	s := factstest.Healthy(3)
	unknown := about("n2", "no answer from pod/n2")
	unknown.Verdict = check.Unknown
	judged := []Judged{
		failed(nodeReady, about("n2", "NotReady: kubelet stopped posting node status")),
		failed(nodeAgentCheck, about("n2", "the probe pod is Pending")),
		{ID: "reach/pod-to-pod", Result: check.Result{Verdict: check.Unknown, Findings: []check.Finding{unknown}}},
		failed("component/evictions", about("n2", "an agent was evicted")),
	}
	causes := Diagnose(s, judged)
	c := find(t, causes, "node-not-ready")
	var explained []string
	for _, e := range c.Explains {
		explained = append(explained, e.Check)
	}
	if !slices.Equal(explained, []string{nodeReady, nodeAgentCheck, "reach/pod-to-pod"}) {
		t.Errorf("explains %v", explained)
	}
	if has(causes, "agent-not-running") || !has(causes, "host-check") {
		t.Errorf("the agent follows, the chain does not: %s", said(causes))
	}
}

func TestAnAgentThatDoesNotRunSpeaksInTheClustersWords(t *testing.T) {
	s := factstest.Healthy(3)
	words := "FailedCreatePodSandBox: open /run/flannel/subnet.env: no such file or directory"
	causes := Diagnose(s, []Judged{failed(nodeAgentCheck, about("n2", words))})
	equal(t, find(t, causes, "agent-not-running").Says, "n2: "+words)
}

func TestWhatKeepsTheAgentsAwayIsTheCauseOfNotKnowing(t *testing.T) {
	unknown := func(id, says string, nodes ...string) Judged {
		f := check.Finding{Subject: says, Nodes: nodes, Verdict: check.Unknown, Says: says}
		return Judged{ID: id, Result: check.Result{Verdict: check.Unknown, Findings: []check.Finding{f}}}
	}
	causes := Diagnose(factstest.Healthy(3), []Judged{
		unknown(nodeAgentCheck, "the node cannot get the image", "n1", "n2", "n3"),
		unknown("kernel/ip-forward", "not known", "n2"),
		failed(nodeReady, about("n3", "NotReady")),
	})
	c := find(t, causes, "agent-not-running")
	equal(t, c.Says, "n1, n2, n3: the node cannot get the image")
	equal(t, c.Key, "agent-not-running/n1,n2")
	if len(c.Explains) != 2 {
		t.Errorf("explains %+v", c.Explains)
	}
}

func TestAgentsThatAreMissingEverywhereExplainWhatNamesNoNode(t *testing.T) {
	for _, tc := range []struct {
		name  string
		nodes []string
		want  int
	}{
		{"on all nodes", []string{"n1", "n2"}, 2},
		{"on one of two", []string{"n1"}, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			unknown := func(id string, nodes ...string) Judged {
				f := check.Finding{Nodes: nodes, Verdict: check.Unknown, Says: "not known"}
				return Judged{ID: id, Result: check.Result{Verdict: check.Unknown, Findings: []check.Finding{f}}}
			}
			causes := Diagnose(factstest.Healthy(2), []Judged{unknown(nodeAgentCheck, tc.nodes...), unknown("mtu/path")})
			if c := find(t, causes, "agent-not-running"); len(c.Explains) != tc.want {
				t.Errorf("explains %+v", c.Explains)
			}
		})
	}
}

func TestTwoSentencesAboutTheSameNodesNameThemOnce(t *testing.T) {
	nodes := []string{"n1", "n2"}
	got := says([]located{
		{"x", check.Finding{Nodes: nodes, Says: "no image."}},
		{"x", check.Finding{Nodes: nodes, Says: "no room"}},
		{"x", check.Finding{Nodes: []string{"n3"}, Says: "no disk"}},
	})
	equal(t, got, "n1, n2: no image; no room; n3: no disk")
}

func TestAHostCheckWithoutAMechanismIsItsOwnCause(t *testing.T) {
	causes := Diagnose(factstest.Healthy(3), []Judged{failed("component/evictions", about("n1", "kube-proxy-1 was evicted"))})
	c := find(t, causes, "host-check")
	equal(t, c.Key, "host-check/component/evictions/n1")
	equal(t, c.Says, "n1: kube-proxy-1 was evicted")
}

func TestTrafficThatNothingExplainsHasNoInventedCause(t *testing.T) {
	s := factstest.Healthy(3)
	factstest.Letters(s, "pod>pod/tcp/ipv4@main", ".R.", "...", "...")
	if causes := Diagnose(s, traffic(s)); len(causes) != 0 {
		t.Errorf("got %s", said(causes))
	}
}

func TestWhatExplainsMostComesFirst(t *testing.T) {
	s := factstest.Healthy(3)
	cut(s, forwardedBy("n2"))
	causes := Diagnose(s, append(traffic(s),
		failed(ipForward, about("n2", "off")),
		failed("firewall/chains", about("n1", "a chain of ufw")),
		failed(kubeProxyPrio, about("n1", "no class")),
	))
	if len(causes) != 3 || causes[0].ID != "no-forwarding" {
		t.Errorf("got %s", said(causes))
	}
}

func TestANameIsNotFoundInALongerOne(t *testing.T) {
	for _, tc := range []struct {
		text, word string
		want       bool
	}{
		{"demo-worker2 is down", "demo-worker", false},
		{"demo-worker is down", "demo-worker", true},
		{"on demo-worker2 and demo-worker.", "demo-worker", true},
		{"", "n1", false},
	} {
		if got := containsWord(tc.text, tc.word); got != tc.want {
			t.Errorf("%q in %q: %t", tc.word, tc.text, got)
		}
	}
}
