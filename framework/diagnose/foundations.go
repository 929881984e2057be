package diagnose

import (
	"cmp"
	"slices"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
)

// foundation is how well a mechanism is founded, and what it is sure to break.
type foundation struct {
	// because is why what was read produces it by itself: one sentence.
	because string
	// heard: the finding is an answer that was heard, or a packet that was counted.
	heard bool
	// open: the findings are about pairs; no host has shown why.
	open bool
	// parts are those of a packet's way at which it loses packets.
	parts []string
	// must gives the cells that are sure to fail for a finding on a node; nil where
	// nothing is sure.
	must func(in *input, node string, f check.Finding) cellTest
}

// The parts of a packet's way (path.Place.Part).
const (
	partBridge      = "bridge"
	partHost        = "host"
	partTunnel      = "tunnel"
	partNIC         = "nic"
	partWire        = "wire"
	partTranslation = "translation"
)

// foundationOf gives what is known of a mechanism; one without an entry follows from
// what its checks read, and is not sure to break anything.
func foundationOf(id string) foundation {
	return map[string]foundation{
		duplicateAddress: {heard: true, because: "another machine answered for the address when it was asked for"},
		"tunnel-leftover": {
			because: "an interface of another network holds an address of the pods' range, which the kernel takes for its own",
			parts:   []string{partHost, partTunnel},
		},
		"tunnel-port-taken": {
			because: "a tunnel without its UDP port neither sends nor receives",
			parts:   []string{partTunnel, partNIC, partHost}, must: acrossAll,
		},
		"tunnel-address": {because: "the tunnel device itself holds the address that it sends from", parts: []string{partTunnel}},
		"tunnel-entry":   {because: "the entry decides where the tunnel sends what is for these pods", parts: []string{partTunnel, partWire}, must: acrossPeer},
		"route-missing": {
			because: "without the route the node does not send these packets into the pod network",
			parts:   []string{partHost}, must: acrossPeer,
		},
		"route-stale": {
			because: "the longer prefix wins over the right route",
			parts:   []string{partHost}, must: intoStale,
		},
		"route-diverted": {
			because: "the kernel itself was asked where it would send such a packet",
			parts:   []string{partHost}, must: intoDiverted,
		},
		"pod-mac": {
			because: "frames with this MAC are not for the pod, which throws them away",
			parts:   []string{partBridge, partHost}, must: intoWrongMAC,
		},
		"reverse-path":      {because: "the filter drops what comes in by another interface than answers leave by"},
		"bridge-unfiltered": {because: "what goes from port to port of the bridge is then not translated back", parts: []string{partBridge, partTranslation}},
		"pods-masqueraded":  {because: "the rule replaces the source of packets between pods"},
		"input-blocked":     {because: "the rule stands where every packet for the node itself has to pass"},
		"services-not-written": {
			because: "the data plane that was read lacks these links",
			parts:   []string{partTranslation, partHost}, must: fromUnwritten,
		},
		hairpinOff:           {because: "a port of the bridge that does not reflect cannot lead a pod back to itself", parts: []string{partBridge}},
		"rule-drops":         {because: "the rule was met while the suite probed"},
		"tunnel-too-large":   {because: "a packet of the tunnel's size does not fit the interface below it with its outer header"},
		"path-mtu":           {open: true, parts: []string{partTunnel, partHost, partNIC, partWire}, because: "packets of every size were tried: small ones arrive, large ones do not, and nothing says why"},
		"large-packets-lost": {open: true, parts: []string{partTunnel, partHost, partNIC, partWire}, because: "connections open and then get stuck with the first large packets"},
	}[id]
}

// founded puts a mechanism's foundation under a claim.
func (in *input) founded(id string, cl claim, findings []located) claim {
	base := foundationOf(id)
	cl.proved, cl.open, cl.parts = base.heard, base.open, base.parts
	cl.grounds = cmp.Or(cl.grounds, base.because)
	if base.must == nil {
		return cl
	}
	var tests []cellTest
	for _, f := range findings {
		if atOneLook(f.Finding) {
			continue
		}
		for _, n := range cl.nodes {
			if !f.names(n) {
				continue
			}
			if t := base.must(in, n, f.Finding); t != nil {
				tests = append(tests, t)
			}
		}
	}
	cl.must = eitherOf(tests)
	return cl
}

// eitherOf matches what one of the tests matches; nil where there is none.
func eitherOf(tests []cellTest) cellTest {
	if len(tests) == 0 {
		return nil
	}
	return func(f facts.Flow, from facts.Vantage, to facts.Target) bool {
		return slices.ContainsFunc(tests, func(t cellTest) bool { return t(f, from, to) })
	}
}
