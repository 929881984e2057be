package judge

import (
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
)

func TestStepsForANodeThatIsAContainerEnterIt(t *testing.T) {
	for _, tc := range []struct{ name, provider, node, command, want string }{
		{"one command", "kind://docker/demo/n1", "n1", "sysctl -w net.ipv4.ip_forward=1", "docker exec n1 sysctl -w net.ipv4.ip_forward=1"},
		{
			"a line of shell", "kind://podman/demo/n1", "n1", `ss -tn | grep 'x'; echo $?`,
			`podman exec n1 bash -c 'ss -tn | grep '\''x'\''; echo $?'`,
		},
		{"where kubectl works", "kind://docker/demo/n1", "", "kubectl get nodes", "kubectl get nodes"},
		{"a step in words", "kind://docker/demo/n1", "n1", "", ""},
		{"a machine", "gce://project/zone/n1", "n1", "ip route", "ip route"},
		{"a node of which nothing is known", "", "n1", "ip route", "ip route"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := factstest.Healthy(3)
			s.Nodes[0].ProviderID = tc.provider
			steps := []check.Remedy{{Text: "Repair it", Node: tc.node, Command: tc.command}}
			s.Run.Checks = []string{"kernel/ip-forward"}
			bad := made("kernel/ip-forward", check.Core, check.Conclude("", []check.Finding{{Subject: "n1", Nodes: []string{"n1"}, Verdict: check.Fail, Says: "it is bad", Remedy: steps}}))
			r := Judge(s, []check.Check{bad}, nil)
			if got := r.Checks[0].Findings[0].Remedy[0].Command; got != tc.want {
				t.Errorf("the finding's step: got %q, want %q", got, tc.want)
			}
			if got := r.Causes[0].Remedy[0].Command; got != tc.want {
				t.Errorf("the cause's step: got %q, want %q", got, tc.want)
			}
			if steps[0].Command != tc.command {
				t.Errorf("the check's own step was changed: %q", steps[0].Command)
			}
		})
	}
}

func TestAWarningCanBeAccepted(t *testing.T) {
	odd := made("c/odd", check.Extended, check.Conclude("", []check.Finding{{Subject: "n1", Nodes: []string{"n1"}, Verdict: check.Warn, Says: "it is odd"}}))
	for _, failOn := range []string{"", "warn"} {
		r := judged(func(s *facts.Snapshot) { s.Run.IgnoreChecks, s.Run.FailOn = []string{"c/odd"}, failOn }, made("a/ok", check.Core, pass()), odd)
		if r.ExitStatus != 0 || r.Counts.Accepted != 1 || !r.Checks[1].Excepted() {
			t.Errorf("fail on %q: exit %d, %+v, %+v", failOn, r.ExitStatus, r.Counts, r.Checks[1])
		}
		if want := "What was checked is fit for use: 1 of 2 checks passed on 3 nodes, with 1 accepted exception."; r.Sentence != want && r.Sentence != "The network is fit for use: 1 of 2 checks passed on 3 nodes, with 1 accepted exception." {
			t.Errorf("fail on %q: %s", failOn, r.Sentence)
		}
		for _, c := range r.Causes {
			if !r.Excepted(c) {
				t.Errorf("the cause %s is not accepted", c.Key)
			}
		}
	}
	if r := judged(func(*facts.Snapshot) {}, odd); r.Checks[0].Excepted() {
		t.Error("a warning that nobody accepted is an exception")
	}
}
