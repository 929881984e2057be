package inspect

import (
	"errors"
	"maps"
	"net"
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/netlab"
)

func TestCountersOfInterfacesAreSeenButThoseOfPodsAreNot(t *testing.T) {
	node, pod, far := newNode(t), netlab.New(t, "pod"), netlab.New(t, "far")
	netlab.Join(t, node, "vethpod", pod, "eth0")
	netlab.Join(t, node, "uplink", far, "eth0")
	node.IP(t, `
		link set vethpod master cni0
		address add 198.51.100.1/24 dev uplink
		link set uplink txqueuelen 10`)
	run(t, node, "tc", "qdisc", "replace", "dev", "uplink", "root", "pfifo", "limit", "2")
	host := lookIn(t, node).Host
	if host.Qdiscs["uplink"] != "pfifo" || host.Qdiscs["eth0"] != "" {
		t.Errorf("the queueing disciplines: %v", host.Qdiscs)
	}
	c := host.Counters
	for _, name := range []string{
		"iface.eth0.rx_dropped", "iface.eth0.carrier_changes", "iface.uplink.rx_errors", "iface.uplink.carrier_changes", "iface.vxlan1.tx_dropped",
		"iface.cni0.tx_errors", "qdisc.uplink.drops", "neigh.arp.table_fulls", "neigh.nd.table_fulls", "softnet.dropped",
		"snmp.Udp.RcvbufErrors", "netstat.TcpExt.ListenOverflows", "snmp6.Udp6RcvbufErrors", "conntrack.insert_failed",
	} {
		if v, ok := c[name]; !ok || v < 0 {
			t.Errorf("%s is missing", name)
		}
	}
	for name := range c {
		if strings.Contains(name, "vethpod") {
			t.Errorf("%s is of a pod", name)
		}
	}
	if c["iface.uplink.carrier_changes"] == 0 {
		t.Error("the uplink has come up, which is not counted")
	}
}

func TestTheNetworkOfTheReaderIsCounted(t *testing.T) {
	n := netlab.New(t, "node")
	before := lookIn(t, n).Host.Counters
	err := n.Do(func() error {
		c, err := net.Dial("udp", "127.0.0.1:9")
		if err != nil {
			return err
		}
		_, _ = c.Write([]byte("nobody is there"))
		return c.Close()
	})
	if err != nil {
		t.Fatal(err)
	}
	after := lookIn(t, n).Host.Counters
	if grown := after["snmp.Udp.NoPorts"] - before["snmp.Udp.NoPorts"]; grown != 1 {
		t.Errorf("one datagram met no port, and %d are counted", grown)
	}
	if grown := after["iface.lo.rx_packets"] - before["iface.lo.rx_packets"]; grown < 2 {
		t.Errorf("%d packets on the loopback device", grown)
	}
}

func TestConnectionTrackingSaysTheSameInBothWays(t *testing.T) {
	netlab.Require(t, "nft")
	n := netlab.New(t, "node")
	n.NFT(t, "table inet t { chain c { type filter hook output priority 0; ct state invalid counter\n}\n}\n")
	err := n.Do(func() error {
		c, err := net.Dial("udp", "127.0.0.1:9")
		if err != nil {
			return err
		}
		_, err = c.Write([]byte("tracked"))
		return errors.Join(err, c.Close())
	})
	if err != nil {
		t.Fatal(err)
	}
	present, err := symbols()("ctnetlink_stat_ct_cpu")
	if err != nil {
		t.Fatal(err)
	}
	if !present {
		t.Skip("this kernel has no nf_conntrack_netlink, and looking must not load it")
	}
	err = n.Do(func() error {
		text, err := readProc("/proc/thread-self/net/stat/nf_conntrack")
		if err != nil {
			return err
		}
		byProc, err := parseConntrack(text)
		if err != nil {
			return err
		}
		byNetlink, err := conntrackByNetlink()
		if !maps.Equal(byProc, byNetlink) {
			t.Errorf("%v,\nand by netlink %v", byProc, byNetlink)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
