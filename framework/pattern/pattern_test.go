package pattern

import (
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
)

// lost says whether a cell is made red.
type lost func(f facts.Flow, from facts.Vantage, to facts.Target) bool

// failing makes cells time out and gives the finding of all of them.
func failing(s *facts.Snapshot, test lost) check.Finding {
	f := check.Finding{Verdict: check.Fail}
	for _, m := range s.Matrices {
		for _, row := range m.Rows {
			for _, to := range m.Targets {
				if to.Silent || !test(m.Flow, row.From, to) {
					continue
				}
				factstest.Set(s, m.Flow.Key(), row.From.String(), to.ID, facts.Cell{Outcome: facts.Timeout}, nil)
				f.Pairs = append(f.Pairs, check.Pair{From: row.From.String(), To: to.ID, Flow: m.Flow.Key()})
			}
		}
	}
	return f
}

// podPods narrows a test to plain probes from pod to pod.
func podPods(vias string, test func(from, to string) bool) lost {
	return func(f facts.Flow, from facts.Vantage, to facts.Target) bool {
		return f.From == facts.FromPod && f.To == facts.ToPod && f.Look == facts.Main &&
			strings.Contains(" "+vias+" ", " "+string(f.Via)+" ") && test(from.Node, to.Node)
	}
}

func TestWhatRedPairsHaveInCommon(t *testing.T) {
	const all = "tcp udp icmp"
	for _, tc := range []struct {
		name string
		test lost
		want string
	}{
		{
			"a bad column across nodes, of one transport", podPods("udp", func(a, b string) bool { return a != b && b == "n3" }),
			"every pair into n3 across nodes, UDP only, from pods only; hosts are fine",
		},
		{"a bad row", podPods(all, func(a, _ string) bool { return a == "n3" }), "every pair out of n3, from pods only"},
		{
			"a bad row across nodes", podPods(all, func(a, b string) bool { return a == "n3" && b != "n3" }),
			"every pair out of n3 across nodes, from pods only; hosts are fine",
		},
		{
			"a row and a column", podPods(all, func(a, b string) bool { return a != b && (a == "n3" || b == "n3") }),
			"every pair into and out of n3 across nodes, from pods only; hosts are fine",
		},
		{"everything across nodes", podPods(all, func(a, b string) bool { return a != b }), "every pair across nodes, from pods only; hosts are fine"},
		{"everything", podPods(all, func(string, string) bool { return true }), "every pair, from pods only"},
		{
			"one pair both ways", podPods(all, func(a, b string) bool { return a == "n1" && b == "n3" || a == "n3" && b == "n1" }),
			"between n1 and n3, both ways, from pods only; hosts are fine",
		},
		{
			"one direction", podPods("tcp", func(a, b string) bool { return a == "n1" && b == "n3" }),
			"from n1 to n3 only: the opposite direction is right, TCP only, from pods only; hosts are fine",
		},
		{
			"a part of a column", podPods("udp icmp", func(a, b string) bool { return b == "n3" && (a == "n1" || a == "n2") }),
			"4 of the 6 pairs into n3 across nodes, UDP and ICMP only, from pods only; hosts are fine",
		},
		{
			"pairs without a form", podPods("tcp", func(a, b string) bool { return a == "n1" && b == "n2" || a == "n3" && b == "n4" }),
			"2 of the 12 pairs across nodes, all of them out of n1 and n3, TCP only, from pods only; hosts are fine",
		},
		{"within a node", podPods("tcp", func(a, b string) bool { return a == "n2" && b == "n2" }), "within n2, TCP only, from pods only"},
		{"large packets", func(f facts.Flow, from facts.Vantage, to facts.Target) bool {
			return f.Via == facts.PMTU && f.From == facts.FromPod && from.Node != "n3" && to.Node == "n3"
		}, "every pair into n3 across nodes, large packets only; hosts are fine"},
		{"a Service whose pods answer", func(f facts.Flow, from facts.Vantage, _ facts.Target) bool {
			return f.To == facts.ToClusterIP && f.Via == facts.TCP && f.From == facts.FromPod && from.Node == "n2"
		}, "from n2 to the ClusterIP, TCP only, from pods only, through the Service only"},
		{"names outside", func(f facts.Flow, from facts.Vantage, _ facts.Target) bool {
			return f.To == facts.ToDNSExternal && from.Node == "n2" && f.From == facts.FromPod
		}, "from n2 to name/store.example, from pods only, external names only"},
		{"one replica of the cluster DNS", func(f facts.Flow, _ facts.Vantage, to facts.Target) bool {
			return f.To == facts.ToDNSReplica && strings.HasSuffix(to.ID, "1")
		}, "every pair into DNS replica coredns-1; the other DNS replicas answer the same places"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := factstest.Healthy(4)
			s.Run.Config = &facts.Config{ExternalNames: []string{"store.example"}}
			factstest.Add(s, "pod>dnsExternal/record/ipv4@main", "host>dnsExternal/record/ipv4@main")
			f := failing(s, tc.test)
			got := New(s).Of(f)
			if got.Pairs != len(f.Pairs) || got.Pairs == 0 || got.Says != tc.want {
				t.Errorf("%d of %d pairs: %q, want %q", got.Pairs, len(f.Pairs), got.Says, tc.want)
			}
		})
	}
}

func TestAPatternNeverOverclaims(t *testing.T) {
	column := podPods("udp", func(a, b string) bool { return a != b && b == "n3" })
	for _, tc := range []struct {
		name    string
		spoil   func(*facts.Snapshot)
		want    string
		notWant []string
	}{
		{"one pair of the column is right", func(s *facts.Snapshot) {
			factstest.Set(s, "pod>pod/udp/ipv4@main", "pod/n1", "pod/n3", facts.Cell{Outcome: facts.OK}, nil)
		}, "2 of the 3 pairs into n3 across nodes", []string{"every"}},
		{"another transport fails as well, somewhere", func(s *facts.Snapshot) {
			factstest.Set(s, "pod>pod/tcp/ipv4@main", "pod/n1", "pod/n3", facts.Cell{Outcome: facts.Timeout}, nil)
		}, "every pair into n3", []string{"UDP only"}},
		{"another transport was not observed", func(s *facts.Snapshot) {
			factstest.Silence(s, "pod>pod/tcp/ipv4@main", "pod/n1", "no answer")
		}, "every pair into n3", []string{"UDP only"}},
		{"a host fails as well", func(s *facts.Snapshot) {
			factstest.Set(s, "host>host/udp/ipv4@main", "host/n1", "host/n3", facts.Cell{Outcome: facts.Timeout}, nil)
		}, "every pair into n3", []string{"hosts are fine"}},
		{"hosts were not asked", func(s *facts.Snapshot) { factstest.Keep(s, "pod>") }, "every pair into n3 across nodes, UDP only", []string{"hosts", "from pods only"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := factstest.Healthy(4)
			f := failing(s, column)
			tc.spoil(s)
			f.Pairs = stillRed(s, f.Pairs)
			got := New(s).Of(f).Says
			if !strings.HasPrefix(got, tc.want) {
				t.Errorf("%q, want %q", got, tc.want)
			}
			for _, not := range tc.notWant {
				if strings.Contains(got, not) {
					t.Errorf("%q says %q", got, not)
				}
			}
		})
	}
}

// stillRed are the pairs that were not made right again.
func stillRed(s *facts.Snapshot, pairs []check.Pair) []check.Pair {
	var out []check.Pair
	b := New(s)
	for _, p := range pairs {
		if right, ok := b.at(factstest.Flow(p.Flow), p.From, p.To); ok && !right {
			out = append(out, p)
		}
	}
	return out
}

func TestOneBackendThatNeverAnswersIsNamed(t *testing.T) {
	s := factstest.Healthy(3)
	const key = "pod>clusterIP/tcp/ipv4@main"
	f := check.Finding{Verdict: check.Fail, Flow: key}
	for _, from := range []string{"pod/n1", "pod/n2"} {
		factstest.Set(s, key, from, "service", facts.Cell{Outcome: facts.OK, Partial: true}, &facts.Detail{Met: []string{"pod/n1", "pod/n2"}})
		f.Pairs = append(f.Pairs, check.Pair{From: from, To: "service"})
	}
	if got := New(s).Of(f).Says; !strings.HasSuffix(got, "; one backend, pod/n3, never answers") {
		t.Errorf("it says %q", got)
	}
}

func TestOneFamilyOfTwo(t *testing.T) {
	s := factstest.Healthy(3, facts.IPv4, facts.IPv6)
	f := failing(s, func(f facts.Flow, from facts.Vantage, to facts.Target) bool {
		return podPods("tcp udp icmp", func(a, b string) bool { return a != b && b == "n3" })(f, from, to) && f.Family == facts.IPv6
	})
	if got := New(s).Of(f).Says; !strings.Contains(got, "every pair into n3 across nodes, IPv6 only") {
		t.Errorf("it says %q", got)
	}
}

func TestFindingsOfTheSameFormHaveOneShape(t *testing.T) {
	s := factstest.Healthy(4)
	into := func(a, b string) bool { return a != b && b == "n3" }
	udp, tcp := failing(s, podPods("udp", into)), failing(s, podPods("tcp", into))
	other := failing(s, podPods("tcp", func(a, b string) bool { return a == "n1" && b == "n2" }))
	b := New(s)
	if b.Of(udp).Shape != b.Of(tcp).Shape || b.Of(udp).Shape == b.Of(other).Shape {
		t.Errorf("shapes %q, %q, %q", b.Of(udp).Shape, b.Of(tcp).Shape, b.Of(other).Shape)
	}
	if got := b.Of(check.Finding{}); got != (Pattern{}) {
		t.Errorf("without cells: %+v", got)
	}
}
