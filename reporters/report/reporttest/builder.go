package reporttest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/reporters/report"
)

// builder starts from a healthy cluster, and faults are added to it.
type builder struct {
	r     *report.Report
	nodes []string
	cells map[string][][]byte
	// recorded counts the details so far.
	recorded int
}

func newBuilder(nodes []string) *builder {
	b := &builder{nodes: nodes, cells: map[string][][]byte{}, r: &report.Report{
		APIVersion: report.APIVersion, Kind: report.Kind,
		Run: report.Run{
			ID: "7f3kq", Suite: "v0.1.0", Started: started(),
			Finished: started().Add(18*time.Second + 420*time.Millisecond), Millis: 18420,
		},
		Cluster: report.Cluster{
			Server: "https://10.88.0.2:6443", Context: "demo", UID: "8e1c1b1e-6c52-4f0b-9a55-0d8f0a3d5c11", Version: "v1.36.3",
			Families: []facts.Family{facts.IPv4}, ProxyMode: "iptables", CNI: "flannel",
			PodCIDRs: []string{"10.244.0.0/16"}, Services: []string{"10.96.0.0/16"},
		},
		Stats: facts.Stats{
			Phases: []facts.Phase{{Name: "agents", Millis: 6210}, {Name: "first look", Millis: 900}, {Name: "probing", Millis: 9800}, {Name: "last look", Millis: 700}},
			Execs:  3 * len(nodes), ExecsPerNode: 3, APIRequests: 61, Probes: 412, Bytes: 183204,
		},
	}}
	for i, n := range nodes {
		role := "worker"
		if i == 0 {
			role = "control-plane"
		}
		b.r.Nodes = append(b.r.Nodes, report.Node{
			Name: n, Addresses: []string{fmt.Sprintf("10.88.%d.%d", i/250, 2+i%250)}, PodCIDRs: []string{fmt.Sprintf("10.%d.%d.0/24", 244+i/256, i%256)},
			Role: role, Kernel: "6.1.0-38-amd64", OS: "Debian GNU/Linux 12 (bookworm)",
			Kubelet: "v1.36.3", Runtime: "containerd://2.2.1", Status: "tested",
		})
	}
	for _, p := range promises() {
		b.check(p)
	}
	return b
}

func (b *builder) check(p promise) {
	area, _, _ := strings.Cut(p.id, "/")
	held := fmt.Sprintf("%d of %d nodes", len(b.nodes), len(b.nodes))
	for _, key := range p.flows {
		b.matrix(key)
		n := len(b.nodes)
		held = fmt.Sprintf("%d of %d pairs", len(p.flows)*n*n, len(p.flows)*n*n)
	}
	b.r.Checks = append(b.r.Checks, report.Check{
		ID: p.id, Area: area, Promise: p.says, Level: p.level, Verdict: check.Pass, Why: held, Millis: 40 * (1 + len(p.id)),
	})
}

func (b *builder) matrix(key string) {
	flow, err := facts.ParseFlow(key)
	if err != nil {
		panic(err) // a sample with a wrong flow is a mistake in this package
	}
	m := report.Matrix{Flow: key, Title: title(flow)}
	for _, n := range b.nodes {
		m.Columns = append(m.Columns, string(flow.To)+"/"+n)
	}
	from := b.nodes
	if flow.From == facts.FromRunner {
		from = []string{""}
	}
	for i, n := range from {
		row := report.Row{From: facts.Vantage{Kind: flow.From, Node: n}.String()}
		for j := range b.nodes {
			row.Micros = append(row.Micros, 180+(i*31+j*17)%97+120*min(1, (i-j)*(i-j)))
		}
		m.Rows = append(m.Rows, row)
		b.cells[key] = append(b.cells[key], []byte(strings.Repeat(".", len(b.nodes))))
	}
	b.r.Matrices = append(b.r.Matrices, m)
}

func title(f facts.Flow) string {
	ends := map[facts.TargetKind]string{facts.ToPod: "pod", facts.ToHost: "host", facts.ToNodePort: "NodePort", facts.ToDNSReplica: "DNS replica"}
	return fmt.Sprintf("%s → %s, %s, %s", f.From, ends[f.To], strings.ToUpper(string(f.Via)), strings.Replace(string(f.Family), "ip", "IP", 1))
}

func (b *builder) find(id string) *report.Check {
	i := slices.IndexFunc(b.r.Checks, func(c report.Check) bool { return c.ID == id })
	return &b.r.Checks[i]
}

func (b *builder) letter(key, from, to string, letter byte) {
	for _, m := range b.r.Matrices {
		if m.Flow != key {
			continue
		}
		row := slices.IndexFunc(m.Rows, func(r report.Row) bool { return r.From == from })
		b.cells[key][row][slices.Index(m.Columns, to)] = letter
	}
}
