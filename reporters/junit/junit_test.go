package junit_test

import (
	"bytes"
	"encoding/xml"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/golden"
	"github.com/plumbline-net/plumbline/reporters/junit"
	"github.com/plumbline-net/plumbline/reporters/report"
	"github.com/plumbline-net/plumbline/reporters/report/reporttest"
)

var update = flag.Bool("update", false, "write the golden files anew")

func write(t *testing.T, r *report.Report) []byte { return writeAs(t, junit.Options{}, r) }

func writeAs(t *testing.T, o junit.Options, r *report.Report) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := o.Write(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// xmllint says what libxml2 thinks of a file, against our schema.
func xmllint(t *testing.T, doc []byte) (string, error) {
	t.Helper()
	tool, err := exec.LookPath("xmllint")
	if err != nil {
		if os.Getenv("PLUMBLINE_WITHOUT_XMLLINT") != "" {
			t.Skip("xmllint is missing, and PLUMBLINE_WITHOUT_XMLLINT says that this is known")
		}
		t.Fatal("xmllint is missing: install the package libxml2-utils, or set PLUMBLINE_WITHOUT_XMLLINT=1 to leave this proof out")
	}
	file := filepath.Join(t.TempDir(), "junit.xml")
	if err := os.WriteFile(file, doc, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), tool, "--noout", "--nonet", "--schema", "junit.xsd", file).CombinedOutput()
	return string(out), err
}

func TestGoldenFilesObeyTheSchema(t *testing.T) {
	for _, s := range reporttest.All() {
		t.Run(s.Name, func(t *testing.T) {
			got := write(t, s.Report)
			if out, err := xmllint(t, got); err != nil {
				t.Errorf("xmllint refuses the file: %v\n%s", err, out)
			}
			golden.File(t, filepath.Join("testdata", s.Name+".xml"), got, *update)
		})
	}
}

func TestTheSchemaRefuses(t *testing.T) {
	good := string(write(t, reporttest.IPForward()))
	for _, tc := range []struct{ name, old, new string }{
		{"two outcomes in one case", "</failure>", `</failure><error message="x" type="y">z</error>`},
		{"an outcome without a message", `<failure message="`, `<failure note="`},
		{"a time with an exponent", `time="0.000"`, `time="1e-3"`},
		{"a timestamp with a zone", `03:02:11"`, `03:02:11Z"`},
		{"a message with an ampersand", `<failure message="`, `<failure message="&amp;`},
		{"a case twice", "run/preflight The run had the rights and images it needs", "run/completed The run was completed"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			bad := strings.Replace(good, tc.old, tc.new, 1)
			if bad == good {
				t.Fatalf("%q does not stand in the file", tc.old)
			}
			if out, err := xmllint(t, []byte(bad)); err == nil {
				t.Errorf("xmllint accepts it: %s", out)
			}
		})
	}
}

type parsed struct {
	Tests    int `xml:"tests,attr"`
	Failures int `xml:"failures,attr"`
	Errors   int `xml:"errors,attr"`
	Suites   []struct {
		Name  string       `xml:"name,attr"`
		Cases []parsedCase `xml:"testcase"`
	} `xml:"testsuite"`
}

type parsedCase struct {
	Name      string  `xml:"name,attr"`
	Failure   *result `xml:"failure"`
	Error     *result `xml:"error"`
	Skipped   *result `xml:"skipped"`
	Flaky     *result `xml:"flakyFailure"`
	SystemOut string  `xml:"system-out"`
}

type result struct {
	Message string `xml:"message,attr"`
	Body    string `xml:",chardata"`
}

// status gives the outcome, the message and the text of the case of a check.
func status(t *testing.T, r *report.Report, id string) (kind, message, text string) {
	t.Helper()
	for _, c := range cases(t, junit.Options{}, r) {
		if strings.HasPrefix(c.Name, id+" ") {
			return c.status()
		}
	}
	t.Fatalf("no case of %s", id)
	return "", "", ""
}

func cases(t *testing.T, o junit.Options, r *report.Report) []parsedCase {
	t.Helper()
	var doc parsed
	if err := xml.Unmarshal(writeAs(t, o, r), &doc); err != nil {
		t.Fatal(err)
	}
	var out []parsedCase
	for _, s := range doc.Suites {
		out = append(out, s.Cases...)
	}
	return out
}

func (c parsedCase) status() (kind, message, text string) {
	for kind, r := range map[string]*result{"failure": c.Failure, "error": c.Error, "skipped": c.Skipped, "flaky": c.Flaky} {
		if r != nil {
			return kind, r.Message, r.Body + c.SystemOut
		}
	}
	return "passed", "", c.SystemOut
}

func TestVerdictsBecomeOutcomes(t *testing.T) {
	failOnWarn := reporttest.Warnings()
	failOnWarn.Run.FailOn, failOnWarn.ExitStatus = "warn", 1
	for _, tc := range []struct {
		name, id, kind, message, text string
		report                        *report.Report
	}{
		{"a pass says what held", "node/ready", "passed", "", "PASS: 3 of 3 nodes", reporttest.Conformant()},
		{"a pass at the second attempt is flaky", "reach/pod-to-pod", "flaky", "0 failures at last; 27 of 27 pairs", "not at the first attempt", reporttest.Conformant()},
		{"a failure has numbers first", "reach/pod-to-host", "failure", "2 of 9 pairs time out, all of them into or out of", "sysctl -w net.ipv4.ip_forward=1", reporttest.IPForward()},
		{"a check that could not be judged is an error", "dns/replica", "error", "0 findings: coredns-7d764666f9-x2x5k gave no answer", "UNKNOWN", reporttest.ThreeCauses()},
		{"an accepted exception is skipped and says so", "component/kube-proxy-priority", "skipped", "accepted: 1 finding: kube-proxy has no priority class", "FAIL", reporttest.ThreeCauses()},
		{"a check that does not apply is skipped with its sentence", "dns/service", "skipped", "this cluster has no cluster DNS", "SKIP", reporttest.CannotTell()},
		{"a warning passes and says the verdict", "firewall/chains", "passed", "", "WARN: 2 of 3 nodes", reporttest.ThreeCauses()},
		{"a warning fails where that was asked", "kernel/ip-forward-boot", "failure", "1 finding, 1 node: /etc/sysctl.d/99-hardening.conf:12", "WARN", failOnWarn},
		{"a whole run is completed", "run/completed", "passed", "", "", reporttest.Conformant()},
		{"an interrupted run is an error", "run/completed", "error", "interrupted by SIGTERM after 41 s", "ImagePullBackOff", reporttest.CannotTell()},
		{"nothing selected is an error", "run/selection", "error", "0 checks were judged", "", &report.Report{ExitStatus: 2}},
		{"an exit status that no case explains is an error", "run/completed", "error", "because", "", &report.Report{
			ExitStatus: 1, Sentence: "because", Checks: []report.Check{{ID: "a/b", Area: "a", Verdict: check.Pass}},
		}},
		{"trouble in the preflight is an error", "run/preflight", "error", "preflight: no right to create pods", "", &report.Report{
			Run: report.Run{Problems: []facts.Error{{What: "preflight", Says: "no right to create pods"}}},
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			kind, message, text := status(t, tc.report, tc.id)
			if kind != tc.kind || !strings.Contains(message, tc.message) || !strings.Contains(text, tc.text) {
				t.Errorf("got %s, %q\n%s", kind, message, text)
			}
			if out, err := xmllint(t, write(t, tc.report)); err != nil {
				t.Errorf("xmllint refuses the file: %v\n%s", err, out)
			}
		})
	}
}

func TestNamesStayTheSameFromRunToRun(t *testing.T) {
	names := func(r *report.Report) string {
		return strings.Join(regexp.MustCompile(`<testcase name="[^"]*" classname="[^"]*"`).FindAllString(string(write(t, r)), -1), "\n")
	}
	want := names(reporttest.Conformant())
	for _, s := range reporttest.All() {
		if got := names(s.Report); got != want {
			t.Errorf("%s has other names:\n%s\nwant\n%s", s.Name, got, want)
		}
	}
}

func TestTheFileStaysBelowOneMegabyteAndOneSectionABody(t *testing.T) {
	r := reporttest.ThreeCauses()
	noise := strings.Repeat("]]> ü \x1b[31m ", 20000)
	one := r.Checks[0]
	for i := range 200 {
		c := one
		c.ID = fmt.Sprintf("noise/%03d", i)
		c.Why = noise
		c.Findings = []check.Finding{{Subject: noise, Says: noise, Verdict: check.Fail, Evidence: []check.Evidence{{Source: noise, Text: noise}}}}
		c.Verdict = []check.Verdict{check.Fail, check.Unknown, check.Skip, check.Pass, check.Warn}[i%5]
		c.Retried = i%2 == 0
		r.Checks = append(r.Checks, c)
	}
	got := write(t, r)
	if len(got) > 1<<20 {
		t.Errorf("%d bytes", len(got))
	}
	if !utf8.Valid(got) {
		t.Error("a character was torn")
	}
	if out, err := xmllint(t, got); err != nil {
		t.Errorf("xmllint refuses the file: %v\n%.2000s", err, out)
	}
	if strings.Contains(string(got), "]]><![CDATA[") {
		t.Error("a body was split into two sections")
	}
	for _, out := range regexp.MustCompile(`(?s)<system-out>.*?</system-out>`).FindAllString(string(got), -1) {
		if len(out) > 8<<10+len("<system-out><![CDATA[]]></system-out>") {
			t.Errorf("a system-out of %d bytes", len(out))
		}
	}
}
