package collect

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/rest"

	"github.com/plumbline-net/plumbline/framework/cluster"
	"github.com/plumbline-net/plumbline/framework/facts"
)

// named is a collector of three nodes with a pod, a host's pod and a Service.
func named(t *testing.T) *Collector {
	t.Helper()
	c := ready(3)
	for i := range c.snapshot.Nodes {
		n := &c.snapshot.Nodes[i]
		n.PodCIDRs = []netip.Prefix{netip.PrefixFrom(n.PodAgent.Addrs[0], 24).Masked()}
		n.NodeAgent.Ports, n.PodAgent.Ports = facts.Ports{TCP: 1001, UDP: 1002}, facts.Ports{TCP: 2001, UDP: 2002}
	}
	c.snapshot.Cluster.Services = []facts.ClusterService{
		{
			Namespace: "shop", Name: "web", Addrs: []netip.Addr{netip.MustParseAddr("10.96.0.9")},
			Ports:     []facts.ServicePort{{Proto: "TCP", Port: 80, NodePort: 30080}, {Proto: "UDP", Port: 53}},
			Endpoints: []facts.Endpoint{{Proto: "TCP", Addr: netip.MustParseAddr("10.244.3.9"), Port: 8080, Ready: true}},
		},
		{Namespace: "shop", Name: "db", Headless: true},
	}
	set := fake.NewClientset()
	for _, p := range []struct{ name, node, ip string }{{"web-1", "n3", "10.244.3.9"}, {"agent", "n2", "10.0.0.2"}, {"new", "", ""}} {
		pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: p.name, Namespace: "shop"}, Spec: corev1.PodSpec{NodeName: p.node}}
		if p.ip != "" {
			pod.Status.PodIPs = []corev1.PodIP{{IP: p.ip}}
		}
		if err := set.Tracker().Add(pod); err != nil {
			t.Fatal(err)
		}
	}
	c.client = &cluster.Client{Set: set, Config: &rest.Config{}}
	return c
}

// aimed is "pod/n1 → ID ADDR:PORT to/via", or what is wrong with what was asked.
func aimed(t *testing.T, c *Collector, a Asked) (string, []string, error) {
	t.Helper()
	from, to, err := c.ends(t.Context(), a)
	if err != nil {
		return "", nil, err
	}
	vantage, _, err := c.vantageOf(from)
	if err != nil {
		return "", nil, err
	}
	got, err := c.traceOf(vantage, to, a)
	if err != nil {
		return "", nil, err
	}
	nodes := append(c.nodesOf(from), append(c.nodesOf(to), a.Entry)...)
	slices.Sort(nodes)
	nodes = slices.DeleteFunc(slices.Compact(nodes), func(n string) bool { return n == "" })
	text := got.From.String() + " → " + got.To.ID + " " + netip.AddrPortFrom(got.To.Addr, got.To.Port).String() + " " + string(got.Flow.To) + "/" + string(got.Flow.Via)
	return text, nodes, nil
}

func TestEndsAreFoundByWhateverPeopleCallThem(t *testing.T) {
	c := named(t)
	for _, tc := range []struct {
		name  string
		asked Asked
		want  string
		nodes string
	}{
		{"two nodes", Asked{From: "n1", To: "n2"}, "host/n1 → host/n2 10.0.0.2:1001 host/tcp", "n1 n2"},
		{"two probe pods by UDP", Asked{From: "pod/n1", To: "pod/n2", Proto: "udp"}, "pod/n1 → pod/n2 10.244.2.2:2002 pod/udp", "n1 n2"},
		{"a node by ICMP", Asked{From: "n1", To: "n2", Proto: "icmp"}, "host/n1 → host/n2 10.0.0.2:0 host/icmp", "n1 n2"},
		{"a pod without a port", Asked{From: "pod/n1", To: "shop/web-1"}, "pod/n1 → shop/web-1 10.244.3.9:0 pod/icmp", "n1 n3"},
		{"a pod's port is only connected to", Asked{From: "shop/web-1", To: "shop/web-1", Port: 8080}, "pod/n3 → shop/web-1 10.244.3.9:8080 pod/closed", "n3"},
		{"a pod in its host's network", Asked{From: "shop/agent", To: "n1"}, "host/n2 → host/n1 10.0.0.1:1001 host/tcp", "n1 n2"},
		{"a Service", Asked{From: "pod/n1", To: "svc/shop/web"}, "pod/n1 → svc/shop/web 10.96.0.9:80 clusterIP/closed", "n1 n3"},
		{"a Service's DNS port", Asked{From: "pod/n1", To: "svc/shop/web", Port: 53, Proto: "udp"}, "pod/n1 → svc/shop/web 10.96.0.9:53 clusterIP/dns-udp", "n1 n3"},
		{"a NodePort", Asked{From: "n1", To: "svc/shop/web", Entry: "n2"}, "host/n1 → nodePort/n2 10.0.0.2:30080 nodePort/closed", "n1 n2 n3"},
		{"an address outside", Asked{From: "n1", To: "192.0.2.1", Port: 443}, "host/n1 → 192.0.2.1 192.0.2.1:443 egress/closed", "n1"},
		{"an address in a pod range", Asked{From: "n1", To: "10.244.2.77"}, "host/n1 → 10.244.2.77 10.244.2.77:0 egress/icmp", "n1 n2"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, nodes, err := aimed(t, c, tc.asked)
			if err != nil {
				t.Fatal(err)
			}
			if got != tc.want || strings.Join(nodes, " ") != tc.nodes {
				t.Errorf("got  %s at %q\nwant %s at %s", got, nodes, tc.want, tc.nodes)
			}
		})
	}
}

func TestWhatCannotBeMeantIsToldBeforeAnythingIsPlaced(t *testing.T) {
	c := named(t)
	for _, tc := range []struct {
		asked Asked
		want  string
	}{
		{Asked{From: "n9", To: "n1"}, `there is no node "n9" in the cluster (it has n1, n2, n3)`},
		{Asked{From: "svc/shop/web", To: "n1"}, `"svc/shop/web" cannot send`},
		{Asked{From: "10.0.0.1", To: "n1"}, `"10.0.0.1" cannot send`},
		{Asked{From: "n1", To: "svc/shop/nothing"}, `there is no Service "shop/nothing"`},
		{Asked{From: "n1", To: "svc/shop/db"}, "has no ClusterIP"},
		{Asked{From: "n1", To: "shop/gone"}, "there is no pod gone in namespace shop"},
		{Asked{From: "n1", To: "shop/new"}, "has no node or no address yet"},
		{Asked{From: "n1", To: "n2", Entry: "n3"}, "--node-port goes with a Service"},
		{Asked{From: "n1", To: "svc/shop/web", Entry: "n9"}, `there is no node "n9"`},
		{Asked{From: "n1", To: "svc/shop/web", Port: 53, Proto: "udp", Entry: "n2"}, "has no NodePort (80/tcp with NodePort 30080, 53/udp)"},
		{Asked{From: "n1", To: "svc/shop/web", Port: 81}, "has no such port for tcp"},
		{Asked{From: "n1", To: "shop/web-1", Proto: "tcp"}, "give one with --port"},
		{Asked{From: "n1", To: "2001:db8::1"}, "have no address of the same family"},
	} {
		_, _, err := aimed(t, c, tc.asked)
		if choice := new(SelectionError); !errors.As(err, &choice) || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%+v: %v, want %q", tc.asked, err, tc.want)
		}
	}
}

func TestATracePlacesAgentsOnlyOnItsWay(t *testing.T) {
	c := named(t)
	c.onlyOn([]string{"n1", "n3"})
	var left []string
	for _, n := range c.snapshot.Selected() {
		left = append(left, n.Name)
	}
	if !slices.Equal(left, []string{"n1", "n3"}) {
		t.Errorf("agents at %q", left)
	}
}
