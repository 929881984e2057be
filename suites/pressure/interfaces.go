package pressure

import (
	_ "embed" // the explanation page
	"fmt"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/symptom"
	"github.com/plumbline-net/plumbline/suites/remedies"
)

//go:embed interfaces.md
var interfacesDoc string

// Interfaces promises that no interface in the path loses packets.
func Interfaces() check.Check {
	return check.Check{
		ID:       "pressure/interfaces",
		Promise:  "No interface in the path of the pods loses packets or its carrier while the probes run.",
		Level:    check.Extended,
		Needs:    []check.Need{check.NeedHosts},
		Looks:    bothLooks(),
		Doc:      interfacesDoc,
		Evaluate: interfaces,
	}
}

func interfaces(s *facts.Snapshot) check.Result {
	return onHosts(s, "no interface in the path loses packets", func(h host) []symptom.Symptom {
		var out []symptom.Symptom
		path := pathOf(s, h)
		if len(path) == 0 {
			return []symptom.Symptom{symptom.Unknown(h.Name, "no interface in the path was recognised")}
		}
		read := 0
		for _, i := range path {
			for _, l := range limits(i) {
				g, ok := symptom.Of(h.first, h.last, l.counter)
				if !ok {
					continue
				}
				read++
				if g.By() >= l.from && g.By()*l.share >= packets(h, l.of) {
					out = append(out, lostOn(g, i, l))
				}
			}
		}
		// The queues of CPUs are the machine's: in a node that is a container they count other nodes' packets too.
		if g, ok := symptom.Of(h.first, h.last, "softnet.dropped"); ok && g.By() > 0 && !s.InContainer(h.Name) {
			out = append(out, backlog(g))
		}
		if read == 0 {
			out = append(out, symptom.Unknown(h.Name, "the counters of the interfaces could not be read at both looks"))
		}
		return out
	})
}

// packets is how many packets passed meanwhile, by the counter of that name.
func packets(h host, counter string) int64 {
	g, _ := symptom.Of(h.first, h.last, counter)
	return g.By()
}

func lostOn(g symptom.Growth, i facts.Interface, l limit) symptom.Symptom {
	return symptom.Symptom{
		Node: g.Node, Thing: i.Name, Kind: l.counter, Verdict: check.Warn, Weight: g.By(), Evidence: []check.Evidence{g.Evidence()},
		Says: fmt.Sprintf("%s: %s while the probes ran (%s)", i.Name, l.says, g),
		Remedy: []check.Remedy{
			{Purpose: check.Find, Text: l.next, Node: g.Node, Command: fmt.Sprintf(l.command, i.Name)},
			{Text: l.repair, Node: g.Node, Command: strings.ReplaceAll(l.mend, "%s", i.Name)},
			remedies.Still(g.Node, "that the counters of errors and drops stand still",
				fmt.Sprintf("(cd /sys/class/net/%[1]s/statistics && grep . *_dropped *_errors) | xargs; tc -s qdisc show dev %[1]s | grep -o 'dropped [0-9]*' | xargs; cat /sys/class/net/%[1]s/carrier_changes", i.Name)),
		},
	}
}

func backlog(g symptom.Growth) symptom.Symptom {
	return symptom.Symptom{
		Node: g.Node, Kind: g.Counter, Verdict: check.Warn, Weight: g.By(), Evidence: []check.Evidence{g.Evidence()},
		Says: fmt.Sprintf("packets were dropped between the network card and the kernel while the probes ran (%s): the queue of a CPU was full", g),
		Remedy: []check.Remedy{
			{Text: "Make the queue longer", Node: g.Node, Command: "sysctl -w net.core.netdev_max_backlog=8192"},
			{Purpose: check.Last, Text: "Set it at every start", Node: g.Node, Command: "echo 'net.core.netdev_max_backlog = 8192' > /etc/sysctl.d/zz-backlog.conf"},
			{Purpose: check.Find, Text: "See whether one CPU takes all the interrupts", Node: g.Node, Command: "cat /proc/softirqs | grep NET_RX"},
			remedies.Still(g.Node, "that the drops of each CPU stand still", "awk '{print $2}' /proc/net/softnet_stat | xargs"),
		},
	}
}
