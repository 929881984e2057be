package component_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
	"github.com/plumbline-net/plumbline/suites/component"
)

// vxlanRoute is flannel's line about a range that something else holds; the run is at 03:04:05.
const vxlanRoute = "E0102 02:00:00.000000       1 vxlan_network.go:269] failed to add vxlanRoute (10.244.2.0/24 -> 10.244.2.0): invalid argument"

// spoiled is a healthy cluster with one thing changed, and what must be said of it.
type spoiled struct {
	name    string
	verdict check.Verdict
	spoil   func(*facts.Snapshot)
	says    string // in one of the findings, or in the result's why
}

func judge(t *testing.T, c check.Check, cases []spoiled) {
	t.Helper()
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			s := factstest.Healthy(3)
			if tc.spoil != nil {
				tc.spoil(s)
			}
			r := c.Evaluate(s)
			text := fmt.Sprintf("%s %+v", r.Why, r.Findings)
			if r.Verdict != tc.verdict || !strings.Contains(text, tc.says) {
				t.Errorf("judged %s, not %s with %q: %s", r.Verdict, tc.verdict, tc.says, text)
			}
		})
	}
}

func logs(s *facts.Snapshot, node string, lines ...string) {
	for i := range s.Cluster.CNILogs {
		if s.Cluster.CNILogs[i].Node == node {
			s.Cluster.CNILogs[i].Lines = append(s.Cluster.CNILogs[i].Lines, lines...)
		}
	}
}

func logging(lines ...string) func(*facts.Snapshot) {
	return func(s *facts.Snapshot) { logs(s, "n1", lines...) }
}

// withoutRoute takes the route to the pods of n2 away from a node.
func withoutRoute(s *facts.Snapshot, node string) {
	for _, look := range []facts.Look{facts.First, facts.Last} {
		h := s.Host(node, look)
		h.Routes = slices.DeleteFunc(h.Routes, func(r facts.Route) bool { return r.Dst == factstest.PodCIDR(2, facts.IPv4) })
	}
}

// beside puts a file into the folder of a node's CNI configuration.
func beside(node, name, text string) func(*facts.Snapshot) {
	return func(s *facts.Snapshot) {
		for _, look := range []facts.Look{facts.First, facts.Last} {
			c := s.Host(node, look).CNI
			c.Files = append(slices.Clone(c.Files), facts.Text{Path: "/etc/cni/net.d/" + name, Text: text})
		}
	}
}

func event(reason, pod string, minutes int) func(*facts.Snapshot) {
	return func(s *facts.Snapshot) {
		s.Cluster.Events = []facts.ClusterEvent{{
			Namespace: "kube-system", Object: "Pod/" + pod, Reason: reason, Message: "The node was low on resource: memory.",
			Count: 1, Last: s.Run.Started.Add(time.Duration(minutes) * time.Minute),
		}}
	}
}

func TestAHealthyClusterPasses(t *testing.T) {
	factstest.Passes(t, component.All(), map[string]*facts.Snapshot{
		"three nodes": factstest.Healthy(3), "one node": factstest.Healthy(1), "IPv6 alone": factstest.Healthy(2, facts.IPv6),
		"dual stack": factstest.Healthy(3, facts.IPv4, facts.IPv6), "many nodes": factstest.Healthy(60),
	})
}

func TestTheNetworkPlugin(t *testing.T) {
	at := func(i int, change func(*facts.Pod)) func(*facts.Snapshot) {
		return func(s *facts.Snapshot) { change(&s.Cluster.CNIPodsLast[i]) }
	}
	judge(t, component.CNI(), []spoiled{
		{"a route that could not be added, and is not there", check.Fail, func(s *facts.Snapshot) {
			logs(s, "n1", vxlanRoute)
			withoutRoute(s, "n1")
		}, "failed to add vxlanRoute (10.244.2.0/24 -> 10.244.2.0): invalid argument"},
		{"one that is there by now", check.Warn, logging(vxlanRoute), "it was repaired since"},
		{"a route that is still being tried", check.Fail, func(s *facts.Snapshot) {
			logs(s, "n1", "E0102 03:03:59.000000       1 retry.go:29] #3: invalid argument", "E0102 03:04:00.000000       1 retry.go:29] #4: invalid argument")
			withoutRoute(s, "n1")
		}, "#4: invalid argument"},
		{"a try that succeeded in the end", check.Warn, logging("E0102 03:04:00.000000       1 retry.go:29] #4: network is down"), "it was repaired since"},
		{"a failure of these minutes", check.Fail, logging("E0102 03:03:00.000000 1 iptables.go:20] Failed to ensure iptables rules: exit status 4"), "it could not write its firewall rules"},
		{"a failure that a later line calls done", check.Pass, logging(
			"E0102 03:03:00.000000 1 iptables.go:20] Failed to ensure iptables rules: exit status 4", "I0102 03:03:09.000000 1 iptables.go:358] bootstrap done"), ""},
		{"a failure of half an hour ago", check.Warn, logging("E0102 02:34:00.000000 1 vxlan.go:20] AddFDB failed: file exists"), "a while before the run"},
		{"one of yesterday", check.Pass, logging("E0101 02:34:00.000000 1 vxlan.go:20] AddFDB failed: file exists"), ""},
		{"one of last December", check.Pass, logging("E1224 02:34:00.000000 1 vxlan.go:20] AddFDB failed: file exists"), ""},
		{"one without a time", check.Warn, logging("AddFDB failed: file exists"), "when that was is not known"},
		{"a line of another plugin", check.Pass, logging("2026-01-02 03:04:00.000 [ERROR] BIRD is not ready"), ""},
		{"calico's own", check.Fail, func(s *facts.Snapshot) {
			s.Cluster.CNI = "calico"
			logs(s, "n1", "2026-01-02 03:04:00.000 [WARNING][9] startup.go 440: Unable to auto-detect an IPv4 address")
		}, "it found no address of the node to use"},
		{"restarted while the probes ran", check.Fail, at(1, func(p *facts.Pod) { p.Restarts++ }), "restarts 0 → 1"},
		{"replaced while the probes ran", check.Warn, at(1, func(p *facts.Pod) { p.Name = "kube-flannel-new" }), "took the place of another pod"},
		{"not Ready", check.Fail, at(1, func(p *facts.Pod) { p.Ready, p.Reason = false, "CrashLoopBackOff" }), "is not Ready here (Running, CrashLoopBackOff)"},
		{"missing on one node", check.Fail, func(s *facts.Snapshot) { s.Cluster.CNIPodsLast = s.Cluster.CNIPodsLast[:2] }, "no agent of flannel on this node"},
		{"nothing is heard of the node", check.Unknown, func(s *facts.Snapshot) {
			s.Cluster.CNIPodsLast[2].Ready = false
			s.Node("n3").Last = []facts.Condition{{Type: "Ready", Status: "Unknown", Reason: "NodeStatusUnknown"}}
		}, "NodeStatusUnknown"},
		{"no priority class", check.Warn, func(s *facts.Snapshot) {
			for i := range s.Cluster.CNIPodsLast {
				s.Cluster.CNIPodsLast[i].PriorityClass = ""
			}
		}, "kubectl -n kube-flannel patch daemonset kube-flannel-ds"},
		{"no log at all", check.Unknown, func(s *facts.Snapshot) { s.Cluster.CNILogs = nil }, "no log was read"},
		{"a log beyond the number that is read", check.Pass, func(s *facts.Snapshot) {
			s.Cluster.CNILogs[2] = facts.PodLog{Pod: "kube-flannel-3", Node: "n3", NotRun: "only 50 logs are read in one run"}
		}, "2 logs read"},
		{"a rollout that is under way", check.Warn, at(2, func(p *facts.Pod) { p.Terminating = true }), "none had taken its place"},
		{"nobody asked again", check.Pass, func(s *facts.Snapshot) { s.Cluster.CNIPodsLast = nil }, "3 of 3 nodes"},
		{"not recognised", check.Skip, func(s *facts.Snapshot) {
			s.Cluster.CNI, s.Cluster.CNIExpected, s.Cluster.CNIPods, s.Cluster.CNIPodsLast = "", false, nil, nil
		}, "was not recognised"},
		{"the list was refused", check.Unknown, func(s *facts.Snapshot) {
			s.Cluster.CNIExpected, s.Cluster.CNIPods = false, nil
			s.Cluster.Errors = []facts.Error{{What: "DaemonSets", Says: "daemonsets is forbidden"}}
		}, "is forbidden"},
		{"logs that could not be read", check.Unknown, func(s *facts.Snapshot) {
			for i := range s.Cluster.CNILogs {
				s.Cluster.CNILogs[i] = facts.PodLog{Pod: s.Cluster.CNILogs[i].Pod, Node: s.Cluster.CNILogs[i].Node, NotRun: "forbidden"}
			}
		}, "is not known: forbidden"},
	})
}

func TestTheDeploymentOfTheClusterDNS(t *testing.T) {
	judge(t, component.DNS(), []spoiled{
		{"none is available", check.Fail, func(s *facts.Snapshot) {
			s.Cluster.DNSDeployment.Available = 0
			s.Cluster.DNSPods[0].Ready, s.Cluster.DNSPods[0].Phase, s.Cluster.DNSPods[0].Message = false, "Pending", "0/3 nodes are available"
		}, "no name resolves in the cluster; coredns-1 is not Ready (Pending: 0/3 nodes are available)"},
		{"one of two", check.Fail, func(s *facts.Snapshot) { s.Cluster.DNSDeployment.Available = 1 }, "1 of 2 replicas of kube-system/coredns are available"},
		{"scaled to nothing", check.Fail, func(s *facts.Snapshot) {
			*s.Cluster.DNSDeployment = facts.Workload{Namespace: "kube-system", Name: "coredns"}
		}, "scaled to 0"},
		{"a DaemonSet", check.Pass, func(s *facts.Snapshot) { s.Cluster.DNSDeployment = nil }, "2 of 2 pods of the cluster DNS are Ready"},
		{"the list was refused", check.Unknown, func(s *facts.Snapshot) {
			s.Cluster.DNSDeployment = nil
			s.Cluster.Errors = []facts.Error{{What: "Deployment of the cluster DNS", Says: "forbidden"}}
		}, "forbidden"},
	})
}

func TestEvictions(t *testing.T) {
	judge(t, component.Evictions(), []spoiled{
		{"kube-proxy, ten minutes ago", check.Warn, event("Evicted", "kube-proxy-3", -10), "kube-proxy-3 (kube-proxy) was evicted: The node was low on resource: memory, 10m0s before the run"},
		{"the network plugin, during the run", check.Warn, event("Preempted", "kube-flannel-ds-x", 0), "was preempted"},
		{"the cluster DNS", check.Warn, event("Preempting", "coredns-abc-def", -59), "coredns-abc-def"},
		{"two hours ago", check.Pass, event("Evicted", "kube-proxy-3", -120), "0 evictions"},
		{"somebody else", check.Pass, event("Evicted", "metrics-server-1", -10), "0 evictions"},
		{"another reason", check.Pass, event("BackOff", "kube-proxy-3", -10), "0 evictions"},
		{"the events were refused", check.Unknown, func(s *facts.Snapshot) {
			s.Cluster.Errors = []facts.Error{{What: "events of kube-system", Says: "forbidden"}}
		}, "forbidden"},
	})
}

func TestEvictionsOfManyNodesAreOneFinding(t *testing.T) {
	s := factstest.Healthy(3)
	for i := 1; i <= 3; i++ {
		s.Cluster.Events = append(s.Cluster.Events, facts.ClusterEvent{
			Namespace: "kube-system", Object: fmt.Sprintf("Pod/kube-proxy-%d", i), Reason: "Evicted", Message: "low on memory", Last: s.Run.Started,
		})
	}
	r := component.Evictions().Evaluate(s)
	if len(r.Findings) != 1 || !slices.Equal(r.Findings[0].Nodes, []string{"n1", "n2", "n3"}) || !strings.HasPrefix(r.Why, "3 evictions") {
		t.Errorf("%+v", r)
	}
}

func TestKubeProxysOwnWord(t *testing.T) {
	health := func(looks map[facts.Look]facts.Text) func(*facts.Snapshot) {
		return func(s *facts.Snapshot) {
			for look, text := range looks {
				text.Path = "http://127.0.0.1:10256/healthz"
				s.Host("n2", look).ProxyHealth = &text
			}
		}
	}
	now := func(text string) func(*facts.Snapshot) {
		return health(map[facts.Look]facts.Text{facts.Last: {Text: text}})
	}
	quiet := facts.Text{NotRun: "asking kube-proxy: http://127.0.0.1:10256/healthz does not answer within 1s"}
	judge(t, component.KubeProxy(), []spoiled{
		{"it calls itself unhealthy", check.Fail, now(`{"lastUpdated":"2026-01-02T03:00:00Z","currentTime":"2026-01-02T03:04:15Z","healthy":false}`), "kube-proxy calls itself unhealthy"},
		{"an older one is late", check.Fail, now(`{"lastUpdated": "2026-01-02 02:50:00 +0000 UTC m=+9.1","currentTime": "2026-01-02 03:04:00 +0000 UTC m=+849.1"}`), "could not write for 14m0s"},
		{"healthy, and nothing to write for hours", check.Pass, now(`{"lastUpdated":"2026-01-01T00:00:00Z","currentTime":"2026-01-02T03:04:15Z","healthy":true}`), ""},
		{"nothing listens there", check.Pass, health(map[facts.Look]facts.Text{facts.First: {NotRun: "connection refused"}, facts.Last: {NotRun: "connection refused"}}), ""},
		{"it is stopped", check.Fail, health(map[facts.Look]facts.Text{facts.First: quiet, facts.Last: quiet}), "the process is stopped or stuck"},
		{"it was late once", check.Warn, health(map[facts.Look]facts.Text{facts.Last: quiet}), "did not answer a question about its health in time"},
		{"another mode than configured", check.Warn, func(s *facts.Snapshot) { s.Host("n2", facts.Last).ProxyMode.Text = "ipvs\n" }, "works by ipvs here, and its configuration says iptables"},
		{"another mode than the others", check.Warn, func(s *facts.Snapshot) {
			s.Cluster.ProxyMode = ""
			s.Host("n2", facts.Last).ProxyMode.Text = "ipvs"
		}, "works by ipvs here, and by iptables on most nodes"},
		{"another version than the others", check.Warn, func(s *facts.Snapshot) { s.Cluster.KubeProxy[1].Images = []string{"registry.example/kube-proxy:v0"} }, "kube-proxy runs registry.example/kube-proxy:v0 here"},
		{"no look at the hosts", check.Pass, func(s *facts.Snapshot) { s.Hosts = nil }, "3 of 3 nodes"},
	})
}
