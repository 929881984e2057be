package contract_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/plumbline-net/plumbline/reporters/junit"
	"github.com/plumbline-net/plumbline/reporters/report"
	"github.com/plumbline-net/plumbline/reporters/report/reporttest"
)

// seen is one case as every reader must see it.
type seen struct {
	Name      string `json:"name"`
	Classname string `json:"classname"`
	Time      string `json:"time"`
	Status    string `json:"status"`
	Message   string `json:"message"`
	Body      string `json:"body"`
	Output    string `json:"output"`
	Flaky     string `json:"flaky"`
}

type element struct {
	Message string `xml:"message,attr"`
	Body    string `xml:",chardata"`
}

type document struct {
	Cases []struct {
		Name      string   `xml:"name,attr"`
		Classname string   `xml:"classname,attr"`
		Time      string   `xml:"time,attr"`
		Failure   *element `xml:"failure"`
		Error     *element `xml:"error"`
		Skipped   *element `xml:"skipped"`
		Flaky     element  `xml:"flakyFailure"`
		Output    string   `xml:"system-out"`
	} `xml:"testsuite>testcase"`
}

// expected reads the file with Go's own parser, which obeys the specification.
func expected(t *testing.T, file []byte) []seen {
	t.Helper()
	var doc document
	if err := xml.Unmarshal(file, &doc); err != nil {
		t.Fatal(err)
	}
	var out []seen
	for _, c := range doc.Cases {
		s := seen{Name: c.Name, Classname: c.Classname, Time: c.Time, Status: "passed", Output: c.Output, Flaky: c.Flaky.Message}
		for status, e := range map[string]*element{"failed": c.Failure, "broken": c.Error, "skipped": c.Skipped} {
			if e != nil {
				s.Status, s.Message, s.Body = status, e.Message, e.Body
			}
		}
		out = append(out, s)
	}
	return out
}

// contract writes a file and what every reader must see in it.
func contract(t *testing.T, dir, name string, r *report.Report, o junit.Options) []seen {
	t.Helper()
	var file bytes.Buffer
	if err := o.Write(&file, r); err != nil {
		t.Fatal(err)
	}
	want := expected(t, file.Bytes())
	asJSON, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{name + ".xml": file.Bytes(), name + ".expected.json": asJSON} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return want
}

func TestEveryReaderOfJUnitSeesTheSame(t *testing.T) {
	dir := t.TempDir()
	statuses := map[string]bool{}
	for _, s := range append(reporttest.All(), reporttest.Sample{Name: "nothing", Report: &report.Report{ExitStatus: 2, Sentence: "Nothing was selected."}}) {
		for _, c := range contract(t, dir, s.Name, s.Report, junit.Options{}) {
			statuses[c.Status] = true
		}
		contract(t, dir, s.Name+"-per-node", s.Report, junit.Options{PerNode: true})
	}
	for _, status := range []string{"passed", "failed", "broken", "skipped"} {
		if !statuses[status] {
			t.Errorf("no sample has a case that is %s, so this proves nothing about it", status)
		}
	}
	node(t, 2*time.Minute, "contract.mjs", dir)
}

func TestTheScriptOfThePageHasSoundTypes(t *testing.T) {
	node(t, 2*time.Minute, filepath.Join("node_modules", "typescript", "bin", "tsc"), "-p", filepath.Join("..", "html", "src", "tsconfig.json"))
}
