package reporttest

import "github.com/plumbline-net/plumbline/framework/check"

type promise struct {
	id, says string
	level    check.Level
	flows    []string
}

// promises are those of the checks in the samples; the real ones live in suites.
func promises() []promise {
	return []promise{
		{"component/kube-proxy", "kube-proxy runs on every node", check.Core, nil},
		{"component/kube-proxy-priority", "kube-proxy is protected from eviction", check.Extended, nil},
		{"dns/replica", "Every DNS replica answers every node, over UDP and TCP", check.Core, []string{"pod>dnsReplica/dns-udp/ipv4@main"}},
		{"dns/resolv-conf", "Every pod is given the cluster DNS", check.Core, nil},
		{"dns/service", "The DNS Service answers every node", check.Core, nil},
		{"firewall/chains", "No foreign firewall stands in the way", check.Extended, nil},
		{"firewall/forward", "No rule drops forwarded pod traffic", check.Core, nil},
		{"kernel/ip-forward", "Every node forwards packets", check.Core, nil},
		{"kernel/ip-forward-boot", "Every node will forward packets after a reboot", check.Extended, nil},
		{"mtu/over-limit", "A packet over the MTU is refused loudly", check.Extended, nil},
		{"mtu/path", "Every pair carries packets of the full MTU", check.Core, []string{"pod>pod/pmtu/ipv4@main"}},
		{"node/agent", "A pod can be started and reached on every node", check.Core, nil},
		{"node/changed", "No host changed while it was being examined", check.Extended, nil},
		{"node/ready", "Every node is Ready", check.Core, nil},
		{"reach/closed-port", "A closed port refuses at once", check.Core, nil},
		{"reach/host-to-host", "Every host reaches every host", check.Core, []string{"host>host/tcp/ipv4@main"}},
		{"reach/host-to-pod", "Every host reaches every pod", check.Core, []string{"host>pod/tcp/ipv4@main"}},
		{"reach/pod-to-host", "Every pod reaches every host", check.Core, []string{"pod>host/tcp/ipv4@main"}},
		{"reach/pod-to-pod", "Every pod reaches every pod over TCP, UDP and ICMP", check.Core, []string{
			"pod>pod/tcp/ipv4@main", "pod>pod/udp/ipv4@main", "pod>pod/icmp/ipv4@main",
		}},
		{"reach/source-ip", "Pods see one another's real addresses", check.Extended, nil},
		{"service/api", "Every pod and host reaches the API server's Service", check.Core, nil},
		{"service/cluster-ip", "A ClusterIP reaches all its backends from everywhere", check.Core, nil},
		{"service/node-port", "A NodePort answers at every node", check.Core, []string{"host>nodePort/tcp/ipv4@main", "runner>nodePort/tcp/ipv4@main"}},
		{"service/ready", "The suite's own Service is programmed", check.Core, nil},
	}
}
