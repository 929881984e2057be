package judge

import (
	"fmt"
	"strings"

	"github.com/plumbline-net/plumbline/framework/facts"
)

var fromWords = map[facts.VantageKind]string{
	facts.FromPod: "pod", facts.FromHost: "host", facts.FromRunner: "runner",
	facts.FromRuntime: "RuntimeClass pod",
}

var toWords = map[facts.TargetKind]string{
	facts.ToPod: "pod", facts.ToHost: "host", facts.ToClusterIP: "ClusterIP", facts.ToNodePort: "NodePort",
	facts.ToAPI: "API server", facts.ToDNSReplica: "DNS replica", facts.ToDNSService: "DNS Service",
	facts.ToGateway: "pod gateway", facts.ToRuntime: "RuntimeClass pod", facts.ToNodePortLocal: "NodePort with policy Local",
	facts.ToHairpin: "own Service", facts.ToAffinity: "Service with affinity", facts.ToTunnel: "tunnel port",
	facts.ToDNSMetrics: "DNS metrics", facts.ToDNSRecord: "DNS record", facts.ToDNSExternal: "external name",
	facts.ToDNSUpstream: "hosts' resolver", facts.ToNodeDNS: "node-local DNS", facts.ToEgress: "egress target",
}

var viaWords = map[facts.Via]string{
	facts.TCP: "TCP", facts.UDP: "UDP", facts.ICMP: "ICMP", facts.TLS: "TLS", facts.DNSUDP: "DNS over UDP",
	facts.DNSTCP: "DNS over TCP", facts.Closed: "closed port", facts.PMTU: "path MTU", facts.Over: "over the MTU",
	facts.Series: "series of TCP connects", facts.HTTP: "HTTP", facts.Bulk: "1 MiB over TCP", facts.Sticky: "repeated TCP connects",
	facts.Record: "DNS question", facts.Race: "A and AAAA at once", facts.Big: "large DNS answer", facts.Connect: "TCP connects",
	facts.Tunnel: "tunnel packet", facts.ARP: "ARP",
}

var familyWords = map[facts.Family]string{facts.IPv4: "IPv4", facts.IPv6: "IPv6"}

// kindOf is the kind of a flow in coverage: "pod → pod".
func kindOf(f facts.Flow) string {
	return fromWords[f.From] + " → " + toWords[f.To]
}

// titleOf is a flow for people: "Pod → pod, TCP, IPv4".
func titleOf(f facts.Flow) string {
	kind := kindOf(f)
	kind = strings.ToUpper(kind[:1]) + kind[1:]
	title := fmt.Sprintf("%s, %s, %s", kind, viaWords[f.Via], familyWords[f.Family])
	if f.Look != facts.Main {
		title += fmt.Sprintf(" (%s look)", f.Look)
	}
	return title
}
