package junit

import (
	"encoding/xml"
	"fmt"
	"strings"

	"github.com/plumbline-net/plumbline/reporters/plain"
)

type testsuites struct {
	XMLName  xml.Name    `xml:"testsuites"`
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Errors   int         `xml:"errors,attr"`
	Time     string      `xml:"time,attr"`
	Suites   []testsuite `xml:"testsuite"`

	millis int
}

type testsuite struct {
	Name      string     `xml:"name,attr"`
	Tests     int        `xml:"tests,attr"`
	Failures  int        `xml:"failures,attr"`
	Errors    int        `xml:"errors,attr"`
	Skipped   int        `xml:"skipped,attr"`
	Time      string     `xml:"time,attr"`
	Timestamp string     `xml:"timestamp,attr"`
	Cases     []testcase `xml:"testcase"`

	millis int
}

type testcase struct {
	Name      string   `xml:"name,attr"`
	Classname string   `xml:"classname,attr"`
	Time      string   `xml:"time,attr"`
	Failure   *outcome `xml:"failure"`
	Error     *outcome `xml:"error"`
	Skipped   *outcome `xml:"skipped"`
	Flaky     *flaky   `xml:"flakyFailure"`
	SystemOut *cdata   `xml:"system-out"`
}

type outcome struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr"`
	Body    string `xml:",cdata"`
}

// flaky is what Maven Surefire writes for a case that passed when it was run again.
type flaky struct {
	Message    string `xml:"message,attr"`
	Type       string `xml:"type,attr"`
	StackTrace cdata  `xml:"stackTrace"`
}

type cdata struct {
	Text string `xml:",cdata"`
}

func (s *testsuite) add(c testcase, millis int) {
	s.Cases = append(s.Cases, c)
	s.Tests++
	s.Failures += count(c.Failure)
	s.Errors += count(c.Error)
	s.Skipped += count(c.Skipped)
	s.millis += millis
	s.Time = seconds(s.millis)
}

func (d *testsuites) add(s testsuite) {
	d.Suites = append(d.Suites, s)
	d.Tests += s.Tests
	d.Failures += s.Failures
	d.Errors += s.Errors
	d.millis += s.millis
	d.Time = seconds(d.millis)
}

func count(o *outcome) int {
	if o == nil {
		return 0
	}
	return 1
}

// seconds has three decimals and never an exponent.
func seconds(millis int) string {
	return fmt.Sprintf("%d.%03d", max(millis, 0)/1000, max(millis, 0)%1000)
}

// attribute is one line without the characters that must be escaped in XML:
// some readers unescape them twice, Allure's not at all.
func attribute(s string) string {
	tame := strings.NewReplacer("<", "‹", ">", "›", "&", "and", `"`, "”", "'", "’")
	return tame.Replace(plain.Line(plain.CutBytes(s, maxLine, "")))
}

// message is an attribute of at most 120 characters.
func message(s string) string {
	line := plain.Cut(attribute(s), maxMessage)
	if line == "" {
		return "no reason was given"
	}
	return line
}

// section is text for exactly one CDATA section: its end mark is taken apart,
// because a writer would otherwise split it in two, which some readers do not
// join. Some readers trim text, so there is nothing to trim.
func section(s string) string {
	return strings.TrimSpace(strings.ReplaceAll(plain.Text(s), "]]>", "]] >"))
}
