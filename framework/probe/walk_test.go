package probe_test

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/wire"
)

func TestTheWayToATargetThatDoesNotConnectIsWalked(t *testing.T) {
	r := newRouted(t)
	r.spoil(t)
	cases := map[string]struct {
		addr string
		want facts.Outcome
		hops []string
		says bool
	}{
		"dropped by the router":        {at(4, 20), facts.Timeout, []string{"10.1.0.1", ""}, false},
		"dropped by the router, IPv6":  {at(6, 20), facts.Timeout, []string{"fd01::1", ""}, false},
		"rejected by the router":       {at(4, 21), facts.Unreachable, []string{"10.1.0.1", "10.1.0.1"}, true},
		"refused by the target itself": {at(4, 2), facts.Refused, []string{"10.1.0.1", at(4, 2)}, false},
	}
	var plan wire.Plan
	kinds := []facts.TargetKind{facts.ToEgress, facts.ToPod, facts.ToHost, facts.ToAPI}
	for name, c := range cases { // a flow each, so that all are walked at once
		target := facts.Target{ID: name, Addr: netip.MustParseAddr(c.addr), Port: r.ports.Closed, Name: c.addr}
		flow := flowOf(facts.Connect, target.Addr)
		flow.To = kinds[len(plan.Flows)]
		flows := plan.Flows
		plan = planOf(flow, target)
		plan.Flows = append(plan.Flows, flows...)
	}
	rows := probeIn(t, r.client, plan)
	for _, f := range plan.Flows {
		name := f.Targets[0].ID
		c, row := cases[name], rows[f.Flow]
		t.Run(name, func(t *testing.T) {
			if len(row.Cells) != 1 {
				t.Fatalf("%+v", row)
			}
			got := observed{Cell: row.Cells[0], row: row, detail: row.Detail(0)}
			if got.Outcome != c.want || got.detail == nil || got.row.Series[0].Sent != 5 || got.row.Series[0].Lost != 5 {
				t.Fatalf("%+v %+v %+v", got.Cell, got.row.Series, got.detail)
			}
			hops, said := told(got.detail.Hops)
			if !slices.Equal(hops, c.hops) || said != c.says {
				t.Errorf("hops %+v", got.detail.Hops)
			}
		})
	}
	fine := probeOne(t, r.client, facts.Connect, facts.Target{ID: "egress", Addr: netip.MustParseAddr(at(4, 2)), Port: r.ports.TCP})
	if fine.Outcome != facts.OK || fine.detail != nil || fine.row.Series[0].Sent != 5 || fine.row.Series[0].Lost != 0 {
		t.Errorf("healthy: %+v %+v", fine.Cell, fine.row.Series)
	}
}

// told gives the addresses of hops, empty where nobody answered, and whether one
// said something else than "time exceeded".
func told(list []facts.Hop) (hops []string, said bool) {
	for _, h := range list {
		hop := ""
		if h.Addr.IsValid() {
			hop = h.Addr.String()
		}
		hops, said = append(hops, hop), said || h.Says != ""
	}
	return hops, said
}
