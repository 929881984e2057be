package recognise_test

import (
	"net/netip"
	"testing"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
	"github.com/plumbline-net/plumbline/framework/recognise"
)

// services lets the suite's own Service be answered, or by nobody.
func services(s *facts.Snapshot, o facts.Outcome) {
	for i := range s.Matrices {
		if s.Matrices[i].Flow.To != facts.ToClusterIP {
			continue
		}
		for j := range s.Matrices[i].Rows {
			for k := range s.Matrices[i].Rows[j].Cells {
				s.Matrices[i].Rows[j].Cells[k].Outcome = o
			}
		}
	}
}

func TestWhatServesTheServicesIsRecognisedByWhatItDoes(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*facts.Snapshot)
		form   recognise.Form
		mode   string
	}{
		{"a DaemonSet", func(*facts.Snapshot) {}, recognise.InPods, "iptables"},
		{"static pods", func(s *facts.Snapshot) {
			s.Cluster.KubeProxyExpected = false
			for i := range s.Cluster.KubeProxy {
				s.Cluster.KubeProxy[i].Owner = "Node/" + s.Cluster.KubeProxy[i].Node
			}
		}, recognise.StaticPods, "iptables"},
		{"a service of the host", factstest.ProxyOnHosts, recognise.Host, "iptables"},
		{"a part of a distribution", func(s *facts.Snapshot) {
			factstest.ProxyOnHosts(s)
			for i := range s.Nodes {
				s.Nodes[i].Kubelet = "v1.33.1+k3s1"
			}
		}, recognise.Embedded, "iptables"},
		{"rules alone, with this run's Services", func(s *facts.Snapshot) {
			factstest.ProxyOnHosts(s)
			for i := range s.Hosts {
				s.Hosts[i].ProxyHealth, s.Hosts[i].ProxyMode, s.Hosts[i].Processes = nil, nil, nil
			}
		}, recognise.Host, "iptables"},
		{"a ConfigMap that is left behind", func(s *facts.Snapshot) {
			factstest.WithoutProxy(s)
			s.Cluster.CNI, s.Cluster.ProxyMode = "cilium", "iptables"
		}, recognise.Replaced, ""},
		{"nobody, and Services are answered", factstest.WithoutProxy, recognise.Replaced, ""},
		{"nobody, and Services are not", func(s *facts.Snapshot) { factstest.WithoutProxy(s); services(s, facts.Timeout) }, recognise.Missing, ""},
		{"nothing was looked at", func(s *facts.Snapshot) { factstest.WithoutProxy(s); s.Hosts = nil }, recognise.Unknown, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := factstest.Healthy(3)
			c.change(s)
			if p := recognise.ServiceProxy(s); p.Form != c.form || p.Mode != c.mode {
				t.Errorf("taken for %q, mode %q, by %v", p.Form, p.Mode, p.By)
			}
		})
	}
}

func TestANameserverIsACacheByWhereItsAddressIs(t *testing.T) {
	s := factstest.Healthy(2)
	service := s.Cluster.DNS[0].Addr()
	if len(recognise.Cached(s)) != 0 || !recognise.IsService(s, service) {
		t.Errorf("the Service is no cache: %v", recognise.Cached(s))
	}
	for _, text := range []string{"169.254.25.10", "10.0.53.53", service.String()} {
		s := factstest.Healthy(2)
		factstest.NodeCache(s, netip.MustParseAddr(text))
		if got := recognise.Cached(s); len(got) != 2 {
			t.Errorf("%s: %v", text, got)
		}
	}
}

func TestTheReportSaysHowEachPartWasRecognised(t *testing.T) {
	s := factstest.Healthy(3)
	for i := range s.Nodes {
		s.Nodes[i].Kubelet = "v1.33.1+rke2r1"
	}
	all := recognise.All(s)
	want := map[string]string{recognise.OfDistribution: "RKE2", recognise.OfProxy: "iptables"}
	for _, r := range all {
		if value, ok := want[r.What]; ok && r.Value != value {
			t.Errorf("%s: %s", r.What, r.Value)
		}
		if len(r.By) == 0 {
			t.Errorf("%s: nothing says by what", r.What)
		}
	}
	if len(all) != 4 {
		t.Errorf("%+v", all)
	}
}
