package factstest

import (
	"fmt"
	"net/netip"
	"strconv"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// witness fills what a healthy look holds beyond settings, interfaces, routes and rules.
func witness(h *facts.HostLook, node facts.Node, n int) {
	own, _ := strconv.Atoi(node.Name[1:])
	for i := 1; i <= n; i++ {
		if i != own {
			neighbors(h, node, i, n)
		}
	}
	for _, a := range node.PodAgent.Addrs {
		h.Neighbors = append(h.Neighbors, facts.Neighbor{Addr: a, Dev: "cni0", MAC: node.PodAgent.MAC, State: "reachable"})
	}
	h.Counters = counters(h.Look)
	h.Sockets = &facts.Sockets{
		States: map[string]int{"ESTABLISHED": 40, "LISTEN": 12, "TIME_WAIT": 20},
		UDP:    []facts.BoundSocket{{Local: netip.MustParseAddrPort("0.0.0.0:8472")}},
	}
	h.Processes = []facts.Process{
		{Name: "containerd", PID: 300, Count: 1}, {Name: "kubelet", PID: 400, Count: 1}, {Name: "systemd", PID: 1, Count: 1},
	}
	h.CNI = &facts.CNIFiles{Dir: "/etc/cni/net.d", Files: []facts.Text{{Path: "/etc/cni/net.d/10-flannel.conflist", Text: FlannelConflist}}}
	h.Load = &facts.Load{
		CPUs: 4, Load1: 0.5, Load5: 0.4, Load15: 0.3, Stall: map[string]float64{"cpu.some.avg10": 0.2},
		MemTotal: 16 << 30, MemAvailable: 12 << 30, ComputeMicros: 9000,
		Filesystems: []facts.Filesystem{
			{Path: "/", Size: 100 << 30, Available: 60 << 30, Inodes: 6000000, InodesFree: 5000000},
			{Path: "/var/lib/kubelet", Size: 100 << 30, Available: 60 << 30, Inodes: 6000000, InodesFree: 5000000},
		},
	}
	h.MachineID = machineID(own)
	h.ProxyHealth = &facts.Text{
		Path: "http://127.0.0.1:10256/healthz",
		Text: `{"lastUpdated": "2026-01-02 03:04:04 +0000 UTC","currentTime": "2026-01-02 03:04:05 +0000 UTC", "nodeEligible": true}`,
	}
	h.ProxyMode = &facts.Text{Path: "http://127.0.0.1:10249/proxyMode", Text: "iptables"}
}

// neighbors is what a node knows of peer i: its host on the link, its tunnel
// device, and the answers of the routing towards it.
func neighbors(h *facts.HostLook, node facts.Node, i, n int) {
	peer := facts.Node{Name: Name(i)}
	for k, a := range node.Internal {
		f := facts.IPv4
		if a.Is6() {
			f = facts.IPv6
		}
		remote := HostAddr(i, f)
		vtep := PodCIDR(i, f).Addr()
		h.Neighbors = append(h.Neighbors,
			facts.Neighbor{Addr: remote, Dev: "eth0", MAC: mac(0, peer), State: "reachable"},
			facts.Neighbor{Addr: vtep, Dev: "flannel.1", MAC: mac(1, peer), State: "permanent"})
		if k == 0 {
			h.FDB = append(h.FDB, facts.FDBEntry{MAC: mac(1, peer), Dev: "flannel.1", Dst: remote, State: "permanent"})
		}
		if own, _ := strconv.Atoi(node.Name[1:]); !asked(own, i, n) {
			continue
		}
		h.Lookups = append(h.Lookups, facts.Lookup{
			Dst: remote, For: "host/" + peer.Name, Dev: "eth0", PrefSrc: a, Table: 254, Type: "unicast",
		}, facts.Lookup{
			Dst: PodAddr(i, f), For: "pod/" + peer.Name, Dev: "flannel.1", Gateway: vtep, PrefSrc: node.PodCIDRs[k].Addr(), Table: 254, Type: "unicast",
		}, facts.Lookup{
			Dst: PodAddr(i, f), Src: node.PodAgent.Addrs[k], Iif: "cni0", For: "pod/" + peer.Name,
			Dev: "flannel.1", Gateway: vtep, Table: 254, Type: "unicast",
		})
	}
}

// asked says whether a node asks for the way to a peer: of many, only to those next to it.
func asked(own, peer, n int) bool {
	const most = 32 // as topology.Lookups does
	return (peer-own+n)%n <= most
}

// counters are those of a healthy host: totals are not zero, and only traffic grows.
func counters(look facts.Look) map[string]int64 {
	out := map[string]int64{
		"snmp.Udp.InDatagrams": 10000, "snmp.Udp.RcvbufErrors": 3, "snmp.Udp.SndbufErrors": 0, "snmp.Udp.InCsumErrors": 0,
		"netstat.TcpExt.ListenOverflows": 2, "netstat.TcpExt.ListenDrops": 2, "netstat.TcpExt.TCPRcvQDrop": 0,
		"netstat.TcpExt.IPReversePathFilter": 0,
		"conntrack.insert_failed":            5, "conntrack.drop": 0, "conntrack.early_drop": 0,
		"softnet.dropped": 0, "neigh.arp.table_fulls": 0, "neigh.nd.table_fulls": 0,
	}
	for _, dev := range []string{"eth0", "flannel.1", "cni0"} {
		for _, c := range []string{"rx_errors", "tx_errors", "rx_dropped", "tx_dropped", "rx_missed_errors", "carrier_changes"} {
			out["iface."+dev+"."+c] = 0
		}
	}
	if look == facts.Last {
		out["snmp.Udp.InDatagrams"] += 500
	}
	return out
}

func machineID(i int) string { return fmt.Sprintf("%032x", i) }

// FlannelConflist is the CNI configuration that flannel's manifest installs.
const FlannelConflist = `{
  "name": "cbr0",
  "cniVersion": "0.3.1",
  "plugins": [
    {"type": "flannel", "delegate": {"hairpinMode": true, "isDefaultGateway": true}},
    {"type": "portmap", "capabilities": {"portMappings": true}}
  ]
}
`
