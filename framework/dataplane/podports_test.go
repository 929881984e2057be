package dataplane_test

import (
	"net/netip"
	"testing"

	"github.com/plumbline-net/plumbline/framework/dataplane"
	"github.com/plumbline-net/plumbline/framework/facts"
)

func TestAPodsLinkIsKnownByItsKindAndAddresses(t *testing.T) {
	prefix := netip.MustParsePrefix
	for _, c := range []struct {
		name string
		link facts.Interface
		want bool
	}{
		{"a port of a bridge", facts.Interface{Name: "a1", Kind: "veth", Master: "br0"}, true},
		{"a routed veth", facts.Interface{Name: "b1", Kind: "veth", Addrs: []netip.Prefix{prefix("fe80::1/64")}}, true},
		{"with the pod's gateway", facts.Interface{Name: "c1", Kind: "veth", Addrs: []netip.Prefix{prefix("10.244.1.1/32")}}, true},
		{"netkit", facts.Interface{Name: "d1", Kind: "netkit"}, true},
		{"the NIC of a node that is a container", facts.Interface{Name: "eth0", Kind: "veth", Addrs: []netip.Prefix{prefix("172.18.0.2/16")}}, false},
		{"a NIC with a name like a pod's", facts.Interface{Name: "veth0", Kind: "device"}, false},
		{"a bridge", facts.Interface{Name: "br0", Kind: "bridge"}, false},
	} {
		if got := dataplane.PodPort(c.link); got != c.want {
			t.Errorf("%s: %t", c.name, got)
		}
	}
}
