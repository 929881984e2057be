package recognise

import (
	"fmt"
	"maps"
	"slices"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// witnesses count the hosts by what they show of a kube-proxy.
type witnesses struct {
	looked, read, health, modes, rules, current, processes int
	words                                                  map[string]int // modes by the mode port
	byRules                                                map[string]int // modes by whose rules are there
}

// mostRead bounds the hosts whose rules are read for what the cluster as a whole
// has: dumps are long, and its hosts are alike.
const mostRead = 8

func witnessed(s *facts.Snapshot) witnesses {
	w := witnesses{words: map[string]int{}, byRules: map[string]int{}}
	for _, n := range s.Selected() {
		h := ports(s, n.Name)
		if !h.Looked {
			continue
		}
		if w.looked < mostRead {
			h.rules(s, n.Name)
			w.read++
		}
		w.looked++
		w.health += count(h.Health)
		w.modes += count(h.Mode != "")
		w.processes += count(h.Process)
		if h.Mode != "" {
			w.words[h.Mode]++
		}
		if h.Rules != "" {
			w.rules++
			w.byRules[h.Rules]++
		}
		w.current += count(h.Current)
	}
	return w
}

func count(b bool) int {
	if b {
		return 1
	}
	return 0
}

// runs: the mode port is kube-proxy's alone, and so is a process of its name; what
// answers at the health port may be another's, unless its rules are there, too.
// Rules alone count where they hold Services that this run has made.
func (w witnesses) runs() bool {
	return w.modes > 0 || w.processes > 0 || w.current > 0 || w.health > 0 && w.rules > 0
}

func (w witnesses) mode() string {
	if most := usual(w.words); most != "" {
		return most
	}
	return usual(w.byRules)
}

func usual(counts map[string]int) string {
	out := ""
	for _, word := range slices.Sorted(maps.Keys(counts)) {
		if out == "" || counts[word] > counts[out] {
			out = word
		}
	}
	return out
}

func (w witnesses) signs() []string {
	var out []string
	for _, s := range []struct {
		hosts, of int
		what      string
	}{
		{w.health, w.looked, "health port 10256"}, {w.modes, w.looked, "mode port 10249"}, {w.rules, w.read, "rules"}, {w.processes, w.looked, "process kube-proxy"},
	} {
		if s.hosts > 0 {
			out = append(out, fmt.Sprintf("%s on %d of %d hosts", s.what, s.hosts, s.of))
		}
	}
	return out
}

// HostProxy is what one host shows of a kube-proxy.
type HostProxy struct {
	Looked bool // the host was looked at for it
	Health bool // the health port answers in its form, at the newest look
	Mode   string
	// Rules is the mode whose rules are there; Current: they hold this run's own Services.
	Rules   string
	Current bool
	// Telling: the run has Services of its own and the rules were read after they were made.
	Telling bool
	Process bool // there is a process of its name
}

// OnHost reads what one host shows, at its newest look.
func OnHost(s *facts.Snapshot, node string) HostProxy {
	out := ports(s, node)
	out.rules(s, node)
	return out
}

// ports are what the host shows without its rules.
func ports(s *facts.Snapshot, node string) HostProxy {
	var out HostProxy
	for _, look := range []facts.Look{facts.First, facts.Last} {
		h := s.Host(node, look)
		if h == nil || h.NotRun != "" {
			continue
		}
		out.Looked = out.Looked || h.ProxyHealth != nil || h.ProxyMode != nil || len(h.Firewall) > 0
		if h.ProxyHealth != nil {
			out.Health = answered(h.ProxyHealth)
		}
		if h.ProxyMode != nil {
			out.Mode = Mode(h)
		}
		if h.Processes != nil {
			out.Process = slices.ContainsFunc(h.Processes, func(p facts.Process) bool { return p.Name == "kube-proxy" })
		}
	}
	return out
}

// rules reads the rules of the newest look that has some.
func (p *HostProxy) rules(s *facts.Snapshot, node string) {
	for _, look := range []facts.Look{facts.Last, facts.First} {
		h := s.Host(node, look)
		if h == nil || h.NotRun != "" || len(h.Firewall) == 0 {
			continue
		}
		p.Rules = rulesOf(h)
		if addrs := ownServices(s); look == facts.Last && len(addrs) > 0 {
			p.Telling, p.Current = true, holdsAll(h, p.Rules, addrs)
		}
		return
	}
}

// ownServices are the addresses of the Services that this run has made.
func ownServices(s *facts.Snapshot) []string {
	if len(s.Service.ClusterIPs) == 0 || s.Service.NotRun != "" {
		return nil
	}
	return s.Service.ClusterIPs
}
