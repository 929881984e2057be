package html

import (
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/path"
	"github.com/plumbline-net/plumbline/reporters/report/reporttest"
)

func TestADrawingIsMadeOfTheHopsAndOfNothingElse(t *testing.T) {
	p := reporttest.IPForward().Traces[0].Path
	p.Request.Direction = path.Direction(`"><script>alert(1)</script>`)
	p.ID = `"><script>alert(2)</script>`
	got := string(drawing(p))
	if strings.Contains(got, "<script") || !strings.Contains(got, `class="path-lane path-request"`) || !strings.Contains(got, "flannel.1") {
		t.Errorf("the drawing is %s", got)
	}
}

func TestACauseWithoutATraceShowsNone(t *testing.T) {
	r := reporttest.ThreeCauses()
	if newTrace(r, r.Causes[0].Trace, "Cause 1") != nil {
		t.Error("a trace out of nothing")
	}
}
