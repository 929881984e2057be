package html

import (
	"html/template"

	"github.com/plumbline-net/plumbline/framework/path"
	"github.com/plumbline-net/plumbline/reporters/plain"
	"github.com/plumbline-net/plumbline/reporters/report"
)

// traceView is a flow that was sent again: where its packets vanish.
type traceView struct {
	Head, Says, Title, Label string
	Drawing                  template.HTML
	Files                    []string
	NotAsked                 []string
}

// newTrace is nil where nothing was sent again. of says for what it was, and is unique
// in the page: two drawings may show the same way.
func newTrace(r *report.Report, note *report.TraceNote, of string) *traceView {
	if note == nil {
		return nil
	}
	v := &traceView{Head: "Where packets vanish", Says: plain.Line(note.Says), Files: lines(note.Files), NotAsked: lines(note.NotAsked)}
	if note.Place == "" {
		v.Head = "Sent again and watched"
	}
	if p := r.PathOf(note.ID); p != nil {
		v.Title, v.Label, v.Drawing = plain.Line(p.Title), of+": the way of "+plain.Line(p.Title), drawing(*p)
	}
	return v
}

// drawing is made here, from the hops and never from markup in a report: path.SVG
// escapes every text, and the directions, which name classes, are set anew.
func drawing(p path.Path) template.HTML {
	p.Request.Direction, p.Answer.Direction = path.Request, path.Answer
	return template.HTML(path.SVG(p))
}
