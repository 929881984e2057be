package firewall_test

import (
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
	"github.com/plumbline-net/plumbline/suites/firewall"
)

var update = flag.Bool("update", false, "write the recordings anew")

const (
	nftSave, legacySave, nft = "iptables-nft-save", "iptables-legacy-save", "nft"
)

// dump is one tool's output at one look.
func dump(s *facts.Snapshot, node string, look facts.Look, tool string) *facts.Dump {
	h := s.Host(node, look)
	i := slices.IndexFunc(h.Firewall, func(d facts.Dump) bool { return d.Tool == tool })
	return &h.Firewall[i]
}

// at changes a tool's output on a node, at both looks where none is named.
func at(s *facts.Snapshot, node, tool string, change func(text string) string, looks ...facts.Look) {
	if len(looks) == 0 {
		looks = []facts.Look{facts.First, facts.Last}
	}
	for _, look := range looks {
		d := dump(s, node, look, tool)
		d.Text = change(d.Text)
	}
}

// above puts a rule of table filter or mangle above all others of its chain.
func above(table, chain, rule string) func(string) string {
	return func(text string) string {
		head, rest, found := strings.Cut(text, "*"+table+"\n")
		if !found {
			return text + fmt.Sprintf("*%s\n:%s ACCEPT [0:0]\n%s\nCOMMIT\n", table, chain, rule)
		}
		at := strings.Index(rest, "\n-A ")
		if counted := strings.Index(rest, "\n[0:0] -A "); counted >= 0 && counted < at {
			at = counted
		}
		return head + "*" + table + "\n" + rest[:at] + "\n" + rule + rest[at:]
	}
}

func text(is string) func(string) string { return func(string) string { return is } }

// counted makes a rule's counter stand at two figures.
func counted(s *facts.Snapshot, node, chain, rule string, before, after int) {
	for look, n := range map[facts.Look]int{facts.First: before, facts.Last: after} {
		at(s, node, nftSave, above("filter", chain, fmt.Sprintf("[%d:%d] -A %s %s", n, 60*n, chain, rule)), look)
	}
}

// shape is one fault in a healthy cluster of three nodes, with what must be said.
type shape struct {
	name    string
	spoil   func(*facts.Snapshot)
	verdict check.Verdict
	says    []string // each in the whole of the result
	silent  []string // none of them
}

// judge is for what rules say by themselves: no pairs were measured.
func judge(t *testing.T, c check.Check, shapes []shape) {
	t.Helper()
	judgeIn(t, c, func() *facts.Snapshot { return unmeasured(3) }, shapes)
}

// unmeasured is a healthy cluster in which nothing was probed.
func unmeasured(nodes int) *facts.Snapshot {
	s := factstest.Healthy(nodes)
	s.Matrices = nil
	return s
}

func judgeIn(t *testing.T, c check.Check, cluster func() *facts.Snapshot, shapes []shape) {
	t.Helper()
	for _, sh := range shapes {
		t.Run(sh.name, func(t *testing.T) {
			s := cluster()
			if sh.spoil != nil {
				sh.spoil(s)
			}
			r := c.Evaluate(s)
			whole := fmt.Sprintf("%s %+v", r.Why, r.Findings)
			if r.Verdict != sh.verdict {
				t.Errorf("judged %s: %s", r.Verdict, whole)
			}
			for _, says := range sh.says {
				if !strings.Contains(whole, says) {
					t.Errorf("%q is not said: %s", says, whole)
				}
			}
			for _, word := range sh.silent {
				if strings.Contains(whole, word) {
					t.Errorf("%q is said: %s", word, whole)
				}
			}
		})
	}
}

func TestHealthyClustersPass(t *testing.T) {
	factstest.Passes(t, firewall.All(), map[string]*facts.Snapshot{
		"three nodes": factstest.Healthy(3), "one node": factstest.Healthy(1), "IPv6 alone": factstest.Healthy(2, facts.IPv6),
		"dual stack": factstest.Healthy(3, facts.IPv4, facts.IPv6),
	})
}

// trimmed leaves what the checks of this area read.
func trimmed(s *facts.Snapshot) *facts.Snapshot {
	factstest.Keep(s)
	s.Cluster.Services, s.Cluster.KubeProxy, s.Cluster.CNIPods, s.Cluster.CNIPodsLast, s.Cluster.CNILogs, s.Further = nil, nil, nil, nil, nil, nil
	for i := range s.Hosts {
		h := &s.Hosts[i]
		*h = facts.HostLook{
			Node: h.Node, Look: h.Look, NotRun: h.NotRun, Interfaces: h.Interfaces, Routes: h.Routes, Firewall: h.Firewall, Processes: h.Processes,
		}
	}
	return s
}
