package run

import (
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
)

func TestWhatFailedIsSentAgainUnlessTheRunIsToBeQuick(t *testing.T) {
	const key = "pod>pod/tcp/ipv4@main"
	red := check.Check{ID: "reach/x", Promise: "it holds", Level: check.Core, Evaluate: func(s *facts.Snapshot) check.Result {
		return check.Conclude("", []check.Finding{{Subject: "x", Verdict: check.Fail, Says: "no answer", Flow: key, Pairs: []check.Pair{{From: "pod/n1", To: "pod/n2"}}}})
	}}
	s := factstest.Healthy(2)
	factstest.Set(s, key, "pod/n1", "pod/n2", facts.Cell{Outcome: facts.Timeout}, nil)
	session := &Session{options: Options{All: []check.Check{red}}, selected: []check.Check{red}}
	got := session.Resend()(s)
	if len(got) != 1 || got[0].From.String() != "pod/n1" || got[0].To.ID != "pod/n2" {
		t.Errorf("sent again: %+v", got)
	}
	for name, o := range map[string]Options{"--no-trace": {NoTrace: true}, "smoke": {Selection: Selection{Profile: Smoke}}} {
		if (&Session{options: o}).Resend() != nil {
			t.Errorf("%s sends again", name)
		}
	}
}
