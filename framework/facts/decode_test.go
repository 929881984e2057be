package facts_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/facts"
)

func sound() *facts.Snapshot {
	flow := facts.Flow{From: facts.FromPod, To: facts.ToPod, Via: facts.TCP, Family: facts.IPv4, Look: facts.Main}
	return &facts.Snapshot{
		APIVersion: facts.APIVersion, Kind: facts.Kind,
		Nodes: []facts.Node{{Name: "n1"}, {Name: "n2"}},
		Hosts: []facts.HostLook{{Node: "n1", Look: facts.First}},
		Matrices: []facts.Matrix{{
			Flow: flow, Targets: []facts.Target{{ID: "pod/n1"}, {ID: "pod/n2"}},
			Rows: []facts.Row{
				{
					From:  facts.Vantage{Kind: facts.FromPod, Node: "n1"},
					Cells: facts.Cells{{Outcome: facts.OK, RTT: 211}, {Outcome: facts.Timeout}}, Details: []facts.Detail{{Target: 1}},
				},
				{From: facts.Vantage{Kind: facts.FromPod, Node: "n2"}, NotRun: "the agent never became ready"},
			},
		}},
	}
}

func TestDecodeNamesThePlace(t *testing.T) {
	for _, tc := range []struct {
		name, want string
		spoil      func(*facts.Snapshot)
	}{
		{"another version", "apiVersion, kind", func(s *facts.Snapshot) { s.APIVersion = "plumbline.dev/facts/v2" }},
		{"two nodes of one name", `nodes[1].name: "n1" stands already at nodes[0]`, func(s *facts.Snapshot) { s.Nodes[1].Name = "n1" }},
		{"a node without a name", "nodes[0].name: a node without a name", func(s *facts.Snapshot) { s.Nodes[0].Name = "" }},
		{"a look at no node", `hosts[0].node: "n9" is not one of the nodes`, func(s *facts.Snapshot) { s.Hosts[0].Node = "n9" }},
		{"the same look twice", "hosts[1]: the first look at n1 stands already at hosts[0]", func(s *facts.Snapshot) { s.Hosts = append(s.Hosts, s.Hosts[0]) }},
		{"a look that is none", `hosts[0].look: "peek" is not a look`, func(s *facts.Snapshot) { s.Hosts[0].Look = "peek" }},
		{"a family that is none", `cluster.families[0]: "ipx" is not a family`, func(s *facts.Snapshot) { s.Cluster.Families = []facts.Family{"ipx"} }},
		{"a flow that is none", `matrices[0].flow: "pod>pod/smtp/ipv4@main" is not a flow`, func(s *facts.Snapshot) { s.Matrices[0].Flow.Via = "smtp" }},
		{"a flow twice", "matrices[1]: the flow pod>pod/tcp/ipv4@main stands already at matrices[0]", func(s *facts.Snapshot) { s.Matrices = append(s.Matrices, s.Matrices[0]) }},
		{"a target twice", `matrices[0].targets[1].id: "pod/n1" stands already`, func(s *facts.Snapshot) { s.Matrices[0].Targets[1].ID = "pod/n1" }},
		{"a vantage twice", "matrices[0].rows[1].from: pod/n1 stands already at rows[0]", func(s *facts.Snapshot) { s.Matrices[0].Rows[1].From.Node = "n1" }},
		{"a vantage of another kind", "matrices[0].rows[0].from: host/n1 in a flow from pod", func(s *facts.Snapshot) { s.Matrices[0].Rows[0].From.Kind = facts.FromHost }},
		{"too few cells", "matrices[0].rows[0].cells: 1 cells for 2 targets", func(s *facts.Snapshot) { s.Matrices[0].Rows[0].Cells = s.Matrices[0].Rows[0].Cells[:1] }},
		{"no cells and no reason", "matrices[0].rows[1].cells: 0 cells for 2 targets", func(s *facts.Snapshot) { s.Matrices[0].Rows[1].NotRun = "" }},
		{"cells and a reason for none", "matrices[0].rows[0]: cells, and notRun says", func(s *facts.Snapshot) { s.Matrices[0].Rows[0].NotRun = "lost" }},
		{"a detail of no target", "matrices[0].rows[0].details[0].target: 2 is not one of 2", func(s *facts.Snapshot) { s.Matrices[0].Rows[0].Details[0].Target = 2 }},
		{"details out of order", "details[1].target: 0 after 1", func(s *facts.Snapshot) {
			s.Matrices[0].Rows[0].Details = []facts.Detail{{Target: 1}, {Target: 0}}
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := sound()
			tc.spoil(s)
			data, err := facts.Encode(s)
			if err != nil {
				t.Fatal(err)
			}
			_, err = facts.Decode(bytes.NewReader(data))
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
}

func TestDecodeReadsBackWhatEncodeWroteByteForByte(t *testing.T) {
	first, err := facts.Encode(sound())
	if err != nil {
		t.Fatal(err)
	}
	back, err := facts.Decode(bytes.NewReader(first))
	if err != nil {
		t.Fatal(err)
	}
	second, err := facts.Encode(back)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first, second) {
		t.Errorf("first\n%s\nsecond\n%s", first, second)
	}
}

func TestDecodeRefusesCellsThatAreNone(t *testing.T) {
	data, err := facts.Encode(sound())
	if err != nil {
		t.Fatal(err)
	}
	broken := strings.Replace(string(data), `"cells": "`, `"cells": "Dw`, 1)
	if _, err := facts.Decode(strings.NewReader(broken)); err == nil || !strings.Contains(err.Error(), "matrices[0].rows[0].cells (line") {
		t.Errorf("got %v, want the place of the cells", err)
	}
}

// TestAPacketRefusedByItsOwnHostIsAnAnswer: older agents called it not run.
func TestAPacketRefusedByItsOwnHostIsAnAnswer(t *testing.T) {
	attempt := facts.Attempt{Outcome: facts.NotRun, Errno: "ENOBUFS", Note: "no buffer space available"}
	s := &facts.Snapshot{APIVersion: facts.APIVersion, Kind: facts.Kind, Matrices: []facts.Matrix{{
		Flow:    facts.Flow{From: facts.FromHost, To: facts.ToGateway, Via: facts.ICMP, Family: facts.IPv4, Look: facts.Main},
		Targets: []facts.Target{{ID: "gateway/n1"}, {ID: "gateway/n2"}},
		Rows: []facts.Row{{From: facts.Vantage{Kind: facts.FromHost, Node: "n1"}, Cells: facts.Cells{{}, {}}, Details: []facts.Detail{
			{Target: 0, Attempts: []facts.Attempt{attempt, attempt}},
			{Target: 1, Attempts: []facts.Attempt{attempt, {Outcome: facts.NotRun, Note: "the deadline passed"}}},
		}}},
	}}}
	raw, err := facts.Encode(s)
	if err != nil {
		t.Fatal(err)
	}
	back, err := facts.Decode(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	row := back.Matrices[0].Rows[0]
	if got := row.Cells[0].Outcome; got != facts.Unreachable {
		t.Errorf("refused each time: %s", got)
	}
	if a := row.Details[0].Attempts[1]; a.Outcome != facts.Unreachable || a.Errno != "ENOBUFS" {
		t.Errorf("%+v", a)
	}
	if got := row.Cells[1].Outcome; got != facts.NotRun {
		t.Errorf("the last attempt was not made: %s", got)
	}
}
