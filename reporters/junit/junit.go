// Package junit renders a report as JUnit XML, which build servers read. The
// file is of our own profile (junit.xsd): the part of the format that Jenkins,
// GitLab, Allure and the parsers under them understand in the same way.
package junit

import (
	_ "embed" // the schema
	"encoding/xml"
	"fmt"
	"io"
	"slices"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/reporters/plain"
	"github.com/plumbline-net/plumbline/reporters/report"
)

// Schema is the XML Schema of the files that Write makes.
//
//go:embed junit.xsd
var Schema string

const (
	// maxFile is what the file stays below; build servers refuse or cut larger ones.
	maxFile = 1 << 20
	// maxMessage is the length of a message in characters: one line of a table.
	maxMessage = 120
	// maxSystemOut is what a case may print, in bytes.
	maxSystemOut = 8 << 10
	// maxBody is what one case's body may take, in bytes, however few cases there are.
	maxBody = 64 << 10
	// caseCost is an upper bound of a case's bytes beside its body and system-out.
	caseCost = 2 << 10

	timestampForm = "2006-01-02T15:04:05" // without zone: xs:dateTime as Surefire writes it, always UTC
	cutNote       = "\n… cut here; report.json has the rest.\n"
)

// Options say how a report is rendered. The zero value is what every run writes.
type Options struct {
	// PerNode: one case for each check and tested node, named "id promise [node]". Only
	// what findings name fails; a finding without nodes, and a check of which
	// nothing is known of any node, keeps a case without one.
	PerNode bool
}

// Write writes the report as JUnit XML: a suite plumbline.run about the run
// itself, then one suite for each area with one case a check.
func Write(w io.Writer, r *report.Report) error { return Options{}.Write(w, r) }

// Write is the function of that name with these options.
func (o Options) Write(w io.Writer, r *report.Report) error {
	doc := o.document(r)
	out, err := xml.MarshalIndent(doc, "", "  ")
	if err != nil {
		return fmt.Errorf("encoding JUnit: %w", err)
	}
	for _, part := range []string{xml.Header, string(out), "\n"} {
		if _, err := io.WriteString(w, part); err != nil {
			return fmt.Errorf("writing JUnit: %w", err)
		}
	}
	return nil
}

func (o Options) document(r *report.Report) testsuites {
	b := builder{report: r, budget: budget(len(r.Checks))}
	suites := b.perCheck
	if o.PerNode {
		suites = b.perNode
	}
	found := suites()
	doc := testsuites{Name: "plumbline"}
	for _, s := range append([]testsuite{b.run(found)}, found...) {
		doc.add(s)
	}
	return doc
}

func (b builder) perCheck() []testsuite {
	areas := areas{builder: b}
	for _, c := range b.report.Checks {
		areas.add(c.Area, b.checked(c), c.Millis)
	}
	return areas.suites
}

// areas are suites in the order in which the first case of each came.
type areas struct {
	builder builder
	suites  []testsuite
}

func (a *areas) add(area string, c testcase, millis int) {
	suite := a.builder.suite(area)
	at := slices.IndexFunc(a.suites, func(s testsuite) bool { return s.Name == suite.Name })
	if at < 0 {
		at = len(a.suites)
		a.suites = append(a.suites, suite)
	}
	a.suites[at].add(c, millis)
}

// budget is what one body may take so that all of them fit into the file.
func budget(checks int) int {
	perCase := maxFile/(checks+4) - caseCost
	return max(min(maxBody, perCase), 256)
}

type builder struct {
	report *report.Report
	budget int
}

func (b builder) suite(area string) testsuite {
	return testsuite{Name: "plumbline." + attribute(area), Timestamp: b.report.Run.Started.UTC().Format(timestampForm)}
}

// checked is the case of one check. Exactly one of failure, error and skipped
// stands in a case that did not pass: some readers show a case with two of them
// as passed.
func (b builder) checked(c report.Check) testcase {
	t := testcase{
		Classname: "plumbline." + attribute(c.Area),
		Name:      attribute(c.ID + " " + c.Promise),
		Time:      seconds(c.Millis),
	}
	switch {
	case b.report.Fails(c):
		t.Failure = b.outcome(c, string(c.Level), b.failing(c))
	case c.Accepted && c.Verdict == check.Fail:
		t.Skipped = b.outcome(c, "accepted", "accepted: "+b.failing(c))
	case c.Verdict == check.Unknown:
		t.Error = b.outcome(c, "unknown", b.unknown(c))
	case c.Verdict == check.Skip:
		t.Skipped = b.outcome(c, "skip", c.Why)
	case c.Retried:
		t.Flaky = &flaky{
			Message: message("0 failures at last; " + c.Why), Type: "retried",
			StackTrace: cdata{b.fit(b.passed(c))},
		}
		t.SystemOut = &cdata{plain.CutBytes(section(b.passed(c)), min(maxSystemOut, b.budget/2), cutNote)}
	default:
		t.SystemOut = &cdata{plain.CutBytes(section(b.passed(c)), min(maxSystemOut, b.budget), cutNote)}
	}
	return t
}

func (b builder) outcome(c report.Check, kind, says string) *outcome {
	return &outcome{Message: message(says), Type: "plumbline." + kind, Body: b.fit(b.body(c))}
}

func (b builder) fit(body string) string { return plain.CutBytes(section(body), b.budget, cutNote) }
