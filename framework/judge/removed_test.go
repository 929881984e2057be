package judge_test

import (
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
	"github.com/plumbline-net/plumbline/framework/judge"
	"github.com/plumbline-net/plumbline/reporters/report"
	"github.com/plumbline-net/plumbline/suites"
)

// removal takes one kind of evidence out of a snapshot of which it owns the lists.
type removal struct {
	name string
	take func(*facts.Snapshot)
	// gone picks what can no longer be said of a cause; nil where nothing is sure.
	gone func(report.Cause) bool
}

// TestNothingIsClaimedOfWhatWasNotObserved takes each kind of evidence out of runs on
// a lab with a fault and holds what is still said: it may be less, and less sure.
func TestNothingIsClaimedOfWhatWasNotObserved(t *testing.T) {
	for name, all := range map[string][]removal{
		"tunnel-leftover": slices.Concat(wholesale(), piecemeal()),
		"pod-mac-wrong":   wholesale(), "nat-flushed": wholesale(), "mtu-black-hole": wholesale(), "mtu-outside": wholesale(),
		"rp-filter-strict": wholesale(), "forward-policy-drop": wholesale(), "exec-blocked": wholesale(),
	} {
		holdAll(t, name, factstest.Read(t, filepath.Join("..", "..", "fixtures", "recordings", "causes", name+".facts.json")), all)
	}
}

func holdAll(t *testing.T, name string, whole *facts.Snapshot, all []removal) {
	t.Helper()
	before := judge.Judge(whole, suites.All(), nil)
	for _, r := range all {
		t.Run(name+" without "+r.name, func(t *testing.T) {
			s := owned(whole)
			r.take(s)
			hold(t, judge.Judge(s, suites.All(), nil), before, r)
		})
	}
}

// hold is what must be so of every report.
func hold(t *testing.T, got, before report.Report, r removal) {
	t.Helper()
	if err := got.Validate(); err != nil {
		t.Error(err)
	}
	for _, c := range got.Causes {
		if c.Says == "" || c.Grounds == "" || c.Certainty == "" || len(c.Remedy) == 0 || c.Evidence == nil || !slices.IsSorted(c.Nodes) {
			t.Errorf("%s lacks something: %+v", c.Key, c)
		}
		if r.gone != nil && r.gone(c) {
			t.Errorf("%s (%s) is said, of what was not observed: %s; %s %+v", c.Key, c.Certainty, c.Says, c.Grounds, c.Evidence)
		}
		i := slices.IndexFunc(before.Causes, func(b report.Cause) bool { return b.Key == c.Key })
		if i >= 0 && c.Certainty == report.Proved && before.Causes[i].Certainty != report.Proved {
			t.Errorf("%s is proved with less evidence: %s", c.Key, c.Grounds)
		}
	}
}

// piecemeal are every part of a host's look, of the cluster, the nodes, the flows that
// were sent again and the rows of matrices, one at a time.
func piecemeal() []removal {
	var out []removal
	parts := func(of reflect.Type, skip []string, zero func(*facts.Snapshot, int)) {
		for i := range of.NumField() {
			if !slices.Contains(skip, of.Field(i).Name) {
				out = append(out, removal{name: of.Name() + "." + of.Field(i).Name, take: func(s *facts.Snapshot) { zero(s, i) }})
			}
		}
	}
	parts(reflect.TypeFor[facts.HostLook](), []string{"Node", "Look", "NotRun", "AsFirst", "Packed"}, func(s *facts.Snapshot, i int) {
		for k := range s.Hosts {
			reflect.ValueOf(&s.Hosts[k]).Elem().Field(i).SetZero()
		}
	})
	parts(reflect.TypeFor[facts.Cluster](), nil, func(s *facts.Snapshot, i int) { reflect.ValueOf(&s.Cluster).Elem().Field(i).SetZero() })
	parts(reflect.TypeFor[facts.Node](), []string{"Name"}, func(s *facts.Snapshot, i int) {
		for k := range s.Nodes {
			reflect.ValueOf(&s.Nodes[k]).Elem().Field(i).SetZero()
		}
	})
	parts(reflect.TypeFor[facts.Trace](), nil, func(s *facts.Snapshot, i int) {
		for k := range s.Traces {
			reflect.ValueOf(&s.Traces[k]).Elem().Field(i).SetZero()
		}
	})
	parts(reflect.TypeFor[facts.Row](), []string{"From"}, func(s *facts.Snapshot, i int) {
		for k := range s.Matrices {
			for n := range s.Matrices[k].Rows {
				reflect.ValueOf(&s.Matrices[k].Rows[n]).Elem().Field(i).SetZero()
			}
		}
	})
	return out
}

// wholesale are looks, matrices, traces and checks as a whole, on all nodes and on one.
func wholesale() []removal { return append(looks(), others()...) }

func looks() []removal {
	silent := func(s *facts.Snapshot, look facts.Look) {
		for i, h := range s.Hosts {
			if look == "" || h.Look == look {
				s.Hosts[i] = facts.HostLook{Node: h.Node, Look: h.Look, NotRun: "the kubelet did not answer"}
			}
		}
	}
	counted := func(c report.Cause) bool { return strings.Contains(c.Grounds, "grew by") }
	read := func(c report.Cause) bool {
		return strings.HasPrefix(c.Grounds, "read on") && !strings.Contains(c.Grounds, ": log of") || counted(c) || ruled(c)
	}
	return []removal{
		{"the first look", func(s *facts.Snapshot) { silent(s, facts.First) }, counted},
		{"the last look", func(s *facts.Snapshot) { silent(s, facts.Last) }, counted},
		{"any look", func(s *facts.Snapshot) { silent(s, "") }, read},
		{"any look at the last node", func(s *facts.Snapshot) {
			for i, h := range s.Hosts {
				if h.Node == s.Nodes[len(s.Nodes)-1].Name {
					s.Hosts[i] = facts.HostLook{Node: h.Node, Look: h.Look, NotRun: "the kubelet did not answer"}
				}
			}
		}, func(c report.Cause) bool { return slices.Equal(c.Nodes, []string{"e2e-worker2"}) && read(c) }},
		{"answers of the last node's agents", func(s *facts.Snapshot) {
			factstest.SilenceNode(s, s.Nodes[len(s.Nodes)-1].Name, "the agent did not answer")
		}, nil},
		{"the hosts", func(s *facts.Snapshot) { s.Hosts, s.Run.Unprivileged = nil, true }, read},
		{"the dumps of firewalls", func(s *facts.Snapshot) {
			for i := range s.Hosts {
				s.Hosts[i].Firewall = []facts.Dump{{Tool: "iptables-nft-save", NotRun: "permission denied"}, {Tool: "nft", NotRun: "permission denied"}}
			}
		}, func(c report.Cause) bool { return c.Trace == nil && ruled(c) }},
	}
}

func others() []removal {
	return []removal{
		{"what was sent again", func(s *facts.Snapshot) { s.Traces = nil }, func(c report.Cause) bool {
			return c.Trace != nil || strings.Contains(c.Grounds, "sent again")
		}},
		{"watches of what was sent again", func(s *facts.Snapshot) {
			for i := range s.Traces {
				s.Traces[i].Watches = nil
			}
		}, func(c report.Cause) bool { return strings.Contains(c.Grounds, "vanished") }},
		{"the matrices", func(s *facts.Snapshot) { s.Matrices = nil }, explainsPairs},
		{"answers of any agent", func(s *facts.Snapshot) {
			for i := range s.Matrices {
				for n, row := range s.Matrices[i].Rows {
					s.Matrices[i].Rows[n] = facts.Row{From: row.From, NotRun: "the agent did not answer"}
				}
			}
		}, explainsPairs},
		{"nodes", func(s *facts.Snapshot) { s.Nodes = nil }, nil},
		{"the Services", func(s *facts.Snapshot) { s.Service, s.Further = facts.Service{}, nil }, nil},
		{"an end", func(s *facts.Snapshot) { s.Run.Incomplete = "interrupted" }, nil},
		{"checks of traffic", func(s *facts.Snapshot) { s.Run.Checks = without(s.Run.Checks, "reach/", "service/", "dns/") }, explainsPairs},
		{"checks of hosts", func(s *facts.Snapshot) {
			s.Run.Checks = without(s.Run.Checks, "kernel/", "firewall/", "overlay/", "route/", "node/", "component/", "mtu/", "pressure/")
		}, nil},
		{"all checks but one", func(s *facts.Snapshot) { s.Run.Checks = []string{"reach/pod-to-pod"} }, nil},
	}
}

// ruled: the cause names a rule of a firewall.
func ruled(c report.Cause) bool {
	return slices.ContainsFunc(c.Evidence, func(e check.Evidence) bool { return strings.Contains(e.Source, "chain ") })
}

func explainsPairs(c report.Cause) bool {
	return slices.ContainsFunc(c.Explains, func(e report.Explained) bool {
		return e.Pairs > 0 && len(without([]string{e.Check}, "reach/", "service/", "dns/")) == 0
	})
}

func without(ids []string, areas ...string) []string {
	return slices.DeleteFunc(slices.Clone(ids), func(id string) bool {
		return slices.ContainsFunc(areas, func(a string) bool { return strings.HasPrefix(id, a) })
	})
}

// owned copies what a removal changes.
func owned(whole *facts.Snapshot) *facts.Snapshot {
	s := *whole
	s.Nodes, s.Hosts, s.Traces, s.Matrices = slices.Clone(s.Nodes), slices.Clone(s.Hosts), slices.Clone(s.Traces), slices.Clone(s.Matrices)
	for i := range s.Matrices {
		s.Matrices[i].Rows = slices.Clone(s.Matrices[i].Rows)
	}
	return &s
}
