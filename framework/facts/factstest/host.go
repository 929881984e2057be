package factstest

import (
	"fmt"
	"net/netip"
	"strconv"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// Host is one healthy look at a node of a cluster of n nodes: flannel with
// VXLAN, kube-proxy with iptables.
func Host(node facts.Node, look facts.Look, n int) facts.HostLook {
	h := facts.HostLook{
		Node: node.Name, Look: look, Kernel: node.Kernel,
		Sysctls:     sysctls(),
		SysctlFiles: sysctlFiles(),
		Interfaces:  interfaces(node, n),
		ResolvConf:  &facts.Text{Path: "/etc/resolv.conf", Text: "nameserver 10.0.0.1\n"},
		Firewall:    firewall(),
	}
	witness(&h, node, n)
	for _, cidr := range node.PodCIDRs {
		h.Routes = append(h.Routes, routes(cidr, n)...)
	}
	for _, r := range []facts.Rule{
		{Priority: 0, Table: 255}, {Priority: 32766, Table: 254}, {Priority: 32767, Table: 253},
	} {
		r.Family, r.Action = facts.IPv4, "lookup"
		h.Rules = append(h.Rules, r)
	}
	return h
}

// firewall is one dump per tool; only iptables-nft has chains here.
func firewall() []facts.Dump {
	return []facts.Dump{
		{Tool: "iptables-nft-save", Text: HealthyRules},
		{Tool: "ip6tables-nft-save"},
		{Tool: "iptables-legacy-save"},
		{Tool: "ip6tables-legacy-save"},
		{Tool: "nft", Text: `{"nftables": []}`},
	}
}

func sysctls() map[string]string {
	return map[string]string{
		"net.ipv4.ip_forward":                 "1",
		"net.ipv4.conf.all.forwarding":        "1",
		"net.ipv4.conf.default.forwarding":    "1",
		"net.ipv6.conf.all.forwarding":        "1",
		"net.ipv6.conf.default.forwarding":    "1",
		"net.bridge.bridge-nf-call-iptables":  "1",
		"net.bridge.bridge-nf-call-ip6tables": "1",
		"net.ipv4.conf.all.rp_filter":         "0",
		"net.ipv4.conf.eth0.rp_filter":        "0",
		"net.ipv4.conf.flannel/1.rp_filter":   "0",
		"net.ipv4.conf.cni0.rp_filter":        "0",
		"net.ipv4.ip_local_port_range":        "32768 60999",
		"net.ipv4.neigh.default.gc_thresh3":   "1024",
		"net.ipv6.neigh.default.gc_thresh3":   "1024",
		"net.netfilter.nf_conntrack_max":      "262144",
		"net.netfilter.nf_conntrack_count":    "120",
	}
}

func sysctlFiles() *facts.SysctlFiles {
	const file = "/etc/sysctl.d/99-kubernetes.conf"
	return &facts.SysctlFiles{
		Files: []string{"/usr/lib/sysctl.d/50-default.conf", file, "/etc/sysctl.conf"},
		Settings: []facts.SysctlSetting{
			{File: file, Line: 1, Key: "net.ipv4.ip_forward", Value: "1"},
			{File: file, Line: 2, Key: "net.ipv6.conf.all.forwarding", Value: "1"},
		},
	}
}

func interfaces(node facts.Node, n int) []facts.Interface {
	eth := facts.Interface{Name: "eth0", Index: 2, Kind: "veth", MTU: InterfaceMTU, MAC: mac(0, node), Up: true}
	overlay := facts.Interface{Name: "flannel.1", Index: 3, Kind: "vxlan", MTU: OverlayMTU, MAC: mac(1, node), Up: true}
	bridge := facts.Interface{Name: "cni0", Index: 4, Kind: "bridge", MTU: OverlayMTU, MAC: mac(2, node), Up: true}
	for _, a := range node.Internal {
		eth.Addrs = append(eth.Addrs, netip.PrefixFrom(a, prefixOfLink(a, n)))
	}
	for _, cidr := range node.PodCIDRs {
		overlay.Addrs = append(overlay.Addrs, netip.PrefixFrom(cidr.Addr(), cidr.Addr().BitLen()))
		bridge.Addrs = append(bridge.Addrs, netip.PrefixFrom(cidr.Addr().Next(), cidr.Bits()))
	}
	overlay.Vxlan = &facts.Vxlan{VNI: 1, Port: 8472, Local: node.Internal[0], Device: "eth0"}
	return []facts.Interface{
		{
			Name: "lo", Index: 1, Kind: "device", MTU: 65536, Up: true,
			Addrs: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/8"), netip.MustParsePrefix("::1/128")},
		},
		eth, overlay, bridge,
	}
}

// prefixOfLink is that of the segment on which all n hosts are.
func prefixOfLink(a netip.Addr, n int) int {
	switch {
	case !a.Is4():
		return 64
	case n > 200:
		return 16
	}
	return 24
}

func mac(kind int, node facts.Node) string {
	i, _ := strconv.Atoi(node.Name[1:]) // names are made by Name
	return fmt.Sprintf("02:00:00:%02x:%02x:%02x", i>>8, kind, i&0xff)
}

func routes(own netip.Prefix, n int) []facts.Route {
	const mainTable = 254
	family := facts.IPv4
	if own.Addr().Is6() {
		family = facts.IPv6
	}
	gateway := addr(family, "10.0.0.%d", "fd00:10::%x", 1)
	out := []facts.Route{
		{Gateway: gateway, Dev: "eth0", Type: "unicast", Table: mainTable, Family: family},
		{
			Dst: netip.PrefixFrom(gateway, prefixOfLink(gateway, n)).Masked(), Dev: "eth0",
			Type: "unicast", Table: mainTable, Family: family,
		},
	}
	for i := 1; i <= n; i++ {
		r := facts.Route{Dst: PodCIDR(i, family), Type: "unicast", Table: mainTable, Family: family, Dev: "cni0"}
		if r.Dst != own {
			r.Dev, r.Gateway = "flannel.1", r.Dst.Addr()
		}
		out = append(out, r)
	}
	return out
}

// HealthyRules is what kube-proxy and flannel leave on a node, shortened. Only rules
// that drop have their counters, so that rules are easily put before others.
const HealthyRules = `*nat
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:FLANNEL-POSTRTG - [0:0]
:KUBE-MARK-MASQ - [0:0]
:KUBE-NODEPORTS - [0:0]
:KUBE-POSTROUTING - [0:0]
:KUBE-SERVICES - [0:0]
:KUBE-SVC-ERIFXISQEP7F7OF4 - [0:0]
:KUBE-SVC-NPX46M4PTMTKRN6Y - [0:0]
:KUBE-SVC-TCOU7JCQXEZGVUNU - [0:0]
-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A KUBE-SERVICES -d 10.96.0.1/32 -p tcp -m comment --comment "default/kubernetes:https cluster IP" -m tcp --dport 443 -j KUBE-SVC-NPX46M4PTMTKRN6Y
-A KUBE-SERVICES -d 10.96.0.10/32 -p tcp -m comment --comment "kube-system/kube-dns:dns-tcp cluster IP" -m tcp --dport 53 -j KUBE-SVC-ERIFXISQEP7F7OF4
-A KUBE-SERVICES -d 10.96.0.10/32 -p udp -m comment --comment "kube-system/kube-dns:dns cluster IP" -m udp --dport 53 -j KUBE-SVC-TCOU7JCQXEZGVUNU
-A POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING
-A POSTROUTING -m comment --comment "flanneld masq" -j FLANNEL-POSTRTG
-A FLANNEL-POSTRTG -s 10.244.0.0/16 -d 10.244.0.0/16 -m comment --comment "flanneld masq" -j RETURN
-A FLANNEL-POSTRTG -s 10.244.0.0/16 ! -d 224.0.0.0/4 -m comment --comment "flanneld masq" -j MASQUERADE --random-fully
-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000
-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
-A KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0
-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully
COMMIT
*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:FLANNEL-FWD - [0:0]
:KUBE-FIREWALL - [0:0]
:KUBE-FORWARD - [0:0]
-A INPUT -j KUBE-FIREWALL
-A FORWARD -m comment --comment "kubernetes forwarding rules" -j KUBE-FORWARD
-A FORWARD -m comment --comment "flanneld forward" -j FLANNEL-FWD
-A OUTPUT -j KUBE-FIREWALL
-A FLANNEL-FWD -s 10.244.0.0/16 -m comment --comment "flanneld forward" -j ACCEPT
-A FLANNEL-FWD -d 10.244.0.0/16 -m comment --comment "flanneld forward" -j ACCEPT
[0:0] -A KUBE-FIREWALL ! -s 127.0.0.0/8 -d 127.0.0.0/8 -m comment --comment "block incoming localnet connections" -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP
[0:0] -A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP
-A KUBE-FORWARD -m comment --comment "kubernetes forwarding rules" -m mark --mark 0x4000/0x4000 -j ACCEPT
-A KUBE-FORWARD -m comment --comment "kubernetes forwarding conntrack rule" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
COMMIT
`
