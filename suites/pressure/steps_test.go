package pressure_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
	"github.com/plumbline-net/plumbline/suites/pressure"
)

// TestAStuckSocketWithoutAnOwnerIsLookedForAndNothingIsEnded: the agent cannot see
// into every process, and ss -l shows no connection.
func TestAStuckSocketWithoutAnOwnerIsLookedForAndNothingIsEnded(t *testing.T) {
	for _, netns := range []string{"host", "10.244.2.77"} {
		s := factstest.Healthy(3)
		both(s, "n2", func(h *facts.HostLook) {
			h.Sockets.Queues = []facts.SocketQueue{{
				Proto: "tcp", State: "ESTABLISHED", Local: netip.MustParseAddrPort("10.0.0.12:35250"), Peer: netip.MustParseAddrPort("10.96.0.1:443"),
				RecvQ: 65536, OwnerUnknown: true, Netns: netns,
			}}
		})
		r := pressure.SocketBuffers().Evaluate(s)
		if len(r.Findings) != 1 {
			t.Fatalf("%s: %+v", netns, r)
		}
		shown := false
		for _, step := range r.Findings[0].Remedy {
			if strings.Contains(step.Command, "kill") {
				t.Errorf("%s: a process that cannot be named is ended by %q", netns, step.Command)
			}
			shown = shown || step.Purpose == check.Find && strings.Contains(step.Command, "ss -tanp 'sport = :35250'")
		}
		if !shown {
			t.Errorf("%s: no step shows the connection: %+v", netns, r.Findings[0].Remedy)
		}
	}
}
