package probe

import (
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/probe/echo"
)

// answeringAs answers echo requests in the name that is its turn.
func answeringAs(t *testing.T, name func(n int32) string) facts.Target {
	var n atomic.Int32
	return farEnd(t, func(c net.Conn) {
		nonce := readRequest(c)
		_, _ = c.Write(echo.AppendReply(nil, echo.Reply{Nonce: nonce, Peer: name(n.Add(1))}))
	})
}

func TestAffinityHoldsWhereOnePeerAnswersAll(t *testing.T) {
	cases := map[string]struct {
		name func(int32) string
		want facts.Outcome
		met  int
	}{
		"one peer":           {func(int32) string { return "pod/n1" }, facts.OK, 1},
		"another at the 7th": {func(n int32) string { return map[bool]string{false: "pod/n1", true: "pod/n2"}[n == 7] }, facts.Garbled, 2},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			target := answeringAs(t, c.name)
			target.Peers, target.AnyPeer = []string{"pod/n1", "pod/n2"}, true
			flow := tcpFlow
			flow.Via, flow.To = facts.Sticky, facts.ToAffinity
			row := runOne(t, flow, target)
			d := row.Detail(0)
			if row.Cells[0].Outcome != c.want || row.Cells[0].Partial || d == nil || len(d.Met) != c.met {
				t.Fatalf("%+v %+v", row.Cells[0], d)
			}
			if c.want == facts.Garbled && !strings.Contains(d.Attempts[len(d.Attempts)-1].Note, "pod/n1, pod/n2") {
				t.Errorf("record %+v", d)
			}
		})
	}
}

func TestOnlyTheVantageItselfMayAnswerAHairpin(t *testing.T) {
	for peer, want := range map[string]facts.Outcome{"pod/n1": facts.OK, "pod/n2": facts.Garbled} {
		target := answeringAs(t, func(int32) string { return peer })
		target.Peers, target.AnyPeer, target.Self = []string{"pod/n1", "pod/n2"}, true, true
		flow := tcpFlow
		flow.To = facts.ToHairpin
		if row := runOne(t, flow, target); row.Cells[0].Outcome != want {
			t.Errorf("%s: %+v %+v", peer, row.Cells[0], row.Detail(0))
		}
	}
}

func TestATargetThatOughtToBeSilentIsAskedOnceAndNotWaitedFor(t *testing.T) {
	shut := facts.Target{ID: "x", Addr: netip.MustParseAddr("127.0.0.1"), Port: freePort(t), Peers: []string{"pod/n1"}, AnyPeer: true, Silent: true}
	far := echoTarget(t)
	far.Silent, far.AnyPeer = true, true
	flow := tcpFlow
	flow.To = facts.ToNodePortLocal
	plan := planFor(flow, shut, far)
	plan.SettleMillis = 20_000
	began := time.Now()
	lines := linesOf(t, plan)
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("it took %s", took)
	}
	row := lines[0].Row.Row
	if d := row.Detail(0); row.Cells[0].Outcome != facts.Refused || d == nil || len(d.Attempts) != 1 {
		t.Errorf("%+v %+v", row.Cells[0], d)
	}
	if d := row.Detail(1); row.Cells[1].Outcome != facts.OK || d == nil || d.Attempts[0].Peer != "far" {
		t.Errorf("one that answers: %+v %+v", row.Cells[1], d)
	}
}
