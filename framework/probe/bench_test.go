package probe_test

import (
	"testing"
	"time"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/netlab"
)

// BenchmarkOneAgent says how many probes one agent makes in a second, to a
// server in another network namespace, with the parallelism of a real run.
func BenchmarkOneAgent(b *testing.B) {
	client, server := netlab.New(b, "client"), netlab.New(b, "server")
	netlab.Join(b, client, "eth0", server, "eth0")
	client.Set(b, "net/ipv4/ping_group_range", "0 2147483647")
	client.IP(b, "address add 10.2.0.1/24 dev eth0")
	server.IP(b, "address add 10.2.0.2/24 dev eth0")
	r := routed{client: client, server: server, ports: serveIn(b, server, "pod/server")}
	for _, via := range []facts.Via{facts.TCP, facts.UDP, facts.ICMP, facts.Closed, facts.PMTU} {
		b.Run(string(via), func(b *testing.B) {
			const targets = 1000
			all := make([]facts.Target, targets)
			for i := range all {
				all[i] = r.target(via, 4, 2)
			}
			flow := flowOf(via, all[0].Addr)
			plan := planOf(flow, all...)
			plan.Timing.Parallel = 64
			var took time.Duration
			for b.Loop() {
				row := probeIn(b, client, plan)[flow]
				for i, c := range row.Cells {
					if c.Outcome != facts.OK && c.Outcome != facts.Refused {
						b.Fatalf("target %d: %+v %+v", i, c, row.Detail(i))
					}
				}
				took += time.Duration(max(1, row.Millis)) * time.Millisecond
			}
			b.ReportMetric(float64(targets*b.N)/took.Seconds(), "probes/s")
		})
	}
}
