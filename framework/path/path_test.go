package path_test

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/golden"
	"github.com/plumbline-net/plumbline/framework/path"
)

var update = flag.Bool("update", false, "write the golden files")

// scene is a flow in a cluster, and what must be said of it.
type scene struct {
	name    string
	cluster func(*facts.Snapshot)
	trace   facts.Trace
	outcome path.Outcome
	place   string // where it vanished
	blames  string // where the reason lies; the same place where empty
	says    string // part of the sentence
}

func TestWherePacketsVanish(t *testing.T) {
	var all []scene
	for _, group := range [][]scene{plainScenes(), tunnelScenes(), serviceScenes(), nodePortScenes(), partlyScenes(), blindScenes()} {
		all = append(all, group...)
	}
	for _, c := range all {
		t.Run(c.name, func(t *testing.T) {
			s := cluster()
			if c.cluster != nil {
				c.cluster(s)
			}
			p := path.Build(s, c.trace)
			v := p.Verdict
			if v.Outcome != c.outcome || v.Place.String() != c.place {
				t.Errorf("got %q, %q\nwant %q, %q", v.Outcome, v.Place, c.outcome, c.place)
			}
			blames := c.blames
			if blames == "" {
				blames = c.place
			}
			if v.Blames.String() != blames {
				t.Errorf("blames %q, want %q", v.Blames, blames)
			}
			if !strings.Contains(v.Says, c.says) {
				t.Errorf("says %q\nwithout %q", v.Says, c.says)
			}
			golden.File(t, "testdata/"+strings.NewReplacer(" ", "-", ",", "").Replace(c.name)+".txt", []byte(shown(p)), *update)
			drawn(t, p)
		})
	}
}

// shown is the drawing with the fields of the verdict.
func shown(p path.Path) string {
	v := p.Verdict
	return fmt.Sprintf("%s\noutcome %q, direction %q\nlast seen %s\nfirst missing %s\nplace %s\nblames %s\n", path.Draw(p), v.Outcome, v.Direction, hopText(v.LastSeen), hopText(v.FirstMissing), v.Place, v.Blames)
}

func hopText(h *path.Hop) string {
	if h == nil {
		return "none"
	}
	return fmt.Sprintf("%s %s (%s, %d packets)", h.Node, h.Dev, h.Kind, h.Packets)
}

// drawn holds what every drawing must keep to.
func drawn(t *testing.T, p path.Path) {
	t.Helper()
	for _, line := range strings.Split(path.Draw(p), "\n") {
		if utf8.RuneCountInString(line) > 100 {
			t.Errorf("wider than 100 columns: %q", line)
		}
	}
	for _, svg := range []string{path.SVG(p), path.Picture(p)} {
		isDrawing(t, svg)
	}
	if _, err := json.Marshal(p); err != nil {
		t.Error(err)
	}
}

// isDrawing holds an SVG to what the report allows in it.
func isDrawing(t *testing.T, svg string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(svg))
	titles := 0
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("the drawing is not XML: %v", err)
		}
		if start, ok := token.(xml.StartElement); ok {
			switch start.Name.Local {
			case "title", "desc":
				titles++
			case "script", "style", "image", "a", "use":
				t.Errorf("the drawing has an element %s", start.Name.Local)
			}
		}
	}
	if titles != 2 {
		t.Errorf("%d of title and description", titles)
	}
}

func TestTheDrawingForTheReport(t *testing.T) {
	s := cluster()
	golden.File(t, "testdata/forward-reject.svg", []byte(path.SVG(path.Build(s, tunnelScenes()[0].trace))+"\n"), *update)
}

func TestThePictureSaysTheVerdict(t *testing.T) {
	p := path.Build(cluster(), tunnelScenes()[0].trace)
	picture := path.Picture(p)
	golden.File(t, "testdata/forward-reject-picture.svg", []byte(picture), *update)
	for _, want := range []string{p.Title, "FORWARD rule 1", "cni0 ✗", "·"} {
		if !strings.Contains(picture, want) {
			t.Errorf("the picture lacks %q", want)
		}
	}
}

func TestHostileNamesDoNoHarm(t *testing.T) {
	s := cluster()
	tr := trace("pod/n1", podTCP, "pod/n3 10.244.3.2:40001", syn13)
	node(&tr, "n1").Packets[0].Dev = "\x1b[31m<b>"
	node(&tr, "n3").NotRun = "no\x1b]0;x\x07 </desc><script>"
	p := path.Build(s, tr)
	if strings.ContainsAny(path.Draw(p), "\x1b\x07") {
		t.Error("an escape sequence is left in the text")
	}
	for _, svg := range []string{path.SVG(p), path.Picture(p)} {
		if strings.Contains(svg, "<script") || strings.ContainsAny(svg, "\x1b\x07") {
			t.Error("a name is left as markup")
		}
	}
}

func TestSameTraceSameBytes(t *testing.T) {
	for range 5 {
		a, b := path.Build(cluster(), tunnelScenes()[0].trace), path.Build(cluster(), tunnelScenes()[0].trace)
		if path.SVG(a) != path.SVG(b) || path.Draw(a) != path.Draw(b) {
			t.Fatal("two drawings of one trace differ")
		}
	}
}
