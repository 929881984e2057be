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
)

// Family is the IP family.
type Family string

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
	case TCP, UDP, ICMP, TLS, DNSUDP, DNSTCP, PMTU:
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
	return oneOf(f.From, FromPod, FromHost, FromRunner) &&
		oneOf(f.To, ToPod, ToHost, ToClusterIP, ToNodePort, ToAPI, ToDNSReplica, ToDNSService) &&
		oneOf(f.Via, TCP, UDP, ICMP, TLS, DNSUDP, DNSTCP, Closed, PMTU, Over) &&
		oneOf(f.Family, IPv4, IPv6) && oneOf(f.Look, First, Main, Last)
}

func oneOf[T comparable](v T, of ...T) bool {
	for _, o := range of {
		if v == o {
			return true
		}
	}
	return false
}
