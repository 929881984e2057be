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
	return append(out, furtherFlows(families)...)
}

// furtherFlows are those beyond the first checks'.
func furtherFlows(families []facts.Family) []facts.Flow {
	var out []facts.Flow
	add := func(from facts.VantageKind, to facts.TargetKind, vias ...facts.Via) {
		for _, f := range families {
			for _, via := range vias {
				out = append(out, facts.Flow{From: from, To: to, Via: via, Family: f, Look: facts.Main})
			}
		}
	}
	for _, from := range []facts.VantageKind{facts.FromPod, facts.FromHost} {
		add(from, facts.ToPod, facts.Bulk)
		add(from, facts.ToClusterIP, facts.Bulk)
		add(from, facts.ToNodePort, facts.Bulk)
		add(from, facts.ToDNSMetrics, facts.HTTP)
	}
	add(facts.FromRunner, facts.ToNodePort, facts.Bulk)
	add(facts.FromHost, facts.ToGateway, facts.ICMP)
	add(facts.FromPod, facts.ToPod, facts.Series)
	add(facts.FromHost, facts.ToHost, facts.Series, facts.ARP)
	add(facts.FromHost, facts.ToTunnel, facts.Tunnel)
	add(facts.FromHost, facts.ToNodePortLocal, facts.TCP, facts.UDP)
	add(facts.FromRunner, facts.ToNodePortLocal, facts.TCP, facts.UDP)
	add(facts.FromPod, facts.ToHairpin, facts.TCP, facts.UDP)
	add(facts.FromPod, facts.ToAffinity, facts.Sticky)
	add(facts.FromPod, facts.ToDNSRecord, facts.Record)
	add(facts.FromPod, facts.ToDNSService, facts.Race, facts.Big)
	add(facts.FromPod, facts.ToDNSReplica, facts.Race)
	return out
}

// healthyCell is the answer of a healthy network to one question.
func healthyCell(row *facts.Row, f facts.Flow, i int, t facts.Target) {
	cell := facts.Cell{Outcome: f.Via.Right(), RTT: 256}
	if t.Silent {
		cell = facts.Cell{Outcome: facts.Timeout}
	}
	row.Cells = append(row.Cells, cell)
	if f.Via == facts.Series || f.Via == facts.Race {
		row.Series = append(row.Series, facts.SeriesCell{Sent: 20, Median: 256, P95: 362, Worst: 512, Deviation: 64})
	}
	if f.Via == facts.ARP && t.Node != row.From.Node {
		row.Details = append(row.Details, facts.Detail{Target: i, Met: []string{mac(0, facts.Node{Name: t.Node})}})
	}
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
		for i, t := range targets {
			healthyCell(&row, f, i, t)
		}
		m.Rows = append(m.Rows, row)
	}
	return m
}

// Keep drops every matrix whose key has none of the prefixes ("pod>pod/tcp").
func Keep(s *facts.Snapshot, prefixes ...string) {
	s.PolicyTrial = nil
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
