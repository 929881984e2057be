package collect

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/rest"

	"github.com/plumbline-net/plumbline/framework/cluster"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/topology"
	"github.com/plumbline-net/plumbline/framework/wire"
)

// ready is a collector that has come to the probes on n nodes.
func ready(n int) *Collector {
	s := &facts.Snapshot{}
	for i := range n {
		name := fmt.Sprintf("n%d", i+1)
		s.Nodes = append(s.Nodes, facts.Node{
			Name: name, Internal: []netip.Addr{netip.AddrFrom4([4]byte{10, 0, 0, byte(i + 1)})},
			NodeAgent: facts.Agent{Ready: true, Pod: "node-" + name},
			PodAgent:  facts.Agent{Ready: true, Pod: "probe-" + name, Addrs: []netip.Addr{netip.AddrFrom4([4]byte{10, 244, byte(i + 1), 2})}},
		})
	}
	return &Collector{
		options: Options{}.withDefaults(), snapshot: s, progress: silent{}, born: map[string]time.Time{},
		needs: topology.Requirement{Looks: map[facts.Look]bool{facts.First: true, facts.Last: true}},
	}
}

func TestEachServiceHasTheBackendsOfItsKind(t *testing.T) {
	for _, c := range []struct {
		kind  string
		nodes int
		want  int
	}{
		{"", 1, 1},
		{"", 5, 3},
		{facts.KindLocal, 1, 1},
		{facts.KindLocal, 2, 1},
		{facts.KindLocal, 3, 2},
		{facts.KindLocal, 9, 3},
		{facts.KindHairpin, 9, 9},
		{facts.KindAffinity, 9, 3},
		{facts.KindHeadless, 2, 2},
		{facts.KindLocal, 0, 0},
		{facts.KindHairpin, 0, 0},
	} {
		got := ready(c.nodes).backends(c.kind)
		if len(got) != c.want {
			t.Errorf("%q on %d nodes has %d backends, want %d", c.kind, c.nodes, len(got), c.want)
		}
		if len(got) > 0 && got[0].Peer != "pod/n1" {
			t.Errorf("%q begins with %s", c.kind, got[0].Peer)
		}
	}
}

func TestAServiceWithoutBackendsSaysSoAndTheRestGoesOn(t *testing.T) {
	c := ready(0)
	c.needs.Service, c.needs.Services = true, []string{facts.KindHairpin, facts.KindLocal}
	if err := c.createServices(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, kind := range c.needs.Services {
		if s := c.snapshot.FurtherService(kind); s == nil || s.NotRun == "" {
			t.Errorf("%s: %+v", kind, s)
		}
	}
	if c.snapshot.Service.NotRun == "" {
		t.Error("the first Service says nothing")
	}
}

func TestTheLastLookAsksWhatCanBeAskedOnlyThen(t *testing.T) {
	c := ready(2)
	c.snapshot.Run.Config = &facts.Config{Services: []string{"default/kubernetes", "shop/web"}}
	endpoint := func(addr, node string, isReady bool) facts.Endpoint {
		return facts.Endpoint{Addr: netip.MustParseAddr(addr), Port: 80, Proto: "TCP", Node: node, Ready: isReady}
	}
	c.snapshot.Cluster.Services = []facts.ClusterService{
		{Namespace: "default", Name: "kubernetes", Endpoints: []facts.Endpoint{endpoint("10.0.0.1", "", true)}},
		{Namespace: "shop", Name: "db", Endpoints: []facts.Endpoint{endpoint("10.244.1.8", "n1", true)}},
		{Namespace: "shop", Name: "web", Endpoints: []facts.Endpoint{
			endpoint("10.244.1.9", "n1", true), endpoint("10.244.1.9", "n1", true),
			endpoint("10.244.1.10", "n1", false), endpoint("10.244.2.9", "n2", true),
		}},
	}
	first, last := c.inspection(c.snapshot.Nodes[0], facts.First), c.inspection(c.snapshot.Nodes[0], facts.Last)
	if !first.Compute || len(first.Lookups) != 0 || len(first.Listening) != 0 {
		t.Errorf("the first look asks %+v", first)
	}
	if last.Compute || !slices.ContainsFunc(last.Lookups, func(l facts.Lookup) bool { return l.For == "pod/n2" }) {
		t.Errorf("the last look asks %+v", last)
	}
	var got []string
	for _, l := range last.Listening {
		got = append(got, fmt.Sprintf("%s:%d/%s", l.Addr, l.Port, l.Proto))
	}
	if want := []string{"10.0.0.1:80/tcp", "10.244.1.9:80/tcp"}; !slices.Equal(got, want) {
		t.Errorf("does it listen: %q, want %q", got, want)
	}
	c.needs.Looks = nil
	if c.inspection(c.snapshot.Nodes[0], facts.Last) != nil {
		t.Error("a look that nobody needs is taken")
	}
}

func TestEveryRuntimeClassIsAVantageOfItsOwn(t *testing.T) {
	c := ready(2)
	c.needs.Runtimes = true
	c.snapshot.Run.Config = &facts.Config{RuntimeClasses: []string{"gvisor", "kata"}}
	c.prepareRuntimes()
	var names []string
	for _, r := range c.pods()[1:] {
		r.of(&c.snapshot.Nodes[1]).Pod = r.daemonSet + "-x"
		for _, v := range c.vantages(r, facts.FromRuntime, same(wire.Plan{})) {
			names = append(names, v.from.String())
		}
	}
	if want := []string{"runtime/gvisor/n1", "runtime/gvisor/n2", "runtime/kata/n1", "runtime/kata/n2"}; !slices.Equal(names, want) {
		t.Errorf("vantages %q, want %q", names, want)
	}
	if got := c.snapshot.Nodes[1].RuntimeAgents[1].Agent.Pod; got != "plumbline-probe-kata-x" {
		t.Errorf("the agent of kata on n2 is %q", got)
	}
	c.introduceAll([]reply{
		{Answer: topology.Answer{From: facts.Vantage{Kind: facts.FromRuntime, Node: "n2", Class: "kata"}}, identity: &wire.Identity{MAC: "aa"}},
		{Answer: topology.Answer{From: facts.Vantage{Kind: facts.FromPod, Node: "n1"}}, identity: &wire.Identity{Startup: &facts.Startup{}}},
	})
	if c.snapshot.Nodes[1].RuntimeAgents[1].Agent.MAC != "aa" || c.snapshot.Nodes[0].PodAgent.Startup == nil {
		t.Errorf("identities were not taken: %+v", c.snapshot.Nodes)
	}
	c.needs.Runtimes = false
	if len(c.pods()) != 1 {
		t.Error("without a check that needs them there are none")
	}
}

func TestALaterIdentityTakesNothingAway(t *testing.T) {
	agent := facts.Agent{Ports: facts.Ports{TCP: 7}, MTU: 1450, MAC: "aa", ResolvConf: &facts.Text{Path: "/etc/resolv.conf"}}
	introduce(&agent, wire.Identity{Startup: &facts.Startup{}})
	if agent.Ports.TCP != 7 || agent.MTU != 1450 || agent.MAC != "aa" || agent.ResolvConf == nil || agent.Startup == nil {
		t.Errorf("left: %+v", agent)
	}
}

func TestEveryWayOfProbingHasTimeToFail(t *testing.T) {
	c := &Collector{options: Options{Timing: wire.DefaultTiming()}}
	base := c.deadline([]wire.PlannedFlow{{Flow: facts.Flow{Via: facts.TCP}, Targets: make([]facts.Target, 64)}})
	for via, least := range map[facts.Via]time.Duration{
		facts.Series: 3 * time.Second, facts.Sticky: 3 * time.Second, facts.Bulk: 10 * time.Second, facts.Race: 10 * time.Second, facts.Connect: 12 * time.Second,
	} {
		one := c.deadline([]wire.PlannedFlow{{Flow: facts.Flow{Via: via}, Targets: make([]facts.Target, 64)}})
		if got := time.Duration(one-base) * time.Millisecond; got < least {
			t.Errorf("%s gets %s more than a connect, want %s", via, got, least)
		}
		if two := c.deadline([]wire.PlannedFlow{{Flow: facts.Flow{Via: via}, Targets: make([]facts.Target, 128)}}); two <= one {
			t.Errorf("%s: twice the targets get %d ms, after %d", via, two, one)
		}
	}
}

func TestLogsAreReadOfNodesUnderTestAndNotOfThousands(t *testing.T) {
	c := ready(60)
	c.snapshot.Nodes[0].Excluded = "--exclude-nodes"
	var objects []*corev1.Pod
	for _, n := range c.snapshot.Nodes {
		c.snapshot.Cluster.CNIPods = append(c.snapshot.Cluster.CNIPods, facts.Pod{Namespace: "kube-flannel", Name: "flannel-" + n.Name, Node: n.Name})
		objects = append(objects, &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "flannel-" + n.Name, Namespace: "kube-flannel"}})
	}
	set := fake.NewClientset()
	for _, o := range objects {
		if err := set.Tracker().Add(o); err != nil {
			t.Fatal(err)
		}
	}
	c.client = &cluster.Client{Set: set, Config: &rest.Config{}}
	c.plugin = cluster.Plugin{Namespace: "kube-flannel", DaemonSet: "flannel", Container: "flannel"}
	c.pluginLogs(context.WithoutCancel(t.Context()))
	logs := c.snapshot.Cluster.CNILogs
	if len(logs) != 59 {
		t.Fatalf("%d logs", len(logs))
	}
	read := 0
	for _, l := range logs {
		if l.Node == "n1" {
			t.Error("the log of an excluded node was read")
		}
		if l.NotRun == "" && len(l.Lines) > 0 {
			read++
		} else if !strings.Contains(l.NotRun, "only 50 logs") {
			t.Errorf("%s: %q", l.Pod, l.NotRun)
		}
	}
	if read != mostLogs {
		t.Errorf("%d logs were read", read)
	}
}
