package probe_test

import (
	"net/netip"
	"os/exec"
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// without takes all capabilities from a process, as the manifest does for a probe pod.
func without(t *testing.T) func(*exec.Cmd) {
	return func(c *exec.Cmd) {
		t.Helper()
		path, err := exec.LookPath("setpriv")
		if err != nil {
			t.Fatal(err)
		}
		c.Args = append([]string{"setpriv", "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs", "--"}, append([]string{c.Path}, c.Args[1:]...)...)
		c.Path = path
	}
}

func TestAPodNeedsNoPrivilegeToWalkAWayAndIsToldWhereItNeedsOne(t *testing.T) {
	r := newRouted(t)
	r.spoil(t)
	walked := facts.Target{ID: "egress", Addr: netip.MustParseAddr(at(4, 20)), Port: 443, Name: at(4, 20)}
	flow := flowOf(facts.Connect, walked.Addr)
	row := probeAs(t, r.client, planOf(flow, walked), without(t))[flow]
	if d := row.Detail(0); d == nil || len(d.Hops) != 2 || d.Hops[0].Addr.String() != "10.1.0.1" || d.Hops[0].Lost != 0 {
		t.Errorf("%+v", row)
	}
	asked := facts.Target{ID: "host", Addr: netip.MustParseAddr("10.1.0.1")}
	flow = flowOf(facts.ARP, asked.Addr)
	row = probeAs(t, r.client, planOf(flow, asked), without(t))[flow]
	if len(row.Cells) != 0 || !strings.Contains(row.NotRun, "CAP_NET_RAW") {
		t.Errorf("%+v", row)
	}
}

func TestAServerWithoutPrivilegeGoesOnWithoutTheTunnel(t *testing.T) {
	s := newSegment(t)
	ports := serveAs(t, s.far, "host/far", without(t))
	if got := probeOne(t, s.near, facts.Bulk, s.target("10.3.0.2", ports.TCP)); got.Outcome != facts.OK {
		t.Errorf("%+v %+v", got.Cell, got.detail)
	}
}
