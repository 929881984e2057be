package suites_test

import (
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
	"github.com/plumbline-net/plumbline/suites"
)

// last changes a node's last look.
func last(s *facts.Snapshot, node string, change func(*facts.HostLook)) {
	change(s.Host(node, facts.Last))
}

func routesTo(prefix string) func(facts.Route) bool {
	return func(r facts.Route) bool { return r.Dst == netip.MustParsePrefix(prefix) }
}

// TestSpoiledNetworks puts one fault into the recording of each way of routing.
func TestSpoiledNetworks(t *testing.T) {
	for _, c := range []struct {
		name, file, check string
		verdict           check.Verdict
		spoil             func(*facts.Snapshot)
		says              string
	}{
		{"blocks whole", "calico-vxlan-healthy", "route/pod-cidr", check.Pass, nil, ""},
		{"a block's route is gone", "calico-vxlan-healthy", "route/pod-cidr", check.Fail, func(s *facts.Snapshot) {
			last(s, "cal-control-plane", func(h *facts.HostLook) { h.Routes = slices.DeleteFunc(h.Routes, routesTo("10.244.95.128/26")) })
		}, "no route to 10.244.95.128/26 (the pods of cal-worker)"},
		{"a block's route leads to another node", "calico-vxlan-healthy", "route/pod-cidr", check.Fail, func(s *facts.Snapshot) {
			last(s, "cal-control-plane", func(h *facts.HostLook) {
				i := slices.IndexFunc(h.Routes, routesTo("10.244.95.128/26"))
				h.Routes[i].Gateway = netip.MustParseAddr("10.244.146.64")
			})
		}, "which is cal-worker2"},
		{"another node's block is thrown away", "calico-vxlan-healthy", "route/pod-cidr", check.Fail, func(s *facts.Snapshot) {
			last(s, "cal-control-plane", func(h *facts.HostLook) {
				i := slices.IndexFunc(h.Routes, routesTo("10.244.95.128/26"))
				h.Routes[i] = facts.Route{Dst: h.Routes[i].Dst, Type: "blackhole", Table: 254, Family: facts.IPv4}
			})
		}, "thrown away by the blackhole route 10.244.95.128/26"},
		{"entries of blocks whole", "calico-vxlan-healthy", "overlay/fdb", check.Pass, nil, ""},
		{"an FDB entry of blocks is wrong", "calico-vxlan-healthy", "overlay/fdb", check.Fail, func(s *facts.Snapshot) {
			last(s, "cal-control-plane", func(h *facts.HostLook) { h.FDB[0].Dst = netip.MustParseAddr("10.89.4.250") })
		}, "10.89.4.250"},
		{"neighbours of blocks whole", "calico-vxlan-healthy", "overlay/neighbor", check.Pass, nil, ""},
		{"a neighbour of blocks is wrong", "calico-vxlan-healthy", "overlay/neighbor", check.Fail, func(s *facts.Snapshot) {
			last(s, "cal-control-plane", func(h *facts.HostLook) {
				i := slices.IndexFunc(h.Neighbors, func(n facts.Neighbor) bool { return n.Dev == "vxlan.calico" })
				h.Neighbors[i].MAC = "02:de:ad:00:00:03"
			})
		}, "02:de:ad:00:00:03"},
		{"a neighbour of blocks is missing", "calico-vxlan-healthy", "overlay/neighbor", check.Fail, func(s *facts.Snapshot) {
			last(s, "cal-control-plane", func(h *facts.HostLook) {
				h.Neighbors = slices.DeleteFunc(h.Neighbors, func(n facts.Neighbor) bool { return n.Addr == netip.MustParseAddr("10.244.95.128") })
			})
		}, "no neighbour entry for 10.244.95.128"},
		{"an external tunnel has no entries", "cilium-healthy", "overlay/fdb", check.Skip, nil, "external"},
		{"a program's routes whole", "cilium-healthy", "route/pod-cidr", check.Pass, nil, ""},
		{"a route to the program is gone", "cilium-healthy", "route/pod-cidr", check.Fail, func(s *facts.Snapshot) {
			last(s, "cil-control-plane", func(h *facts.HostLook) { h.Routes = slices.DeleteFunc(h.Routes, routesTo("10.0.2.0/24")) })
		}, "no route to 10.0.2.0/24 (the pods of cil-worker2)"},
		{"direct by BGP: a route is gone", "kuberouter-healthy", "route/pod-cidr", check.Fail, func(s *facts.Snapshot) {
			last(s, "kr-worker", func(h *facts.HostLook) { h.Routes = slices.DeleteFunc(h.Routes, routesTo("10.244.2.0/24")) })
		}, "no route to 10.244.2.0/24 (the pods of kr-worker2)"},
		{"direct by BGP: the wrong host", "kuberouter-healthy", "route/pod-cidr", check.Fail, func(s *facts.Snapshot) {
			last(s, "kr-worker", func(h *facts.HostLook) {
				i := slices.IndexFunc(h.Routes, routesTo("10.244.2.0/24"))
				h.Routes[i].Gateway = netip.MustParseAddr("10.89.0.11")
			})
		}, "10.89.0.11"},
		{"static routes of no plugin whole", "bridge-healthy", "route/pod-cidr", check.Pass, nil, ""},
		{"a static route is gone", "bridge-healthy", "route/pod-cidr", check.Fail, func(s *facts.Snapshot) {
			last(s, "bri-worker", func(h *facts.HostLook) { h.Routes = slices.DeleteFunc(h.Routes, routesTo("10.244.2.0/24")) })
		}, "no route to 10.244.2.0/24 (the pods of bri-worker2)"},
		{"links of one pod each: a route is gone", "kindnet-healthy", "route/pod-cidr", check.Fail, func(s *facts.Snapshot) {
			last(s, "kin-worker", func(h *facts.HostLook) { h.Routes = slices.DeleteFunc(h.Routes, routesTo("10.244.2.0/24")) })
		}, "no route to 10.244.2.0/24 (the pods of kin-worker2)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			k, ok := suites.ByID(c.check)
			if !ok {
				t.Fatal("no such check")
			}
			s := factstest.Read(t, filepath.Join("..", "fixtures", "recordings", "networks", c.file+".facts.json.gz"))
			if c.spoil != nil {
				c.spoil(s)
			}
			got := k.Evaluate(s)
			text := got.Why
			for _, f := range got.Findings {
				text += "\n" + f.Says
			}
			if got.Verdict != c.verdict || !strings.Contains(text, c.says) {
				t.Errorf("%s: %s", got.Verdict, text)
			}
		})
	}
}
