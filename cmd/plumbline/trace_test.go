package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
	"github.com/plumbline-net/plumbline/framework/path"
)

func TestATraceThatCannotBeMeantIsUsage(t *testing.T) {
	for _, tc := range []struct {
		args []string
		says string
	}{
		{[]string{"trace", "n1"}, "wants two ends"},
		{[]string{"trace", "n1", "n2", "--proto", "sctp"}, "want tcp, udp or icmp"},
		{[]string{"trace", "n1", "n2", "--proto", "icmp", "--port", "7"}, "ICMP has no ports"},
		{[]string{"trace", "n1", "n2", "--port", "70000"}, "70000"},
		{[]string{"trace", "n1", "n2", "--timeout", "0s"}, "want a time above zero"},
	} {
		sentence(t, inside(t, tc.args...), exitUsage, tc.says)
	}
}

func TestTheHelpOfTraceHasExamplesAndTheExitStatus(t *testing.T) {
	got := inside(t, "trace", "--help")
	for _, want := range []string{"pod/NODE", "svc/NAMESPACE/NAME", "plumbline trace pod/worker-1 svc/shop/web --node-port worker-3", "Exit status: 0 every hop was seen", "--drop-reasons"} {
		if !strings.Contains(got.out, want) {
			t.Errorf("the help lacks %q", want)
		}
	}
}

// unheard is a trace of which the receiver's node saw nothing.
func unheard() *facts.Snapshot {
	s := factstest.Healthy(2)
	m := s.Matrix(factstest.Flow("pod>pod/tcp/ipv4@main"))
	s.Traces = []facts.Trace{{
		ID: "1", Flow: m.Flow, From: m.Rows[0].From, To: m.Targets[1],
		Attempts: []facts.Attempt{{Outcome: facts.Timeout}},
		Watches:  []facts.Watch{{Node: "n1", NoDrops: "no right"}, {Node: "n2", NotRun: "its agent is away"}},
	}}
	return s
}

func TestATraceShowsTheDrawingAndWritesThePicture(t *testing.T) {
	f := &traceFlags{runFlags: runFlags{out: t.TempDir()}}
	if err := f.keepCapture("trace-1-n1.pcapng", []byte("x")); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	err := f.show(genericiooptions.IOStreams{Out: &out}, unheard())
	if verdict := (verdictError{}); !errors.As(err, &verdict) || verdict.status == exitConformant {
		t.Errorf("it ends with %v", err)
	}
	for _, want := range []string{
		"pod/n1 → pod/n2", "its agent is away", "With --drop-reasons the kernel is asked", "trace.svg, ", "trace-1-n1.pcapng",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in\n%s", want, out.String())
		}
	}
	picture, err := os.ReadFile(filepath.Join(f.out, svgFile))
	if err != nil || !bytes.HasPrefix(picture, []byte("<svg")) {
		t.Errorf("the picture is %.40q, %v", picture, err)
	}
}

func TestTheExitStatusOfATrace(t *testing.T) {
	for _, tc := range []struct {
		name    string
		trace   facts.Trace
		outcome path.Outcome
		want    int
	}{
		{"every hop was seen", facts.Trace{}, path.Whole, exitConformant},
		{"it vanished", facts.Trace{}, path.Vanished, exitNotWhole},
		{"it was refused", facts.Trace{}, path.Refused, exitNotWhole},
		{"nobody could tell", facts.Trace{}, path.Unknown, exitCannotTell},
		{"it was not sent", facts.Trace{NotRun: "x"}, path.Whole, exitCannotTell},
	} {
		if got := traceStatus(tc.trace, path.Path{Verdict: path.Verdict{Outcome: tc.outcome}}); got != tc.want {
			t.Errorf("%s: %d, want %d", tc.name, got, tc.want)
		}
	}
}
