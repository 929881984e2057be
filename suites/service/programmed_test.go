package service_test

import (
	"fmt"
	"net/netip"
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
		{"the network plugin serves Services", func(s *facts.Snapshot) { factstest.WithoutProxy(s); s.Cluster.CNI = "cilium" }, check.Skip, []string{"cilium serves the Services"}},
		{"IPVS without its table", func(s *facts.Snapshot) { mode(s, "ipvs") }, check.Unknown, []string{"has no table of IPVS"}},
		{"a mode that only the rules tell", func(s *facts.Snapshot) { mode(s, "") }, check.Pass, nil},
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

// nftablesNode is a node of a real cluster with kube-proxy 1.36 and nftables, n2, with
// two further Services before it: both traffic policies Local, and ClientIP affinity.
func nftablesNode(t *testing.T) *facts.Snapshot {
	t.Helper()
	text, err := os.ReadFile("testdata/nftables-1.36/nft.json")
	if err != nil {
		t.Fatal(err)
	}
	s := factstest.Healthy(2)
	mode(s, "nftables")
	s.Nodes[0].Excluded = "--nodes n2"
	at := func(name, proto string, port uint16) []facts.Endpoint {
		var out []facts.Endpoint
		for i := 1; i <= 2; i++ {
			out = append(out, facts.Endpoint{PortName: name, Proto: proto, Addr: factstest.PodAddr(i, facts.IPv4), Port: port, Ready: true, Node: factstest.Name(i)})
		}
		return out
	}
	s.Cluster.Services = s.Cluster.Services[:2]
	s.Cluster.Services[0].Endpoints[0].Addr = netip.MustParseAddr("10.89.1.11")
	s.Cluster.Services[1].Endpoints = append(at("dns", "UDP", 53), at("dns-tcp", "TCP", 53)...)
	local := facts.ClusterService{
		Namespace: "kube-system", Name: "dnslocal", Addrs: []netip.Addr{netip.MustParseAddr("10.96.51.32")}, ExternalLocal: true, InternalLocal: true,
		Ports: []facts.ServicePort{{Name: "d", Proto: "TCP", Port: 53, NodePort: 32347}}, Endpoints: at("d", "TCP", 53),
	}
	sticky := facts.ClusterService{
		Namespace: "kube-system", Name: "dnsall", Addrs: []netip.Addr{netip.MustParseAddr("10.96.28.48")},
		Ports: []facts.ServicePort{{Name: "d", Proto: "TCP", Port: 53, NodePort: 30333}}, Endpoints: at("d", "TCP", 53),
	}
	s.Cluster.Services = append(s.Cluster.Services, local, sticky)
	for i := range s.Hosts {
		*output(&s.Hosts[i], "nft") = facts.Dump{Tool: "nft", Text: string(text)}
	}
	return s
}

func TestTheMapsOfNftablesAreWalked(t *testing.T) {
	const dnsElement = `[{"concat": ["10.96.0.10", "udp", 53]}, {"goto": {"target": "service-FY5PMXPG-kube-system/kube-dns/udp/dns"}}], `
	cases := []struct{ name, old, with, says string }{
		{"complete", "", "", "on 1 of 1 node every link from 5 Service ports"},
		{"an element is missing", dnsElement, "", "service-ips has no element for 10.96.0.10 UDP 53 (kube-system/kube-dns:dns), at both looks"},
		{"an endpoint is missing", `[0, {"concat": ["10.244.1.2", 53]}], `, "", "does not lead to its ready endpoint 10.244.1.2:53"},
		{"a NodePort is missing", `[{"concat": ["tcp", 30333]}, {"goto": {"target": "external-HNMXUCJZ-kube-system/dnsall/tcp/d"}}]`, "", "service-nodeports has no element for NodePort TCP 30333 (kube-system/dnsall:d)"},
		{"the node's own endpoint is missing", `[0, {"concat": ["10.244.2.2", 53]}]`, `[0, {"concat": ["10.244.1.2", 53]}]`, "does not lead to its ready endpoint 10.244.2.2:53"},
		{"the hook's jump is gone", `"chain": "nat-prerouting", "handle": 28, "expr": [{"jump": {"target": "services"}}]`, `"chain": "nat-prerouting", "handle": 28, "expr": []`, "chain nat-prerouting does not lead to services"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := nftablesNode(t)
			for i := range s.Hosts {
				d := output(&s.Hosts[i], "nft")
				if !strings.Contains(d.Text, c.old) {
					t.Fatal("the recording has no such element")
				}
				d.Text = strings.ReplaceAll(strings.ReplaceAll(d.Text, c.old, c.with), "], ]", "]]")
				d.Text = strings.ReplaceAll(d.Text, `"elem": [, `, `"elem": [`)
			}
			want := check.Fail
			if c.old == "" {
				want = check.Pass
			}
			r := service.Programmed().Evaluate(s)
			if whole := fmt.Sprintf("%s %+v", r.Why, r.Findings); r.Verdict != want || !strings.Contains(whole, c.says) {
				t.Errorf("judged %s, %q is not said: %s", r.Verdict, c.says, whole)
			}
		})
	}
}

func TestProgrammedRecordings(t *testing.T) {
	keep := func(s *facts.Snapshot) *facts.Snapshot {
		own := s.Cluster.Services
		factstest.Keep(s)
		s.Cluster = facts.Cluster{Families: s.Cluster.Families, ProxyMode: s.Cluster.ProxyMode, CNI: s.Cluster.CNI, Services: own}
		s.Further = nil
		for i := range s.Hosts {
			h := &s.Hosts[i]
			*h = facts.HostLook{Node: h.Node, Look: h.Look, NotRun: h.NotRun, Firewall: h.Firewall, ProxyMode: h.ProxyMode}
		}
		return s
	}
	fail, unknown := factstest.Healthy(2), factstest.Healthy(2)
	flushed(fail)
	*unknown.Host("n2", facts.First) = facts.HostLook{Node: "n2", Look: facts.First, NotRun: "exec: the kubelet at 10.0.0.12:10250 did not answer within 10 s"}
	factstest.Recordings(t, service.Programmed(), *update, keep(factstest.Healthy(2)), keep(fail), keep(unknown))
}
