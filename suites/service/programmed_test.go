package service_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
	"github.com/plumbline-net/plumbline/suites/service"
)

// rules changes what iptables-nft-save printed on a node.
func rules(s *facts.Snapshot, node string, change func(string) string, looks ...facts.Look) {
	if len(looks) == 0 {
		looks = []facts.Look{facts.First, facts.Last}
	}
	for _, look := range looks {
		d := output(s.Host(node, look), "iptables-nft-save")
		d.Text = change(d.Text)
	}
}

func output(h *facts.HostLook, tool string) *facts.Dump {
	return &h.Firewall[slices.IndexFunc(h.Firewall, func(d facts.Dump) bool { return d.Tool == tool })]
}

// without takes away the rules in which all the words stand.
func without(words ...string) func(string) string {
	return func(text string) string {
		var kept []string
		for line := range strings.Lines(text) {
			hit := strings.Contains(line, "-A ")
			for _, w := range words {
				hit = hit && strings.Contains(line, w)
			}
			if !hit {
				kept = append(kept, line)
			}
		}
		return strings.Join(kept, "")
	}
}

const dnsUDP = "-A KUBE-SERVICES -d 10.96.0.10/32 -p udp"

func flushed(s *facts.Snapshot) { rules(s, "n2", without("-A KUBE-SERVICES"), facts.First) }

func TestEveryHealthyDataPlaneIsComplete(t *testing.T) {
	factstest.Passes(t, []check.Check{service.Programmed()}, map[string]*facts.Snapshot{
		"three nodes": factstest.Healthy(3), "one node": factstest.Healthy(1), "IPv6 alone": factstest.Healthy(2, facts.IPv6),
		"dual stack": factstest.Healthy(3, facts.IPv4, facts.IPv6),
	})
}

func TestMissingLinksAreNamed(t *testing.T) {
	cases := []struct {
		name    string
		spoil   func(*facts.Snapshot)
		verdict check.Verdict
		says    []string
	}{
		{"flushed, and healed by our own Services", flushed, check.Fail, []string{
			"KUBE-SERVICES has no rule for 10.96.0.1 TCP 443 (default/kubernetes:https), and 2 further links wrong or missing, at the first look; at the last look it was right",
			"10.96.0.10 UDP 53 (kube-system/kube-dns:dns)", "on 2 of 3 nodes every link", "delete pod -l k8s-app=kube-proxy --field-selector spec.nodeName=n2",
		}},
		{"one rule gone for good", func(s *facts.Snapshot) { rules(s, "n2", without(dnsUDP)) }, check.Fail, []string{"KUBE-SERVICES has no rule for 10.96.0.10 UDP 53 (kube-system/kube-dns:dns), at both looks"}},
		{"the hook's jump is gone", func(s *facts.Snapshot) { rules(s, "n2", without("-A PREROUTING", "KUBE-SERVICES")) }, check.Fail, []string{"chain PREROUTING does not lead to KUBE-SERVICES"}},
		{"a Service's chain is empty", func(s *facts.Snapshot) { rules(s, "n2", without("-A KUBE-SVC-TCOU7JCQXEZGVUNU")) }, check.Fail, []string{"KUBE-SERVICES → KUBE-SVC-TCOU7JCQXEZGVUNU, but chain KUBE-SVC-TCOU7JCQXEZGVUNU is empty: 10.96.0.10 UDP 53"}},
		{"an endpoint's chain is empty", func(s *facts.Snapshot) { rules(s, "n2", without("--to-destination 10.0.0.11:6443")) }, check.Fail, []string{"is empty: 10.96.0.1 TCP 443"}},
		{"the chain of NodePorts is not asked", func(s *facts.Snapshot) { rules(s, "n2", without("-j KUBE-NODEPORTS")) }, check.Fail, []string{"KUBE-SERVICES does not lead to KUBE-NODEPORTS", "at the last look"}},
		{"a NodePort of ours is missing", func(s *facts.Snapshot) { rules(s, "n2", without("-A KUBE-NODEPORTS", "31080")) }, check.Fail, []string{"KUBE-NODEPORTS has no rule for NodePort TCP 31080 (plumbline-abcde/plumbline:tcp), at the last look"}},
		{"an endpoint that is gone for long", func(s *facts.Snapshot) {
			rules(s, "n2", func(t string) string { return strings.ReplaceAll(t, "10.244.1.11:53", "10.244.1.99:53") })
		}, check.Fail, []string{"does not lead to its ready endpoint 10.244.1.11:53", "still leads to 10.244.1.99:53, which is none of its endpoints"}},
		{"an endpoint that came during the run", func(s *facts.Snapshot) {
			rules(s, "n2", func(t string) string { return strings.ReplaceAll(t, "10.244.1.11:53", "10.244.1.99:53") }, facts.First)
		}, check.Pass, nil},
		{"an endpoint in another zone", func(s *facts.Snapshot) {
			for i, zone := range []string{"a", "b", "b"} {
				s.Nodes[i].Zone = zone
			}
			rules(s, "n2", without("-A KUBE-SVC-", "10.244.1.11:53"))
		}, check.Pass, nil},
		{"a Service without ready endpoints", func(s *facts.Snapshot) {
			for i := range s.Cluster.Services[1].Endpoints {
				s.Cluster.Services[1].Endpoints[i].Ready = false
			}
			rules(s, "n2", without("10.96.0.10/32"))
		}, check.Pass, nil},
		{"nothing programmed at all", func(s *facts.Snapshot) { rules(s, "n2", func(string) string { return "" }) }, check.Fail, []string{"there is no chain KUBE-SERVICES: kube-proxy has programmed nothing, at both looks"}},
		{"the same on two nodes is one finding", func(s *facts.Snapshot) {
			rules(s, "n2", without(dnsUDP))
			rules(s, "n3", without(dnsUDP))
		}, check.Fail, []string{"Subject:n2, n3", "Nodes:[n2 n3]"}},
		{"everything in the legacy back end", func(s *facts.Snapshot) {
			for _, look := range []facts.Look{facts.First, facts.Last} {
				h := s.Host("n2", look)
				output(h, "iptables-legacy-save").Text, output(h, "iptables-nft-save").Text = output(h, "iptables-nft-save").Text, ""
			}
		}, check.Pass, nil},
		{"the network plugin serves Services", func(s *facts.Snapshot) { s.Cluster.ProxyMode, s.Cluster.CNI = "replaced", "cilium" }, check.Skip, []string{"cilium serves the Services"}},
		{"IPVS", func(s *facts.Snapshot) { mode(s, "ipvs") }, check.Unknown, []string{"IPVS"}},
		{"a mode that nobody told", func(s *facts.Snapshot) { mode(s, "") }, check.Unknown, []string{"is not known"}},
		{"no first look", func(s *facts.Snapshot) {
			*s.Host("n2", facts.First) = facts.HostLook{Node: "n2", Look: facts.First, NotRun: "exec: no answer"}
		}, check.Unknown, []string{"no first look at the host: exec: no answer"}},
		{"no Service is known", func(s *facts.Snapshot) { s.Cluster.Services = nil }, check.Unknown, []string{"no Service of the cluster is known"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := factstest.Healthy(3)
			c.spoil(s)
			r := service.Programmed().Evaluate(s)
			whole := fmt.Sprintf("%s %+v", r.Why, r.Findings)
			if r.Verdict != c.verdict {
				t.Errorf("judged %s: %s", r.Verdict, whole)
			}
			for _, says := range c.says {
				if !strings.Contains(whole, says) {
					t.Errorf("%q is not said: %s", says, whole)
				}
			}
		})
	}
}

func mode(s *facts.Snapshot, is string) {
	s.Cluster.ProxyMode = is
	for i := range s.Hosts {
		s.Hosts[i].ProxyMode = &facts.Text{Path: "http://127.0.0.1:10249/proxyMode", Text: is}
	}
}

// nftablesNode is one node of a real cluster with kube-proxy 1.36 and nftables, with
// two further Services: externalTrafficPolicy and internalTrafficPolicy Local, and ClientIP affinity.
func nftablesNode(t *testing.T) *facts.Snapshot {
	t.Helper()
	text, err := os.ReadFile("testdata/nftables-1.36.nft.json")
	if err != nil {
		t.Fatal(err)
	}
	s := factstest.Healthy(2)
	mode(s, "nftables")
	s.Nodes = s.Nodes[1:]
	s.Cluster.Services = s.Cluster.Services[:2]
	dns := &s.Cluster.Services[1]
	for i := range dns.Endpoints {
		e := &dns.Endpoints[i]
		e.Addr = factstest.PodAddr(i/2+1, facts.IPv4) // 10.244.1.2 and 10.244.2.2
		e.Node = factstest.Name(i/2 + 1)
	}
	api := &s.Cluster.Services[0]
	api.Endpoints[0].Addr = api.Endpoints[0].Addr.Next()
	for i := range s.Hosts {
		*output(&s.Hosts[i], "nft") = facts.Dump{Tool: "nft", Text: string(text)}
	}
	return s
}
