package probe_test

import (
	"net/netip"
	"os/exec"
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/netlab"
)

func TestICMPUsesARawSocketWhereNoOtherIsPermitted(t *testing.T) {
	r := newRouted(t)
	r.spoil(t)
	r.client.Set(t, "net/ipv4/ping_group_range", "1 0") // nobody: the kernel's own default
	cases := map[string]struct {
		family, host int
		want         facts.Outcome
		icmp         bool
	}{
		"a healthy path":           {4, 2, facts.OK, false},
		"a healthy path over IPv6": {6, 2, facts.OK, false},
		"a REJECT":                 {4, 21, facts.Unreachable, true},
		"a REJECT over IPv6":       {6, 21, facts.Unreachable, true},
		"silence":                  {4, 20, facts.Timeout, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := probeOne(t, r.client, facts.ICMP, r.target(facts.ICMP, c.family, c.host))
			if got.Outcome != c.want {
				t.Fatalf("%+v %+v", got.Cell, got.detail)
			}
			if c.icmp && got.failed(t).ICMP == nil {
				t.Errorf("the ICMP error is missing: %+v", got.detail)
			}
		})
	}
}

func TestICMPThatIsNotPermittedIsNotRun(t *testing.T) {
	netlab.Require(t, "setpriv")
	n := netlab.New(t, "alone")
	n.Set(t, "net/ipv4/ping_group_range", "1 0")
	target := facts.Target{ID: "pod/server", Addr: netip.MustParseAddr("127.0.0.1"), Peers: []string{"pod/server"}}
	flow := flowOf(facts.ICMP, target.Addr)
	rows := probeAs(t, n, planOf(flow, target), func(c *exec.Cmd) {
		path, err := exec.LookPath("setpriv")
		if err != nil {
			t.Fatal(err)
		}
		c.Args = append([]string{"setpriv", "--bounding-set=-net_raw", "--inh-caps=-net_raw", "--"}, c.Path)
		c.Path = path
	})
	if row := rows[flow]; len(row.Cells) != 0 || !strings.Contains(row.NotRun, "CAP_NET_RAW") {
		t.Errorf("%+v", row)
	}
}
