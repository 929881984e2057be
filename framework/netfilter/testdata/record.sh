#!/bin/sh
# Records the dumps beside this file from a real kernel, each in a network
# namespace of its own. Run as root: sh record.sh
# lab-worker is a node of the lab (kube-proxy 1.36, flannel) as facts.json holds it.
# kube-nftables-1.36 is one of the lab with kube-proxy 1.36 and nftables, with counters.
set -eu
cd "$(dirname "$0")"

# record NAME: runs the commands on stdin in a new namespace, then dumps.
record() {
	mkdir -p "$1"
	{
		echo 'set -eu; ip link set lo up'
		cat
		echo "iptables-nft-save > $1/iptables-nft-save.txt 2>/dev/null"
		echo "ip6tables-nft-save > $1/ip6tables-nft-save.txt 2>/dev/null"
		echo "iptables-legacy-save > $1/iptables-legacy-save.txt"
		echo "nft --json list ruleset > $1/nft.txt"
	} | unshare -n sh
	sed -i '/^# /d' "$1"/*-save.txt
	sed -i 's/, {"\(table\|chain\|rule\|set\|map\)"/,\n{"\1"/g' "$1/nft.txt"
}

# What kube-proxy (iptables) and flannel write.
kube() {
	cat <<'RULES'
iptables-nft-restore <<'X'
*nat
:KUBE-SERVICES - [0:0]
:KUBE-NODEPORTS - [0:0]
:KUBE-MARK-MASQ - [0:0]
:KUBE-POSTROUTING - [0:0]
:KUBE-SVC-TCOU7JCQXEZGVUNU - [0:0]
:KUBE-SEP-AAAAAAAAAAAAAAAA - [0:0]
:FLANNEL-POSTRTG - [0:0]
-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING
-A POSTROUTING -m comment --comment "flanneld masq" -j FLANNEL-POSTRTG
-A KUBE-SERVICES -d 10.96.0.10/32 -p udp -m comment --comment "kube-system/kube-dns:dns cluster IP" -m udp --dport 53 -j KUBE-SVC-TCOU7JCQXEZGVUNU
-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
-A KUBE-SVC-TCOU7JCQXEZGVUNU ! -s 10.244.0.0/16 -d 10.96.0.10/32 -p udp -m comment --comment "kube-system/kube-dns:dns cluster IP" -m udp --dport 53 -j KUBE-MARK-MASQ
-A KUBE-SVC-TCOU7JCQXEZGVUNU -m comment --comment "kube-system/kube-dns:dns -> 10.244.1.3:53" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-AAAAAAAAAAAAAAAA
-A KUBE-SEP-AAAAAAAAAAAAAAAA -p udp -m comment --comment "kube-system/kube-dns:dns" -m udp -j DNAT --to-destination 10.244.1.3:53
-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000
-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
-A KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0
-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully
-A FLANNEL-POSTRTG -m mark --mark 0x4000/0x4000 -m comment --comment "flanneld masq" -j RETURN
-A FLANNEL-POSTRTG -s 10.244.1.0/24 -d 10.244.0.0/16 -m comment --comment "flanneld masq" -j RETURN
-A FLANNEL-POSTRTG -s 10.244.0.0/16 -d 10.244.1.0/24 -m comment --comment "flanneld masq" -j RETURN
-A FLANNEL-POSTRTG ! -s 10.244.0.0/16 -d 10.244.1.0/24 -m comment --comment "flanneld masq" -j RETURN
-A FLANNEL-POSTRTG -s 10.244.0.0/16 ! -d 224.0.0.0/4 -m comment --comment "flanneld masq" -j MASQUERADE --random-fully
COMMIT
*mangle
:KUBE-IPTABLES-HINT - [0:0]
:KUBE-KUBELET-CANARY - [0:0]
:KUBE-PROXY-CANARY - [0:0]
COMMIT
*filter
:KUBE-EXTERNAL-SERVICES - [0:0]
:KUBE-FIREWALL - [0:0]
:KUBE-FORWARD - [0:0]
:KUBE-NODEPORTS - [0:0]
:KUBE-PROXY-FIREWALL - [0:0]
:KUBE-SERVICES - [0:0]
:FLANNEL-FWD - [0:0]
-A INPUT -m conntrack --ctstate NEW -m comment --comment "kubernetes load balancer firewall" -j KUBE-PROXY-FIREWALL
-A INPUT -m comment --comment "kubernetes health check service ports" -j KUBE-NODEPORTS
-A INPUT -m conntrack --ctstate NEW -m comment --comment "kubernetes externally-visible service portals" -j KUBE-EXTERNAL-SERVICES
-A INPUT -j KUBE-FIREWALL
-A FORWARD -m conntrack --ctstate NEW -m comment --comment "kubernetes load balancer firewall" -j KUBE-PROXY-FIREWALL
-A FORWARD -m comment --comment "kubernetes forwarding rules" -j KUBE-FORWARD
-A FORWARD -m conntrack --ctstate NEW -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A FORWARD -m conntrack --ctstate NEW -m comment --comment "kubernetes externally-visible service portals" -j KUBE-EXTERNAL-SERVICES
-A FORWARD -m comment --comment "flanneld forward" -j FLANNEL-FWD
-A OUTPUT -m conntrack --ctstate NEW -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A OUTPUT -j KUBE-FIREWALL
-A KUBE-FIREWALL ! -s 127.0.0.0/8 -d 127.0.0.0/8 -m comment --comment "block incoming localnet connections" -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP
-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP
-A KUBE-FORWARD -m comment --comment "kubernetes forwarding rules" -m mark --mark 0x4000/0x4000 -j ACCEPT
-A KUBE-FORWARD -m comment --comment "kubernetes forwarding conntrack rule" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A KUBE-SERVICES -d 10.96.7.7/32 -p tcp -m comment --comment "default/empty has no endpoints" -m tcp --dport 80 -j REJECT --reject-with icmp-port-unreachable
-A FLANNEL-FWD -s 10.244.0.0/16 -m comment --comment "flanneld forward" -j ACCEPT
-A FLANNEL-FWD -d 10.244.0.0/16 -m comment --comment "flanneld forward" -j ACCEPT
COMMIT
X
RULES
}

kube | record kube-flannel
{ kube; echo 'iptables-nft -I FORWARD 1 -j REJECT --reject-with icmp-host-prohibited'; } | record forward-reject
{
	kube
	echo 'iptables-nft -D FORWARD -m comment --comment "flanneld forward" -j FLANNEL-FWD; iptables-nft -P FORWARD DROP'
} | record forward-policy
{
	kube
	cat <<'RULES'
iptables-nft -N FORWARD_direct; iptables-nft -N FORWARD_IN_ZONES; iptables-nft -N FWDI_public; iptables-nft -N FWDI_public_allow
iptables-nft -F FORWARD
iptables-nft -A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED,DNAT -j ACCEPT
iptables-nft -A FORWARD -i lo -j ACCEPT
iptables-nft -A FORWARD -j FORWARD_direct
iptables-nft -A FORWARD -j FORWARD_IN_ZONES
iptables-nft -A FORWARD -m conntrack --ctstate INVALID -j DROP
iptables-nft -A FORWARD -j REJECT --reject-with icmp-host-prohibited
iptables-nft -A FORWARD -m comment --comment "flanneld forward" -j FLANNEL-FWD
iptables-nft -A FORWARD_IN_ZONES -i eth0 -g FWDI_public
iptables-nft -A FORWARD_IN_ZONES -g FWDI_public
iptables-nft -A FWDI_public -j FWDI_public_allow
iptables-nft -A FWDI_public -p icmp -j ACCEPT
RULES
} | record firewalld-iptables
{
	kube
	cat <<'RULES'
nft -f - <<'X'
table inet firewalld {
	chain filter_FORWARD {
		type filter hook forward priority filter + 10; policy accept;
		ct state { established, related } accept
		ct status dnat accept
		iifname "lo" accept
		ct state invalid drop
		ip6 daddr { ::/96, ::ffff:0.0.0.0/96 } reject with icmpv6 addr-unreachable
		jump filter_FORWARD_POLICIES
		reject with icmpx admin-prohibited
	}
	chain filter_FORWARD_POLICIES {
		iifname "eth0" oifname "eth0" jump filter_FWD_public
		iifname "eth0" jump filter_FWD_public
		jump filter_FWD_public
	}
	chain filter_FWD_public {
		meta l4proto { icmp, ipv6-icmp } accept
	}
}
X
RULES
} | record firewalld-nft
{
	kube
	cat <<'RULES'
nft -f - <<'X'
table inet site {
	set pods { type ipv4_addr; flags interval; elements = { 10.244.0.0/16 } }
	chain early {
		type filter hook prerouting priority -310; policy accept;
		udp dport 53 accept
		ip saddr @pods ip daddr 10.244.0.0/16 counter drop
	}
}
X
RULES
} | record native-drop
{
	kube
	cat <<'RULES'
nft -f - <<'X'
table inet site {
	set bad { type ipv4_addr; flags interval; elements = { 192.0.2.0/24, 198.51.100.1 } }
	chain passing {
		type filter hook forward priority filter; policy accept;
		tcp dport 23 drop
		ip saddr @bad drop
		ip saddr 192.0.2.1-192.0.2.9 drop
		limit rate over 1000/second drop
		fib saddr . iif oif missing drop
		meta mark & 0xff == 0x7 drop
		meta mark set 0x9
		meta mark 0x9 accept
		drop
	}
	chain other { type filter hook output priority filter; policy drop; }
}
table bridge bridged { chain passing { type filter hook forward priority 0; policy drop; }; }
X
RULES
} | record native-harmless
{
	cat <<'RULES'
iptables-legacy -A FORWARD -j DROP
iptables-nft -N DOCKER-USER; iptables-nft -N DOCKER-ISOLATION-STAGE-1; iptables-nft -N DOCKER-ISOLATION-STAGE-2
iptables-nft -P FORWARD ACCEPT
iptables-nft -A FORWARD -j DOCKER-USER
iptables-nft -A FORWARD -j DOCKER-ISOLATION-STAGE-1
iptables-nft -A DOCKER-ISOLATION-STAGE-1 -i docker0 ! -o docker0 -j DOCKER-ISOLATION-STAGE-2
iptables-nft -A DOCKER-ISOLATION-STAGE-1 -j RETURN
iptables-nft -A DOCKER-ISOLATION-STAGE-2 -o docker0 -j DROP
RULES
} | record docker-and-legacy-drop
{
	cat <<'RULES'
iptables-nft -P FORWARD DROP
iptables-nft -N cali-FORWARD; iptables-nft -N cali-from-wl-dispatch; iptables-nft -N cali-fw-cali123
iptables-nft -A FORWARD -m comment --comment "cali:wUHhoiAYhphO9Mso" -j cali-FORWARD
iptables-nft -A FORWARD -m comment --comment "cali:S93hcgKJrXEqnTfs" -m mark --mark 0x10000/0x10000 -j ACCEPT
iptables-nft -A cali-FORWARD -j MARK --set-xmark 0x0/0xe0000
iptables-nft -A cali-FORWARD -i cali+ -j cali-from-wl-dispatch
iptables-nft -A cali-from-wl-dispatch -i cali123 -g cali-fw-cali123
iptables-nft -A cali-from-wl-dispatch -m comment --comment "Unknown interface" -j DROP
iptables-nft -A cali-fw-cali123 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
iptables-nft -A cali-fw-cali123 -j MARK --set-xmark 0x10000/0x10000
iptables-nft -A cali-fw-cali123 -m mark --mark 0x10000/0x10000 -j RETURN
iptables-nft -A cali-fw-cali123 -j DROP
RULES
} | record calico-like
{
	cat <<'RULES'
nft -f - <<'X'
table ip kube-proxy {
	set cluster-ips { type ipv4_addr; elements = { 10.96.0.1, 10.96.0.10 } }
	map firewall-ips { type ipv4_addr . inet_proto . inet_service : verdict; }
	map no-endpoint-services { type ipv4_addr . inet_proto . inet_service : verdict; }
	map service-ips { type ipv4_addr . inet_proto . inet_service : verdict; elements = { 10.96.0.10 . udp . 53 : goto service-dns } }
	chain filter-prerouting { type filter hook prerouting priority dstnat - 10; policy accept; ct state new jump firewall-check; }
	chain filter-forward { type filter hook forward priority -110; policy accept; ct state new jump service-endpoints-check
		ct state new jump cluster-ips-check; }
	chain nat-prerouting { type nat hook prerouting priority dstnat; policy accept; jump services; }
	chain nat-postrouting { type nat hook postrouting priority srcnat; policy accept; jump masquerading; }
	chain firewall-check { ip daddr . meta l4proto . th dport vmap @firewall-ips; }
	chain service-endpoints-check { ip daddr . meta l4proto . th dport vmap @no-endpoint-services; }
	chain cluster-ips-check { ip daddr @cluster-ips reject; }
	chain services { ip daddr . meta l4proto . th dport vmap @service-ips; }
	chain masquerading { mark & 0x4000 == 0 return
		mark set mark ^ 0x4000
		masquerade fully-random; }
	chain service-dns { ip daddr 10.96.0.10 udp dport 53 ip saddr != 10.244.0.0/16 jump mark-for-masquerade; }
	chain mark-for-masquerade { mark set mark | 0x4000; }
}
X
RULES
} | record kube-nftables
