package dns_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
	"github.com/plumbline-net/plumbline/suites/component"
	"github.com/plumbline-net/plumbline/suites/dns"
)

// elsewhere makes the cluster DNS that of a DaemonSet in a namespace of its own, as OpenShift does.
func elsewhere(s *facts.Snapshot) {
	s.Cluster.DNSFound = &facts.DNSFound{
		Namespace: "names", Name: "names-service", Selector: "app=names,tier=dns", Workload: "daemonset/names-set", Config: "names-config",
		By: []string{"nameserver of the pods"}, Metrics: &facts.DeclaredPort{Port: 9253, By: "container port metrics"},
	}
	s.Cluster.DNSDeployment = &facts.Workload{Kind: "DaemonSet", Namespace: "names", Name: "names-set", Desired: 2, Ready: 2, Available: 2, Updated: 2}
	for i := range s.Cluster.DNSPods {
		s.Cluster.DNSPods[i].Namespace, s.Cluster.DNSPods[i].Owner = "names", "DaemonSet/names-set"
	}
}

// usual are the names of kubeadm's cluster DNS, and the verbs that a DaemonSet does not have.
var usual = regexp.MustCompile(`kube-system|kube-dns|(deployment|configmap) coredns|deployment|scale|topologySpread`)

func TestStepsNameTheObjectsOfThisClusterDNS(t *testing.T) {
	seen := 0
	for _, broken := range []struct {
		name   string
		change func(*facts.Snapshot)
	}{
		{"none ready", func(s *facts.Snapshot) {
			for i := range s.Cluster.DNSPods {
				s.Cluster.DNSPods[i].Ready, s.Cluster.DNSPods[i].PriorityClass = false, ""
			}
			s.Cluster.DNSDeployment.Available = 0
		}},
		{"one ready", func(s *facts.Snapshot) { s.Cluster.DNSPods[0].Ready = false; s.Cluster.DNSDeployment.Available = 1 }},
		{"no pod", func(s *facts.Snapshot) { s.Cluster.DNSPods = nil; s.Cluster.DNSDeployment.Available = 0 }},
		{"selects no node", func(s *facts.Snapshot) { s.Cluster.DNSDeployment.Desired = 0 }},
		{"every cell wrong", func(s *facts.Snapshot) { wrongDNS(s, facts.Timeout) }},
		{"every cell refused", func(s *facts.Snapshot) { wrongDNS(s, facts.Refused) }},
	} {
		t.Run(broken.name, func(t *testing.T) {
			s := factstest.Healthy(3)
			elsewhere(s)
			broken.change(s)
			for _, c := range append(dns.All(), component.DNS()) {
				for _, f := range c.Evaluate(s).Findings {
					for _, step := range f.Remedy {
						if strings.Contains(step.Command, "-n names ") {
							seen++
						}
						if found := usual.FindString(step.Command); found != "" && !strings.Contains(step.Command, "k8s-app=kube-proxy") &&
							!strings.Contains(step.Command, "configmap kubelet-config") {
							t.Errorf("%s: %q in %s", c.ID, found, step.Command)
						}
					}
				}
			}
		})
	}
	if seen < 20 {
		t.Errorf("only %d steps name the namespace of the cluster DNS", seen)
	}
}

// wrongDNS gives every query to the cluster DNS that outcome.
func wrongDNS(s *facts.Snapshot, o facts.Outcome) {
	for i := range s.Matrices {
		if !strings.HasPrefix(string(s.Matrices[i].Flow.To), "dns") {
			continue
		}
		for j := range s.Matrices[i].Rows {
			for k := range s.Matrices[i].Rows[j].Cells {
				s.Matrices[i].Rows[j].Cells[k].Outcome = o
			}
		}
	}
}

func TestADaemonSetIsNotAskedToSpread(t *testing.T) {
	s := factstest.Healthy(3)
	elsewhere(s)
	factstest.Expect(t, dns.Spread().Evaluate(s), check.Pass, "2 pods of the DaemonSet names/names-set ready, on 2 nodes")
	for i := range s.Cluster.DNSPods {
		s.Cluster.DNSPods[i].Node = "n1"
	}
	if r := dns.Spread().Evaluate(s); r.Verdict != check.Pass {
		t.Errorf("%s %+v", r.Verdict, r.Findings)
	}
}

func TestMetricsAreReadWhereTheyAreDeclared(t *testing.T) {
	for _, c := range []struct {
		name string
		port facts.DeclaredPort
		why  string
	}{
		{"none", facts.DeclaredPort{}, "neither the pods nor the Service of the cluster DNS declare a metrics port: no container port or Service port is named metrics, " +
			"and there is no annotation prometheus.io/port"},
		{
			"TLS",
			facts.DeclaredPort{Port: 9154, TLS: true, By: "container port metrics"},
			"the metrics port 9154 of the cluster DNS (container port metrics) speaks TLS, and is read by authorised clients alone",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := factstest.Healthy(2)
			elsewhere(s)
			s.Cluster.DNSFound.Metrics = &c.port
			factstest.Expect(t, dns.Metrics().Evaluate(s), check.Skip, c.why)
			if dns.Metrics().Ask(check.ScopeOf(s)) != nil {
				t.Error("it is asked")
			}
		})
	}
}
