package probe

import (
	"context"
	"net/netip"
	"testing"
	"time"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/probe/echo"
	"github.com/plumbline-net/plumbline/framework/wire"
)

// BenchmarkLoopback says how many probes one agent makes in a second to a server
// on its own host, with the parallelism of a real run. A Series is paced on
// purpose, and a Bulk carries a mebibyte each way; both are told as they are.
func BenchmarkLoopback(b *testing.B) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	server, err := echo.Listen(ctx, "far")
	if err != nil {
		b.Fatal(err)
	}
	go func() { _ = server.Serve(ctx) }()
	ports := server.Ports()
	for _, c := range []struct {
		via     facts.Via
		port    uint16
		targets int
	}{
		{facts.TCP, ports.TCP, 1000},
		{facts.UDP, ports.UDP, 1000},
		{facts.Closed, ports.Closed, 1000},
		{facts.HTTP, ports.HTTP, 1000},
		{facts.Sticky, ports.TCP, 200},
		{facts.Series, ports.TCP, 32},
		{facts.Bulk, ports.TCP, 32},
	} {
		b.Run(string(c.via), func(b *testing.B) {
			flow := tcpFlow
			flow.Via = c.via
			target := facts.Target{ID: "far", Addr: netip.MustParseAddr("127.0.0.1"), Port: c.port, Peers: []string{"far"}, Name: "/healthz"}
			plan := planFor(flow)
			for range c.targets {
				plan.Flows[0].Targets = append(plan.Flows[0].Targets, target)
			}
			plan.Timing = wire.DefaultTiming()
			sent, began := 0, time.Now()
			for b.Loop() {
				sent += probesOf(b, plan)
			}
			b.ReportMetric(float64(sent)/time.Since(began).Seconds(), "probes/s")
		})
	}
}

// probesOf runs a plan that has to succeed and gives the number of probes sent.
func probesOf(b *testing.B, plan wire.Plan) int {
	sent := 0
	err := Run(b.Context(), plan, func(l wire.Line) error {
		if l.Done != nil {
			sent += l.Done.Attempts
		}
		if l.Row != nil && l.Row.Row.Cells[0].Outcome != l.Row.Flow.Via.Right() {
			b.Errorf("%+v %+v", l.Row.Row.Cells[0], l.Row.Row.Detail(0))
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	return sent
}
