package facts

import (
	"fmt"
	"strings"
)

// VantageKind says what kind of place probes start from.
type VantageKind string

// The vantages.
const (
	FromPod    VantageKind = "pod"    // a probe pod in the ordinary pod network
	FromHost   VantageKind = "host"   // the node agent in the host's network namespace
	FromRunner VantageKind = "runner" // the runner itself, where it is outside the cluster
	// FromRuntime is a probe pod of a RuntimeClass that the configuration asks for.
	FromRuntime VantageKind = "runtime"
)

// TargetKind says what kind of thing is probed.
type TargetKind string

// The targets.
const (
	ToPod        TargetKind = "pod"        // every probe pod, at its pod IP
	ToHost       TargetKind = "host"       // every node agent, at the node's InternalIP
	ToClusterIP  TargetKind = "clusterIP"  // the suite's own Service at its ClusterIP
	ToNodePort   TargetKind = "nodePort"   // the suite's own Service at every node's address
	ToAPI        TargetKind = "api"        // the Service default/kubernetes
	ToDNSReplica TargetKind = "dnsReplica" // every replica of the cluster DNS, at its pod IP
	ToDNSService TargetKind = "dnsService" // the cluster DNS at its ClusterIP

	ToGateway       TargetKind = "gateway"       // the first address of every node's pod CIDR
	ToRuntime       TargetKind = "runtime"       // every probe pod of a RuntimeClass asked for
	ToNodePortLocal TargetKind = "nodePortLocal" // the suite's Service with externalTrafficPolicy Local at every node's address
	ToHairpin       TargetKind = "hairpin"       // the suite's Service behind which the asking pod itself stands
	ToAffinity      TargetKind = "affinity"      // the suite's Service with ClientIP affinity
	ToTunnel        TargetKind = "tunnel"        // the UDP port of the pod network's tunnel at every node's address
	ToDNSMetrics    TargetKind = "dnsMetrics"    // every replica of the cluster DNS, at its metrics port
	ToDNSRecord     TargetKind = "dnsRecord"     // one question of the DNS specification, at the DNS Service
	ToDNSExternal   TargetKind = "dnsExternal"   // a configured name, asked at the DNS Service
	ToDNSUpstream   TargetKind = "dnsUpstream"   // a configured name, asked at a resolver of the hosts
	ToNodeDNS       TargetKind = "nodeDNS"       // the nameserver that pods are given, where it is no Service
	ToEgress        TargetKind = "egress"        // a configured host:port outside the cluster
)

// Via says how a target is probed.
type Via string

// The ways to probe.
const (
	TCP    Via = "tcp"     // connect, echo a nonce, learn who answered and whom it saw
	UDP    Via = "udp"     // echo a nonce
	ICMP   Via = "icmp"    // echo request
	TLS    Via = "tls"     // connect and complete a TLS handshake
	DNSUDP Via = "dns-udp" // one query for kubernetes.default.svc.<domain>
	DNSTCP Via = "dns-tcp" // the same over TCP
	Closed Via = "closed"  // TCP connect to a port on which nothing listens; Refused is right
	PMTU   Via = "pmtu"    // DF datagrams, search for the path MTU
	Over   Via = "over"    // one DF datagram a byte over the interface MTU; TooBig is right

	Series  Via = "series"  // a series of TCP connects, each with its echo; Row.Series holds the figures
	HTTP    Via = "http"    // GET of Target.Name; status 200 is right
	Bulk    Via = "bulk"    // one TCP connection that carries BulkBytes both ways
	Sticky  Via = "sticky"  // a series of TCP connects, all of which one and the same peer has to answer
	Record  Via = "record"  // one DNS question; Target.Type, Want and RCode say what is right
	Race    Via = "race"    // a series of A and AAAA questions, each pair at once over one UDP socket
	Big     Via = "big"     // a DNS answer over 512 and over 1232 bytes: TC and TCP, and EDNS0
	Connect Via = "connect" // resolve Target.Name as the vantage's resolv.conf says, connect to every address in a series
	Tunnel  Via = "tunnel"  // a VXLAN packet of an unused VNI to the tunnel's port; the far node agent says that it saw it
	ARP     Via = "arp"     // ARP requests for the target on the wire; Detail.Met are the MACs that answered
)

// Family is the IP family.
type Family string

// BulkBytes is what a large transfer carries in each direction.
const BulkBytes = 1 << 20

// The families.
const (
	IPv4 Family = "ipv4"
	IPv6 Family = "ipv6"
)

// Right is the outcome that a healthy network gives to this way of asking: a
// closed port refuses, and the sender refuses what is too big for its interface.
func (v Via) Right() Outcome {
	switch v {
	case Closed:
		return Refused
	case Over:
		return TooBig
	case TCP, UDP, ICMP, TLS, DNSUDP, DNSTCP, PMTU, Series, HTTP, Bulk, Sticky, Record, Race, Big, Connect, Tunnel, ARP:
		return OK
	}
	return OK
}

// Look says in which part of a run something was observed. First is before any
// pod or Service of ours exists on the pod network, because creating those can
// heal what we came to see.
type Look string

// The looks.
const (
	First Look = "first"
	Main  Look = "main"
	Last  Look = "last"
)

// Flow is one question asked from every vantage of a kind to every target of a
// kind. Checks ask for flows; equal flows are observed once.
type Flow struct {
	From   VantageKind `json:"from"`
	To     TargetKind  `json:"to"`
	Via    Via         `json:"via"`
	Family Family      `json:"family"`
	Look   Look        `json:"look"`
}

// Key is the flow as one word, for example "pod>pod/tcp/ipv4@main".
func (f Flow) Key() string {
	return fmt.Sprintf("%s>%s/%s/%s@%s", f.From, f.To, f.Via, f.Family, f.Look)
}

// ParseFlow reads what Key wrote.
func ParseFlow(key string) (Flow, error) {
	rest, look, ok1 := strings.Cut(key, "@")
	ends, how, ok2 := strings.Cut(rest, "/")
	from, to, ok3 := strings.Cut(ends, ">")
	via, family, ok4 := strings.Cut(how, "/")
	f := Flow{VantageKind(from), TargetKind(to), Via(via), Family(family), Look(look)}
	if !ok1 || !ok2 || !ok3 || !ok4 || !f.Valid() {
		return Flow{}, fmt.Errorf("%q is not a flow (for example pod>pod/tcp/ipv4@main)", key)
	}
	return f, nil
}

// Valid says whether every part is one of the closed words.
func (f Flow) Valid() bool {
	return oneOf(f.From, FromPod, FromHost, FromRunner, FromRuntime) &&
		oneOf(f.To, ToPod, ToHost, ToClusterIP, ToNodePort, ToAPI, ToDNSReplica, ToDNSService,
			ToGateway, ToRuntime, ToNodePortLocal, ToHairpin, ToAffinity, ToTunnel,
			ToDNSMetrics, ToDNSRecord, ToDNSExternal, ToDNSUpstream, ToNodeDNS, ToEgress) &&
		oneOf(f.Via, TCP, UDP, ICMP, TLS, DNSUDP, DNSTCP, Closed, PMTU, Over,
			Series, HTTP, Bulk, Sticky, Record, Race, Big, Connect, Tunnel, ARP) &&
		oneOf(f.Family, IPv4, IPv6) && oneOf(f.Look, First, Main, Last)
}

// AtHost says whether a flow begins or ends at a host's network: it is not asked
// where host access is refused.
func (f Flow) AtHost() bool {
	return f.From == FromHost || f.To == ToHost || f.To == ToTunnel
}

// ToItself says whether a host would probe its own tunnel: no tunnel leads to its own
// node, and a plugin may take the tunnel's port from other nodes only. Nothing is sent.
func (f Flow) ToItself(from Vantage, to Target) bool {
	return f.To == ToTunnel && from.Node != "" && from.Node == to.Node
}

// ThroughService says whether a data plane has to translate the target's address.
func (f Flow) ThroughService() bool {
	return oneOf(f.To, ToClusterIP, ToNodePort, ToAPI, ToDNSService, ToNodePortLocal, ToHairpin, ToAffinity, ToDNSRecord, ToDNSExternal)
}

func oneOf[T comparable](v T, of ...T) bool {
	for _, o := range of {
		if v == o {
			return true
		}
	}
	return false
}
