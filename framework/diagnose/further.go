package diagnose

// further are the causes that look at what the mechanisms left: first what a host
// holds or counts, then what only the figures tell, then what is merely suspect.
func further() []cause {
	out := append(settings(), queues()...)
	out = append(out, cause{"node-dns-dead", nodeDNSDead}, unevenMTU().cause(), upstreamDead().cause(), cause{"dns-replica-dead", replicaDead}, cause{"egress-target", egressTarget})
	out = append(out, endpoints()...)
	out = append(out, cause{"node-overloaded", nodeOverloaded}, cause{"packet-loss", packetLoss}, cause{"delay", delayed})
	return append(out, strangers()...)
}
