package diagnose

import (
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
)

// partPod is the part of a packet's way within a pod (path.Place.Part).
const partPod = "pod"

// queues are causes that lie in something that is full: a table, a queue, a
// buffer. Counters prove them. What they lose is lost by chance, so most of what
// they touch succeeds at another attempt.
func queues() []cause {
	return causesOf([]stated{
		{
			id: "conntrack-full", checks: []string{"pressure/conntrack"}, holds: notAClash, also: []string{"dns/latency"},
			shows: passing, leaves: lossyOrSilent, parts: []string{partHost},
		},
		{
			id: "neighbour-table-full", checks: []string{"kernel/arp-cache"},
			shows: passing, leaves: lossyOrSilent, parts: []string{partHost},
		},
		{id: "ports-used-up", checks: []string{"pressure/ports"}},
		{id: "accept-queue-full", checks: []string{"pressure/listen-queue"}, steps: towardsSocket, parts: []string{partHost, partPod}},
		{id: "receive-buffer-full", checks: []string{"pressure/socket-buffers"}, steps: towardsSocket, parts: []string{partHost, partPod}},
		{
			id: "interface-drops", checks: []string{"pressure/interfaces"}, holds: counterProves, also: []string{"reach/quality"},
			steps: ofFirst(inSendQueue),
			shows: passing, leaves: lossyOnly, parts: []string{partNIC, partWire, partTunnel},
		},
	})
}

// notAClash: two packets that clashed need no full table.
func notAClash(_ *input, f check.Finding) bool {
	return !strings.Contains(f.Says, "clashed")
}

// counterProves: a counter of the host moved while the suite probed.
func counterProves(_ *input, f check.Finding) bool {
	return slices.ContainsFunc(f.Evidence, func(e check.Evidence) bool {
		_, grew := growthOf(e)
		return grew
	})
}

// inSendQueue: what a queue below drops, the tunnel above it counts once more.
func inSendQueue(f located) bool {
	return slices.ContainsFunc(f.Evidence, func(e check.Evidence) bool { return strings.HasPrefix(e.Source, hostCounter+"qdisc.") })
}

// lossyOnly: the answer came, but not at every attempt, or not whole; or a series
// counts what was lost.
func lossyOnly(f facts.Flow, c facts.Cell) bool {
	if c.Outcome != f.Via.Right() {
		return false
	}
	return c.Retried || c.Partial || slices.Contains([]facts.Via{facts.Series, facts.Race, facts.Connect}, f.Via)
}

// lossyOrGone: packets vanish for good, or by chance.
func lossyOrGone(f facts.Flow, c facts.Cell) bool { return silent(f, c) || lossyOnly(f, c) }

// lossyOrSilent: new connections are lost, some of them at every attempt.
func lossyOrSilent(f facts.Flow, c facts.Cell) bool {
	return lossyOnly(f, c) || c.Outcome == facts.Timeout
}
