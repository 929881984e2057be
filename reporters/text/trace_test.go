package text_test

import (
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/path"
	"github.com/plumbline-net/plumbline/reporters/report/reporttest"
	"github.com/plumbline-net/plumbline/reporters/text"
)

func TestTheClosingBlockSaysWherePacketsVanishAndInWhichFile(t *testing.T) {
	r := reporttest.IPForward()
	got := closing(t, r, text.Options{Width: 200})
	if !strings.Contains(got, "   Seen: The request entered demo-worker2 by eth0") || !strings.Contains(got, "(trace-1-demo-worker.pcapng and 1 more)") {
		t.Errorf("it is\n%s", got)
	}
	r.Causes[0].Trace.Outcome, r.Causes[0].Trace.Says = path.Unknown, "Nobody watched"
	if got := closing(t, r, text.Options{}); !strings.Contains(got, "   Not seen: Nobody watched\n") {
		t.Errorf("it is\n%s", got)
	}
}
