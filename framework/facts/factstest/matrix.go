package factstest

import (
	"strings"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/topology"
)

// Flows are all flows that the suite can ask, for the families given.
func Flows(families ...facts.Family) []facts.Flow {
	echo := []facts.Via{facts.TCP, facts.UDP, facts.ICMP}
	dns := []facts.Via{facts.DNSUDP, facts.DNSTCP}
	var out []facts.Flow
	add := func(from facts.VantageKind, to facts.TargetKind, look facts.Look, vias ...facts.Via) {
		for _, f := range families {
			for _, via := range vias {
				out = append(out, facts.Flow{From: from, To: to, Via: via, Family: f, Look: look})
			}
		}
	}
	add(facts.FromHost, facts.ToAPI, facts.First, facts.TLS)
	add(facts.FromHost, facts.ToDNSService, facts.First, dns...)
	for _, from := range []facts.VantageKind{facts.FromPod, facts.FromHost} {
		add(from, facts.ToPod, facts.Main, echo...)
		add(from, facts.ToHost, facts.Main, echo...)
		add(from, facts.ToClusterIP, facts.Main, echo[:2]...)
		add(from, facts.ToNodePort, facts.Main, echo[:2]...)
		add(from, facts.ToAPI, facts.Main, facts.TLS)
		add(from, facts.ToDNSReplica, facts.Main, dns...)
		add(from, facts.ToDNSService, facts.Main, dns...)
	}
	add(facts.FromRunner, facts.ToNodePort, facts.Main, echo[:2]...)
	add(facts.FromPod, facts.ToPod, facts.Main, facts.Closed, facts.PMTU, facts.Over)
	add(facts.FromPod, facts.ToHost, facts.Main, facts.Closed)
	add(facts.FromHost, facts.ToHost, facts.Main, facts.PMTU, facts.Over)
	return out
}

func healthyMatrix(s *facts.Snapshot, f facts.Flow) facts.Matrix {
	targets, why := topology.Targets(s, f)
	m := facts.Matrix{Flow: f, Targets: targets, Rows: []facts.Row{}, NotRun: why}
	if why != "" {
		m.Targets = []facts.Target{}
		return m
	}
	for _, v := range topology.Vantages(s, f.From) {
		row := facts.Row{From: v, Millis: 12}
		if f.Via == facts.PMTU || f.Via == facts.Over {
			row.MTU = InterfaceMTU
			if f.From == facts.FromPod {
				row.MTU = OverlayMTU
			}
		}
		for range m.Targets {
			row.Cells = append(row.Cells, facts.Cell{Outcome: f.Via.Right(), RTT: 256})
		}
		m.Rows = append(m.Rows, row)
	}
	return m
}

// Keep drops every matrix whose key has none of the prefixes ("pod>pod/tcp").
func Keep(s *facts.Snapshot, prefixes ...string) {
	var kept []facts.Matrix
	for _, m := range s.Matrices {
		for _, p := range prefixes {
			if strings.HasPrefix(m.Flow.Key(), p) {
				kept = append(kept, m)
				break
			}
		}
	}
	s.Matrices = kept
}
