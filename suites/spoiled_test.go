package suites_test

import (
	"encoding/json"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
	"github.com/plumbline-net/plumbline/suites"
)

// spoiled is a healthy cluster of three nodes with one fault in it.
type spoiled struct {
	name    string
	check   string
	verdict check.Verdict
	spoil   func(*facts.Snapshot)
	// says must stand in one of the findings, or in the result's why.
	says []string
	// record names the recording that -update writes from it: pass, fail or unknown.
	record string
}

func both(s *facts.Snapshot, node string, change func(*facts.HostLook)) {
	change(s.Host(node, facts.First))
	change(s.Host(node, facts.Last))
}

// rule puts a rule of chain FORWARD above the others of a node.
func rule(s *facts.Snapshot, node, text string) {
	both(s, node, func(h *facts.HostLook) {
		d := dump(h, "iptables-nft-save")
		d.Text = strings.Replace(d.Text, "-A FORWARD ", text+"\n-A FORWARD ", 1)
	})
}

func dump(h *facts.HostLook, tool string) *facts.Dump {
	i := slices.IndexFunc(h.Firewall, func(d facts.Dump) bool { return d.Tool == tool })
	return &h.Firewall[i]
}

func TestSpoiledClusters(t *testing.T) {
	all := slices.Concat(kernelFaults(), firewallFaults(), nodeFaults(), changes(), componentFaults(), policyFaults())
	for _, c := range all {
		t.Run(c.check+": "+c.name, func(t *testing.T) {
			k, ok := suites.ByID(c.check)
			if !ok {
				t.Fatal("no such check")
			}
			s := factstest.Healthy(3)
			if c.check == "node/changed" {
				factstest.Keep(s, "host>api", "host>dnsService")
			} else {
				factstest.Keep(s)
			}
			if c.spoil != nil {
				c.spoil(s)
			}
			if *update && c.record != "" {
				writeRecording(t, c, s)
			}
			got := k.Evaluate(s)
			text, err := json.Marshal(got)
			if err != nil {
				t.Fatal(err)
			}
			if got.Verdict != c.verdict {
				t.Errorf("judged %s, not %s: %s", got.Verdict, c.verdict, text)
			}
			for _, f := range got.Findings {
				for _, wrong := range wrongSteps(f) {
					t.Errorf("%s: %s", f.Subject, wrong)
				}
			}
			plain := strings.NewReplacer(`\"`, `"`, `\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(string(text))
			for _, says := range c.says {
				if !strings.Contains(plain, says) {
					t.Errorf("%q is not said: %s", says, plain)
				}
			}
		})
	}
}

func writeRecording(t *testing.T, c spoiled, s *facts.Snapshot) {
	t.Helper()
	area, name := stem(c.check)
	s.Run.Checks = []string{c.check}
	raw, err := json.MarshalIndent(s, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(area, "testdata"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(area, "testdata", name+"."+c.record+".json"), append(raw, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
}

func sysctl(s *facts.Snapshot, node string, look facts.Look, name, value string) {
	s.Host(node, look).Sysctls[name] = value
}

func settings(s *facts.Snapshot, node string, sets ...facts.SysctlSetting) {
	both(s, node, func(h *facts.HostLook) { h.SysctlFiles.Settings = sets })
}

const ipForward = "net.ipv4.ip_forward"

func kernelFaults() []spoiled {
	id, boot := "kernel/ip-forward", "kernel/ip-forward-boot"
	return []spoiled{
		{name: "healthy", check: id, verdict: check.Pass, record: "pass", says: []string{"3 of 3 nodes forward packets"}},
		{name: "off, and switched on by our own pod", check: id, verdict: check.Fail, record: "fail", spoil: func(s *facts.Snapshot) {
			sysctl(s, "n2", facts.First, ipForward, "0")
		}, says: []string{"was 0 at the first look, became 1 while the probe pods were created", "sysctl -w net.ipv4.ip_forward=1", "/etc/sysctl.d/99-kubernetes.conf:1"}},
		{name: "off all the time", check: id, verdict: check.Fail, spoil: func(s *facts.Snapshot) {
			sysctl(s, "n2", facts.First, ipForward, "0")
			sysctl(s, "n2", facts.Last, ipForward, "0")
		}, says: []string{"is 0: the node does not forward"}},
		{name: "switched off during the run", check: id, verdict: check.Fail, spoil: func(s *facts.Snapshot) {
			sysctl(s, "n2", facts.Last, ipForward, "0")
		}, says: []string{"was 1 at the first look and is 0 at the last"}},
		{name: "no first look, and 1 at the last proves nothing", check: id, verdict: check.Unknown, record: "unknown", spoil: func(s *facts.Snapshot) {
			*s.Host("n2", facts.First) = facts.HostLook{Node: "n2", Look: facts.First, NotRun: "exec: the kubelet did not answer"}
		}, says: []string{"creating a pod switches it on", "the kubelet did not answer"}},
		{name: "no first look, but 0 at the last", check: id, verdict: check.Fail, spoil: func(s *facts.Snapshot) {
			*s.Host("n2", facts.First) = facts.HostLook{Node: "n2", Look: facts.First, NotRun: "exec failed"}
			sysctl(s, "n2", facts.Last, ipForward, "0")
		}, says: []string{"is 0 at the last look"}},
		{name: "no last look", check: id, verdict: check.Unknown, spoil: func(s *facts.Snapshot) {
			*s.Host("n2", facts.Last) = facts.HostLook{Node: "n2", Look: facts.Last, NotRun: "the deadline passed"}
		}},
		{name: "off on the bridge of the pods only", check: id, verdict: check.Fail, spoil: func(s *facts.Snapshot) {
			both(s, "n3", func(h *facts.HostLook) { h.Sysctls["net.ipv4.conf.cni0.forwarding"] = "0" })
		}, says: []string{"n3 (cni0)", "sysctl -w net.ipv4.conf.cni0.forwarding=1"}},
		{name: "off on the overlay, whose name has a dot", check: id, verdict: check.Fail, spoil: func(s *facts.Snapshot) {
			both(s, "n3", func(h *facts.HostLook) { h.Sysctls["net.ipv4.conf.flannel/1.forwarding"] = "0" })
		}, says: []string{"n3 (flannel.1)", "sysctl -w net.ipv4.conf.flannel/1.forwarding=1"}},
		{name: "off on an interface that pods do not use", check: id, verdict: check.Pass, spoil: func(s *facts.Snapshot) {
			both(s, "n3", func(h *facts.HostLook) { h.Sysctls["net.ipv4.conf.docker0.forwarding"] = "0" })
		}},
		{name: "IPv6 off where the cluster has it", check: id, verdict: check.Fail, spoil: func(s *facts.Snapshot) {
			s.Cluster.Families = append(s.Cluster.Families, facts.IPv6)
			both(s, "n1", func(h *facts.HostLook) { h.Sysctls["net.ipv6.conf.all.forwarding"] = "0" })
		}, says: []string{"n1 (IPv6)"}},
		{name: "IPv6 off where nobody uses it", check: id, verdict: check.Pass, spoil: func(s *facts.Snapshot) {
			both(s, "n1", func(h *facts.HostLook) { h.Sysctls["net.ipv6.conf.all.forwarding"] = "0" })
		}},
		{name: "no node at all", check: id, verdict: check.Unknown, spoil: func(s *facts.Snapshot) { s.Nodes = nil }},

		{name: "healthy", check: boot, verdict: check.Pass, record: "pass"},
		{name: "a later file switches it off", check: boot, verdict: check.Fail, record: "fail", spoil: func(s *facts.Snapshot) {
			settings(s, "n3", facts.SysctlSetting{File: "/etc/sysctl.d/10-k8s.conf", Line: 2, Key: ipForward, Value: "1"},
				facts.SysctlSetting{File: "/etc/sysctl.conf", Line: 28, Key: ipForward, Value: "0"})
		}, says: []string{"/etc/sysctl.conf:28 sets net.ipv4.ip_forward to 0", "/etc/sysctl.d/10-k8s.conf:2", "overridden", "sed -i '28s|.*|net.ipv4.ip_forward = 1|' /etc/sysctl.conf"}},
		{name: "the other name of the switch counts too", check: boot, verdict: check.Fail, spoil: func(s *facts.Snapshot) {
			settings(s, "n3", facts.SysctlSetting{File: "/etc/sysctl.d/10-k8s.conf", Line: 2, Key: ipForward, Value: "1"},
				facts.SysctlSetting{File: "/usr/lib/sysctl.d/90-hard.conf", Line: 7, Key: "net.ipv4.conf.all.forwarding", Value: "0"})
		}, says: []string{"/usr/lib/sysctl.d/90-hard.conf:7", "echo 'net.ipv4.ip_forward = 1' > /etc/sysctl.d/zz-ip-forward.conf"}},
		{name: "an earlier 0 is overridden", check: boot, verdict: check.Pass, spoil: func(s *facts.Snapshot) {
			settings(s, "n3", facts.SysctlSetting{File: "/a", Line: 1, Key: ipForward, Value: "0"}, facts.SysctlSetting{File: "/b", Line: 1, Key: "net/ipv4/ip_forward", Value: "1"})
		}},
		{name: "no file sets it", check: boot, verdict: check.Warn, spoil: func(s *facts.Snapshot) { settings(s, "n3") }, says: []string{"no file sets"}},
		{name: "the files could not be read", check: boot, verdict: check.Unknown, record: "unknown", spoil: func(s *facts.Snapshot) {
			both(s, "n3", func(h *facts.HostLook) {
				h.SysctlFiles, h.Errors = nil, []facts.Error{{What: "sysctl.d", Says: "open /host/etc/sysctl.d: permission denied"}}
			})
		}, says: []string{"permission denied"}},
	}
}

func firewallFaults() []spoiled {
	id, forward := "firewall/chains", "firewall/forward"
	firewalld := func(s *facts.Snapshot) {
		rule(s, "n2", "-A FORWARD -j FORWARD_IN_ZONES\n-A FORWARD_IN_ZONES -i eth0 -g FWDI_public\n-A FORWARD -j REJECT --reject-with icmp-host-prohibited")
		both(s, "n2", func(h *facts.HostLook) {
			d := dump(h, "iptables-nft-save")
			d.Text = strings.Replace(d.Text, ":KUBE-FORWARD", ":FORWARD_IN_ZONES - [0:0]\n:FWDI_public - [0:0]\n:KUBE-FORWARD", 1)
		})
	}
	native := func(text string) func(s *facts.Snapshot) {
		return func(s *facts.Snapshot) {
			both(s, "n2", func(h *facts.HostLook) { dump(h, "nft").Text = text })
		}
	}
	notRun := func(tool string) func(s *facts.Snapshot) {
		return func(s *facts.Snapshot) {
			both(s, "n2", func(h *facts.HostLook) {
				*dump(h, tool) = facts.Dump{Tool: tool, NotRun: "exit status 4: Permission denied"}
			})
		}
	}
	const drop = `{"nftables": [{"table": {"family": "inet", "name": "site"}},
	 {"chain": {"family": "inet", "table": "site", "name": "pre", "type": "filter", "hook": "prerouting", "prio": -310, "policy": "accept"}},
	 {"rule": {"family": "inet", "table": "site", "chain": "pre", "handle": 4, "expr": [
	  {"match": {"op": "==", "left": {"payload": {"protocol": "ip", "field": "saddr"}}, "right": {"prefix": {"addr": "10.244.3.0", "len": 24}}}}, {"drop": null}]}}]}`
	return []spoiled{
		{name: "healthy", check: id, verdict: check.Pass, record: "pass"},
		{name: "firewalld's zones", check: id, verdict: check.Warn, record: "fail", spoil: firewalld, says: []string{"firewalld's chains", "FORWARD_IN_ZONES", "systemctl disable --now firewalld"}},
		{name: "a native table of nobody known", check: id, verdict: check.Warn, spoil: native(drop), says: []string{"unknown chains", "nft inet site/pre"}},
		{name: "a native table that does nothing", check: id, verdict: check.Pass, spoil: native(`{"nftables": [{"chain": {"family": "inet", "table": "filter", "name": "input", "hook": "input", "prio": 0, "policy": "accept"}}]}`)},
		{name: "kube-proxy's IPv6 chains in an IPv4 cluster", check: id, verdict: check.Pass, spoil: native(`{"nftables": [
			{"chain": {"family": "ip6", "table": "nat", "name": "KUBE-SERVICES"}},
			{"rule": {"family": "ip6", "table": "nat", "chain": "KUBE-SERVICES", "handle": 1, "expr": [{"drop": null}]}}]}`)},
		{name: "a tool of a family that nobody uses", check: id, verdict: check.Pass, spoil: notRun("ip6tables-legacy-save")},
		{name: "rules that could not be read", check: id, verdict: check.Unknown, record: "unknown", spoil: notRun("nft"), says: []string{"Permission denied"}},

		{name: "healthy", check: forward, verdict: check.Pass, record: "pass"},
		{
			name: "a REJECT above the accepts", check: forward, verdict: check.Fail, record: "fail",
			spoil: func(s *facts.Snapshot) { rule(s, "n2", "-A FORWARD -j REJECT --reject-with icmp-host-prohibited") },
			says:  []string{"chain FORWARD, rule 1", "icmp-host-prohibited", "iptables-nft -D FORWARD -j REJECT --reject-with icmp-host-prohibited", "to and from other nodes"},
		},
		{name: "firewalld's last word", check: forward, verdict: check.Fail, spoil: firewalld, says: []string{"chain FORWARD, rule 2", "systemctl disable --now firewalld"}},
		{name: "a rule for one port is not certain", check: forward, verdict: check.Pass, spoil: func(s *facts.Snapshot) {
			rule(s, "n2", "-A FORWARD -p tcp -m tcp --dport 23 -j DROP")
		}, says: []string{"on 1 of them rules that depend on a port"}},
		{name: "all UDP is dropped", check: forward, verdict: check.Fail, spoil: func(s *facts.Snapshot) { rule(s, "n2", "-A FORWARD -p udp -j DROP") }, says: []string{"drops forwarded UDP pod traffic"}},
		{name: "one node's pods are dropped", check: forward, verdict: check.Fail, spoil: func(s *facts.Snapshot) {
			rule(s, "n2", "-A FORWARD -s 10.244.3.0/24 -j DROP")
		}, says: []string{"from n3:"}},
		{name: "a native drop at another hook", check: forward, verdict: check.Fail, spoil: native(drop), says: []string{"nft table inet site, chain pre, rule 1", "nft delete rule inet site pre handle 4"}},
		{name: "policy DROP and no accept", check: forward, verdict: check.Fail, spoil: func(s *facts.Snapshot) {
			both(s, "n2", func(h *facts.HostLook) {
				d := dump(h, "iptables-nft-save")
				d.Text = strings.Replace(d.Text, ":FORWARD ACCEPT", ":FORWARD DROP", 1)
				d.Text = strings.ReplaceAll(d.Text, "-j ACCEPT", "-j LOG")
			})
		}, says: []string{"policy of chain FORWARD", "iptables-nft -A FORWARD -s 10.244.0.0/16 -j ACCEPT"}},
		{name: "policy DROP behind the accepts", check: forward, verdict: check.Pass, spoil: func(s *facts.Snapshot) {
			both(s, "n2", func(h *facts.HostLook) {
				d := dump(h, "iptables-nft-save")
				d.Text = strings.Replace(d.Text, ":FORWARD ACCEPT", ":FORWARD DROP", 1)
			})
		}},
		{name: "a drop of the other back end", check: forward, verdict: check.Fail, spoil: func(s *facts.Snapshot) {
			both(s, "n2", func(h *facts.HostLook) {
				dump(h, "iptables-legacy-save").Text = "*mangle\n:FORWARD DROP [0:0]\nCOMMIT\n"
			})
		}, says: []string{"iptables-legacy -t mangle -A FORWARD -s 10.244.0.0/16 -j ACCEPT"}},
		{name: "a drop that was there at first only", check: forward, verdict: check.Fail, spoil: func(s *facts.Snapshot) {
			d := dump(s.Host("n2", facts.First), "iptables-nft-save")
			d.Text = strings.Replace(d.Text, "-A FORWARD ", "-A FORWARD -j DROP\n-A FORWARD ", 1)
		}, says: []string{"at the first look only"}},
		{name: "a dump that was cut short", check: forward, verdict: check.Unknown, spoil: func(s *facts.Snapshot) {
			both(s, "n2", func(h *facts.HostLook) {
				d := dump(h, "iptables-nft-save")
				d.Text = strings.TrimSuffix(d.Text, "COMMIT\n")
			})
		}, says: []string{"cut short"}},
		{name: "rules that could not be read", check: forward, verdict: check.Unknown, record: "unknown", spoil: notRun("iptables-nft-save"), says: []string{"Permission denied"}},
	}
}

func nodeFaults() []spoiled {
	ready, agent := "node/ready", "node/agent"
	condition := func(kind, status, reason, message string) func(*facts.Snapshot) {
		return func(s *facts.Snapshot) {
			n := s.Node("n3")
			i := slices.IndexFunc(n.Conditions, func(c facts.Condition) bool { return c.Type == kind })
			n.Conditions[i] = facts.Condition{Type: kind, Status: status, Reason: reason, Message: message}
		}
	}
	trouble := func(events ...facts.Event) func(*facts.Snapshot) {
		return func(s *facts.Snapshot) {
			s.Node("n3").PodAgent = facts.Agent{Pod: "plumbline-probe-n3", Trouble: events, NotRun: "its probe agent is not ready"}
		}
	}
	return []spoiled{
		{name: "healthy", check: ready, verdict: check.Pass, record: "pass"},
		{name: "the kubelet stopped", check: ready, verdict: check.Fail, record: "fail", spoil: func(s *facts.Snapshot) {
			for i := range s.Node("n3").Conditions {
				s.Node("n3").Conditions[i].Status, s.Node("n3").Conditions[i].Reason = "Unknown", "NodeStatusUnknown"
			}
		}, says: []string{"Ready is Unknown (NodeStatusUnknown)", "systemctl restart kubelet"}},
		{name: "the kubelet stops while the run is under way", check: ready, verdict: check.Fail, spoil: func(s *facts.Snapshot) {
			s.Node("n3").Last = []facts.Condition{{Type: "Ready", Status: "Unknown", Reason: "NodeStatusUnknown"}}
		}, says: []string{"Ready is Unknown (NodeStatusUnknown) at the end of the run; it was well when the run began"}},
		{name: "a node comes back while the run is under way", check: ready, verdict: check.Warn, spoil: func(s *facts.Snapshot) {
			s.Node("n3").Last = slices.Clone(s.Node("n3").Conditions)
			condition("Ready", "False", "KubeletNotReady", "")(s)
		}, says: []string{"Ready is False (KubeletNotReady) when the run began; it is well at the end of the run"}},
		{name: "no network yet", check: ready, verdict: check.Fail, spoil: condition("NetworkUnavailable", "True", "NoRouteCreated", ""), says: []string{"NetworkUnavailable is True"}},
		{name: "a full disk", check: ready, verdict: check.Fail, spoil: condition("DiskPressure", "True", "KubeletHasDiskPressure", "kubelet has disk pressure"), says: []string{"DiskPressure is True", "crictl rmi --prune"}},
		{name: "an excluded node is named, with its rule", check: ready, verdict: check.Pass, spoil: func(s *facts.Snapshot) {
			s.Node("n3").Excluded = "--exclude-nodes n3"
			condition("Ready", "False", "KubeletNotReady", "")(s)
		}, says: []string{"2 of 2 nodes", "left out: n3 (--exclude-nodes n3)"}},
		{name: "a node without conditions", check: ready, verdict: check.Unknown, record: "unknown", spoil: func(s *facts.Snapshot) { s.Node("n3").Conditions = nil }},

		{name: "healthy", check: agent, verdict: check.Pass, record: "pass"},
		{
			name: "the address range is used up", check: agent, verdict: check.Fail, record: "fail", spoil: trouble(
				facts.Event{Reason: "FailedCreatePodSandBox", Count: 4, Message: `Failed to create pod sandbox: plugin type="flannel" failed (add): failed to allocate for range 0: no IP addresses available in range set: 10.244.3.1-10.244.3.254`}),
			says: []string{"the node's range of pod addresses is used up", "no IP addresses available in range set", "/var/lib/cni/networks"},
		},
		{name: "a taint", check: agent, verdict: check.Unknown, spoil: trouble(facts.Event{Reason: "FailedScheduling", Message: "0/3 nodes are available: 1 node(s) had untolerated taint {gpu: true}."}), says: []string{"has a taint that the pod does not tolerate"}},
		{name: "no image", check: agent, verdict: check.Unknown, spoil: trouble(facts.Event{Reason: "Failed", Message: "Error: ImagePullBackOff"}), says: []string{"cannot get the image"}},
		{name: "words that nobody knows", check: agent, verdict: check.Unknown, spoil: trouble(facts.Event{Reason: "Odd", Message: "something else"}), says: []string{"Odd: something else"}},
		{name: "a pod that the namespace does not allow", check: agent, verdict: check.Unknown, spoil: func(s *facts.Snapshot) {
			s.Run.Namespace = "mine"
			for i := range s.Nodes {
				s.Nodes[i].NodeAgent = facts.Agent{NotRun: "its node agent is not ready", Trouble: []facts.Event{{Reason: "FailedCreate", Message: `pods "plumbline-node-…" is forbidden: violates PodSecurity "restricted:latest"`}}}
			}
		}, says: []string{"n1, n2, n3 (host agent)", "violates PodSecurity", "namespace mine pod-security.kubernetes.io/enforce=privileged"}},
		{name: "a quota of no pods", check: agent, verdict: check.Unknown, spoil: trouble(facts.Event{Reason: "FailedCreate", Message: "exceeded quota: q"}), says: []string{"quota leaves no room"}},
		{name: "an agent that does not answer", check: agent, verdict: check.Unknown, record: "unknown", spoil: func(s *facts.Snapshot) {
			s.Node("n3").NodeAgent = facts.Agent{Pod: "plumbline-node-n3", NotRun: "exec: dial tcp 10.0.0.13:10250: i/o timeout"}
		}, says: []string{"i/o timeout", "/api/v1/nodes/n3/proxy/healthz"}},
		{name: "no host agents, by choice", check: agent, verdict: check.Pass, spoil: func(s *facts.Snapshot) {
			s.Run.Unprivileged = true
			for i := range s.Nodes {
				s.Nodes[i].NodeAgent = facts.Agent{NotRun: "host access was refused (--unprivileged)"}
			}
		}, says: []string{"left out by choice"}},
	}
}

func changes() []spoiled {
	id := "node/changed"
	first := func(change func(*facts.HostLook)) func(*facts.Snapshot) {
		return func(s *facts.Snapshot) { change(s.Host("n2", facts.First)) }
	}
	peer := netip.MustParsePrefix("10.244.3.0/24")
	return []spoiled{
		{name: "healthy", check: id, verdict: check.Pass, record: "pass"},
		{name: "the first pod ever on a node", check: id, verdict: check.Pass, spoil: first(func(h *facts.HostLook) {
			own := netip.MustParsePrefix("10.244.2.0/24")
			h.Interfaces = slices.DeleteFunc(h.Interfaces, func(i facts.Interface) bool { return i.Name == "cni0" })
			h.Routes = slices.DeleteFunc(h.Routes, func(r facts.Route) bool { return r.Dst == own })
		})},
		{name: "pods, connections and counters that come and go", check: id, verdict: check.Pass, spoil: func(s *facts.Snapshot) {
			h := s.Host("n2", facts.Last)
			h.Sysctls["net.ipv4.conf.cni0.route_localnet"] = "1"
			s.Host("n2", facts.First).Sysctls["net.ipv4.conf.cni0.route_localnet"] = "0"
			s.Host("n2", facts.First).Interfaces = append(s.Host("n2", facts.First).Interfaces, facts.Interface{
				Name: "4f1c2d3e4a5b6c7", Kind: "veth", Up: true, Addrs: []netip.Prefix{netip.MustParsePrefix("fe80::1/64")},
			})
			h.Interfaces = append(h.Interfaces, facts.Interface{Name: "veth12ab", Kind: "veth", Up: true}, facts.Interface{Name: "cali99", Kind: "veth", Up: true})
			h.Routes = append(h.Routes, facts.Route{Dst: netip.MustParsePrefix("10.244.2.9/32"), Dev: "cali99", Type: "unicast", Table: 254, Family: facts.IPv4})
			h.Sysctls["net.netfilter.nf_conntrack_count"], h.Sysctls["net.ipv4.conf.veth12ab.forwarding"] = "999", "1"
			d := dump(h, "iptables-nft-save")
			d.Text = strings.ReplaceAll(d.Text, "[0:0]", "[77:5000]")
			d.Text = strings.Replace(d.Text, "-A POSTROUTING", "-A KUBE-SERVICES -d 10.96.1.1/32 -p tcp -j KUBE-SVC-NPX46M4PTMTKRN6Y\n-A POSTROUTING", 1)
		}},
		{name: "forwarding healed by our own pod", check: id, verdict: check.Fail, record: "fail", spoil: first(func(h *facts.HostLook) {
			h.Sysctls[ipForward], h.Sysctls["net.ipv4.conf.all.forwarding"], h.Sysctls["net.ipv4.conf.default.forwarding"] = "0", "0", "0"
		}), says: []string{"first 0, at the last look 1; creating a pod switches it on"}},
		{name: "KUBE-SERVICES healed by our own Service", check: id, verdict: check.Fail, spoil: first(func(h *facts.HostLook) {
			d := dump(h, "iptables-nft-save")
			var kept []string
			for _, line := range strings.Split(d.Text, "\n") {
				if !strings.HasPrefix(line, "-A KUBE-SERVICES") {
					kept = append(kept, line)
				}
			}
			d.Text = strings.Join(kept, "\n")
		}), says: []string{"rules for Service address 10.96.0.10: first not there, at the last look there"}},
		{name: "a route to a peer's pods came during the run", check: id, verdict: check.Fail, spoil: first(func(h *facts.HostLook) {
			h.Routes = slices.DeleteFunc(h.Routes, func(r facts.Route) bool { return r.Dst == peer })
		}), says: []string{"route to 10.244.3.0/24 (pods of n3): first not there"}},
		{name: "a routing rule went away", check: id, verdict: check.Fail, spoil: first(func(h *facts.HostLook) {
			h.Rules = append(h.Rules, facts.Rule{Priority: 100, Src: netip.MustParsePrefix("10.244.0.0/16"), Table: 77, Action: "lookup", Family: facts.IPv4})
		}), says: []string{"routing rule ipv4 100: from 10.244.0.0/16 lookup table 77"}},
		{name: "the API answered only after the Service was made", check: id, verdict: check.Fail, spoil: func(s *facts.Snapshot) {
			factstest.Set(s, "host>api/tls/ipv4@first", "host/n2", "api", facts.Cell{Outcome: facts.Timeout}, nil)
		}, says: []string{"did not answer this host at the first look (timeout) and answers now"}},
		{name: "a failure that stays is its own check's matter", check: id, verdict: check.Pass, spoil: func(s *facts.Snapshot) {
			for _, key := range []string{"host>api/tls/ipv4@first", "host>api/tls/ipv4@main"} {
				factstest.Set(s, key, "host/n2", "api", facts.Cell{Outcome: facts.Timeout}, nil)
			}
		}},
		{name: "a tunnel that went down", check: id, verdict: check.Fail, spoil: func(s *facts.Snapshot) {
			s.Host("n2", facts.Last).Interfaces[2].Up = false
		}, says: []string{"interface flannel.1: first up, at the last look down"}},
		{name: "a tool that ran at one look only proves nothing", check: id, verdict: check.Pass, spoil: first(func(h *facts.HostLook) {
			*dump(h, "iptables-nft-save") = facts.Dump{Tool: "iptables-nft-save", NotRun: "killed"}
		})},
		{name: "no last look", check: id, verdict: check.Unknown, record: "unknown", spoil: func(s *facts.Snapshot) {
			*s.Host("n2", facts.Last) = facts.HostLook{Node: "n2", Look: facts.Last, NotRun: "the deadline passed"}
		}, says: []string{"the deadline passed"}},
	}
}

func componentFaults() []spoiled {
	id, priority := "component/kube-proxy", "component/kube-proxy-priority"
	gone := func(s *facts.Snapshot) {
		s.Cluster.KubeProxy, s.Cluster.KubeProxyLast, s.Cluster.KubeProxyExpected, s.Cluster.ProxyMode = nil, nil, false, ""
		for i := range s.Hosts {
			s.Hosts[i].ProxyHealth, s.Hosts[i].ProxyMode, s.Hosts[i].Firewall, s.Hosts[i].Processes = nil, nil, nil, nil
		}
	}
	replaced := func(s *facts.Snapshot) {
		factstest.WithoutProxy(s)
		s.Cluster.CNI = "cilium"
	}
	return []spoiled{
		{name: "healthy", check: id, verdict: check.Pass, record: "pass"},
		{name: "evicted from one node", check: id, verdict: check.Fail, record: "fail", spoil: func(s *facts.Snapshot) {
			p := &s.Cluster.KubeProxy[2]
			p.Ready, p.Phase, p.Reason, p.Message = false, "Failed", "Evicted", "The node was low on resource: memory."
		}, says: []string{"Failed, Evicted: The node was low on resource", "kubectl -n kube-system describe pod kube-proxy-3"}},
		{name: "replaced while the run began", check: id, verdict: check.Warn, spoil: func(s *facts.Snapshot) {
			s.Cluster.KubeProxyLast = slices.Clone(s.Cluster.KubeProxy)
			s.Cluster.KubeProxy[2].Ready, s.Cluster.KubeProxy[2].Terminating = false, true
		}, says: []string{"n3", "one is at the end of the run", "get pods -o wide --field-selector spec.nodeName=n3"}},
		{name: "on a node that is not heard of", check: id, verdict: check.Unknown, spoil: func(s *facts.Snapshot) {
			s.Cluster.KubeProxy[2].Ready = false
			s.Node("n3").Last = []facts.Condition{{Type: "Ready", Status: "Unknown", Reason: "NodeStatusUnknown"}}
		}, says: []string{"nothing is heard of the node (NodeStatusUnknown)"}},
		{name: "gone while the run was under way", check: id, verdict: check.Fail, spoil: func(s *facts.Snapshot) {
			s.Cluster.KubeProxyLast = slices.Clone(s.Cluster.KubeProxy[:2])
		}, says: []string{"no kube-proxy pod on this node", "it was Ready when the run began"}},
		{name: "an evicted pod beside a Ready one", check: id, verdict: check.Pass, spoil: func(s *facts.Snapshot) {
			old := s.Cluster.KubeProxy[2]
			old.Ready, old.Phase, old.Reason = false, "Failed", "Evicted"
			s.Cluster.KubeProxy = append([]facts.Pod{old}, s.Cluster.KubeProxy...)
		}},
		{name: "none on one node", check: id, verdict: check.Fail, spoil: func(s *facts.Snapshot) { s.Cluster.KubeProxy = s.Cluster.KubeProxy[:2] }, says: []string{"no kube-proxy pod on this node"}},
		{name: "restarted often", check: id, verdict: check.Warn, spoil: func(s *facts.Snapshot) { s.Cluster.KubeProxy[1].Restarts = 40 }, says: []string{"restarted 40 times"}},
		{name: "replaced by the CNI", check: id, verdict: check.Pass, spoil: replaced, says: []string{"cilium serves the Services in its place"}},
		{name: "nobody recognised", check: id, verdict: check.Unknown, record: "unknown", spoil: gone},
		{name: "a list that was refused", check: id, verdict: check.Unknown, spoil: func(s *facts.Snapshot) {
			gone(s)
			s.Cluster.Errors = []facts.Error{{What: "pods of kube-system", Says: "pods is forbidden"}}
		}, says: []string{"pods is forbidden"}},

		{name: "healthy", check: priority, verdict: check.Pass, record: "pass"},
		{name: "no class", check: priority, verdict: check.Fail, record: "fail", spoil: func(s *facts.Snapshot) {
			for i := range s.Cluster.KubeProxy {
				s.Cluster.KubeProxy[i].PriorityClass = ""
			}
		}, says: []string{"kube-proxy has no priority class", "kubectl -n kube-system patch daemonset kube-proxy"}},
		{name: "another class", check: priority, verdict: check.Fail, spoil: func(s *facts.Snapshot) { s.Cluster.KubeProxy[0].PriorityClass = "low" }, says: []string{"the priority class low"}},
		{name: "replaced by the CNI", check: priority, verdict: check.Skip, spoil: replaced},
		{name: "expected, but no pod", check: priority, verdict: check.Unknown, record: "unknown", spoil: func(s *facts.Snapshot) { s.Cluster.KubeProxy = nil }},
	}
}
