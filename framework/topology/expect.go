package topology

import "github.com/plumbline-net/plumbline/framework/facts"

// Size is all that is presumed of a cluster which has not been asked: how many
// nodes are under test, and how many replicas its DNS has.
type Size struct {
	Nodes, DNSReplicas int
	Config             facts.Config
}

// Count is how many probes go from one kind of vantage to one kind of target:
// sources × targets, summed over the flows. One that fails is made again, and
// some ways of probing take several packets, so more attempts are sent.
type Count struct {
	From   facts.VantageKind
	To     facts.TargetKind
	Probes int
}

// Expect counts the probes that flows become in a cluster of some size, in the
// order of the flows; the numbers are those of one matrix cell each.
func Expect(flows []facts.Flow, size Size) []Count {
	at := map[[2]string]int{}
	var out []Count
	for _, f := range flows {
		key := [2]string{string(f.From), string(f.To)}
		i, known := at[key]
		if !known {
			i = len(out)
			at[key] = i
			out = append(out, Count{From: f.From, To: f.To})
		}
		sources, targets := size.Of(f)
		out[i].Probes += sources * targets
	}
	return out
}

// Of is how many vantages and targets a flow has where everything comes up.
func (s Size) Of(f facts.Flow) (vantages, targets int) { return s.sources(f.From), s.targets(f) }

func (s Size) sources(kind facts.VantageKind) int {
	switch kind {
	case facts.FromPod, facts.FromHost:
		return s.Nodes
	case facts.FromRunner:
		return 1
	case facts.FromRuntime:
		return s.Nodes * len(s.Config.RuntimeClasses)
	}
	return 0
}

// knownRecords is how many questions records asks.
const knownRecords = 7

func (s Size) targets(f facts.Flow) int {
	switch f.To {
	case facts.ToPod, facts.ToHost, facts.ToNodePort, facts.ToGateway, facts.ToNodePortLocal, facts.ToTunnel:
		if costly(f.Via) {
			return min(s.Nodes, most)
		}
		return s.Nodes
	case facts.ToRuntime:
		return s.Nodes * len(s.Config.RuntimeClasses)
	case facts.ToDNSReplica, facts.ToDNSMetrics:
		return s.DNSReplicas
	case facts.ToClusterIP, facts.ToAPI, facts.ToDNSService, facts.ToNodeDNS, facts.ToHairpin, facts.ToAffinity:
		return 1
	case facts.ToDNSRecord:
		return knownRecords
	case facts.ToDNSExternal, facts.ToDNSUpstream:
		return len(s.Config.ExternalNames) // one resolver is presumed
	case facts.ToEgress:
		return len(s.Config.Egress)
	}
	return 0
}
