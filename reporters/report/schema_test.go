package report_test

import (
	"bytes"
	"flag"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/path"
	"github.com/plumbline-net/plumbline/framework/strictjson/schemagen"
	"github.com/plumbline-net/plumbline/framework/strictjson/schematest"
	"github.com/plumbline-net/plumbline/reporters/report"
	"github.com/plumbline-net/plumbline/reporters/report/reporttest"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestSchemaIsThatOfTheTypes(t *testing.T) {
	schematest.IsThatOf(t, schemagen.Source{
		ID: "https://plumbline.dev/schema/report-v1.json", Title: "report.json of Plumbline", Type: reflect.TypeFor[report.Report](),
		Consts: map[string]string{"Report.apiVersion": report.APIVersion, "Report.kind": report.Kind},
		Words: map[reflect.Type][]string{
			reflect.TypeFor[facts.Family]():  {"ipv4", "ipv6"},
			reflect.TypeFor[facts.Outcome](): {"notRun", "ok", "refused", "timeout", "unreachable", "reset", "tooBig", "garbled"},
			reflect.TypeFor[check.Level]():   {"core", "extended", "opt-in"},
			reflect.TypeFor[check.Verdict](): {"unknown", "pass", "warn", "fail", "skip"},
			reflect.TypeFor[path.Outcome](): {
				"", "whole", "vanished", "unanswered", "refused", "black hole", "lossy", "late", "unreverted", "gave up", "retransmitted",
			},
			reflect.TypeFor[path.State]():     {"", "seen", "missing"},
			reflect.TypeFor[path.Direction](): {"", "request", "answer"},
			reflect.TypeFor[report.Verdict](): {"conformant", "not conformant", "cannot tell"},
			reflect.TypeFor[report.Certainty](): {
				"", "proved by counter or capture", "follows from configuration", "fits the pattern", "fits the pattern only in part",
			},
			reflect.TypeFor[check.Purpose](): {"", "find", "last", "verify"},
		},
	}, *update, ".", "../../framework/check", "../../framework/facts", "../../framework/path")
}

func TestSamplesObeyTheSchemaAndReadBackByteForByte(t *testing.T) {
	for _, s := range append(reporttest.All(), reporttest.Sample{Name: "big", Report: reporttest.Big(60)}) {
		t.Run(s.Name, func(t *testing.T) {
			first, err := report.Encode(s.Report)
			if err != nil {
				t.Fatal(err)
			}
			schematest.Obeys(t, report.Schema, first)
			back, err := report.Decode(bytes.NewReader(first))
			if err != nil {
				t.Fatal(err)
			}
			second, err := report.Encode(back)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(first, second) {
				t.Error("decoding and encoding again gave other bytes")
			}
		})
	}
}

func TestNothingButTheFieldsOfTheTypesIsAccepted(t *testing.T) {
	r := schematest.Fill[report.Report](time.Date(2026, 3, 14, 3, 2, 11, 0, time.UTC), netip.MustParseAddr("10.0.0.1"))
	r.APIVersion, r.Kind = report.APIVersion, report.Kind
	r.Checks[0].Causes[0] = r.Causes[0].Key
	r.Causes[0].Verdict, r.Causes[0].Certainty, r.Causes[0].Remedy[0].Purpose = check.Fail, report.Proved, check.Find
	r.Checks[0].Findings[0].Remedy[0].Purpose = check.Last
	r.Unexplained[0].Checks[0], r.Unexplained[0].Trace = r.Checks[0].ID, r.Traces[0].Note.ID
	r.Matrices[0].Rows[0].Words, r.Matrices[0].Rows[0].Details[0].Target = ".", 0
	data, err := report.Encode(r)
	if err != nil {
		t.Fatal(err)
	}
	schematest.Obeys(t, report.Schema, data)
	schematest.RefusesUnknownFields(t, report.Schema, data, func(changed string) error {
		_, err := report.Decode(strings.NewReader(changed))
		return err
	})
}

func TestDecodeNamesThePlaceOfAContradiction(t *testing.T) {
	for _, tc := range []struct {
		name, want string
		spoil      func(*report.Report)
	}{
		{"another version", "apiVersion, kind", func(r *report.Report) { r.APIVersion = "plumbline.dev/report/v9" }},
		{"a verdict that is none", `verdict: "fine" is not a verdict`, func(r *report.Report) { r.Verdict = "fine" }},
		{"a check twice", `checks[1].id: "component/kube-proxy" stands twice`, func(r *report.Report) { r.Checks[1].ID = r.Checks[0].ID }},
		{"a cause twice", `causes[1].key: "no-forwarding/demo-worker2" stands twice`, func(r *report.Report) { r.Causes = append(r.Causes, r.Causes[0]) }},
		{"a cause that is not there", `checks[0].causes[0]: "ghost" is not the key of a cause`, func(r *report.Report) { r.Checks[0].Causes = []string{"ghost"} }},
		{"a certainty that is none", `causes[0].certainty: "surely" is not a certainty`, func(r *report.Report) { r.Causes[0].Certainty = "surely" }},
		{"a cause of what holds", `causes[0].verdict: "pass" wants no cause`, func(r *report.Report) { r.Causes[0].Verdict = check.Pass }},
		{"a purpose that is none", `causes[0].remedy[0].purpose: "fun" is not the purpose of a step`, func(r *report.Report) { r.Causes[0].Remedy[0].Purpose = "fun" }},
		{"nothing explains a check that is not there", `unexplained[0].checks[0]: "ghost" is not the id of a check`, func(r *report.Report) {
			r.Unexplained = []report.Unexplained{{Checks: []string{"ghost"}}}
		}},
		{"unexplained, and nobody found it", "unexplained[0].checks: none found it", func(r *report.Report) { r.Unexplained = []report.Unexplained{{}} }},
		{"unexplained, with a trace that is not there", `unexplained[0].trace: "9" is not the id of a trace`, func(r *report.Report) {
			r.Unexplained = []report.Unexplained{{Checks: []string{"mtu/path"}, Trace: "9"}}
		}},
		{"a letter too few", "matrices[0].rows[0].words: 2 letters for 3 columns", func(r *report.Report) { r.Matrices[0].Rows[0].Words = ".." }},
		{"a letter that means nothing", `matrices[0].rows[0].words: 'z' is not one of the letters`, func(r *report.Report) { r.Matrices[0].Rows[0].Words = "..z" }},
		{"words and a reason for none", "matrices[0].rows[0]: words, and notRun says", func(r *report.Report) { r.Matrices[0].Rows[0].NotRun = "lost" }},
		{"a record of a column that is not there", "matrices[0].rows[0].details[0].target: 3 is not one of 3 columns", func(r *report.Report) {
			r.Matrices[0].Rows[0].Details = []report.Detail{{Target: 3}}
		}},
		{"a record twice", "matrices[0].rows[0].details[1].target: 1 is not", func(r *report.Report) {
			r.Matrices[0].Rows[0].Details = []report.Detail{{Target: 1}, {Target: 1}}
		}},
		{"a round trip too few", "matrices[0].rows[0].micros: 1 round trips for 3 columns", func(r *report.Report) { r.Matrices[0].Rows[0].Micros = []int{1} }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := reporttest.IPForward()
			tc.spoil(r)
			data, err := report.Encode(r)
			if err != nil {
				t.Fatal(err)
			}
			_, err = report.Decode(bytes.NewReader(data))
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
}
