package suites_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
	"github.com/plumbline-net/plumbline/framework/golden"
	"github.com/plumbline-net/plumbline/suites"
)

var update = flag.Bool("update", false, "write golden files anew")

// stem is where a check's files stand: "dns/resolv-conf" in dns, as resolv_conf.
func stem(id string) (area, name string) {
	area, name, _ = strings.Cut(id, "/")
	return area, strings.ReplaceAll(name, "-", "_")
}

func TestEveryCheckHasItsFilesBesideIt(t *testing.T) {
	for _, c := range suites.All() {
		area, name := stem(c.ID)
		for _, file := range []string{
			name + ".go", name + ".md", "testdata/" + name + ".pass.json", "testdata/" + name + ".fail.json", "testdata/" + name + ".unknown.json",
		} {
			if _, err := os.Stat(filepath.Join(area, file)); err != nil {
				t.Errorf("%s: %v", c.ID, err)
			}
		}
	}
}

// TestEveryRecordingIsJudgedAsItsNameSays: one that the check passes, one that
// it fails, and one of which it cannot tell.
func TestEveryRecordingIsJudgedAsItsNameSays(t *testing.T) {
	verdicts := map[string][]check.Verdict{
		"pass": {check.Pass}, "unknown": {check.Unknown}, "fail": {check.Fail},
	}
	for _, c := range suites.All() {
		area, name := stem(c.ID)
		if c.Level == check.Extended { // the worst it says is a Warning, unless traffic breaks
			verdicts["fail"] = []check.Verdict{check.Fail, check.Warn}
		} else {
			verdicts["fail"] = []check.Verdict{check.Fail}
		}
		for _, kind := range []string{"pass", "fail", "unknown"} {
			t.Run(c.ID+" "+kind, func(t *testing.T) {
				s := factstest.Read(t, filepath.Join(area, "testdata", name+"."+kind+".json"))
				got := c.Evaluate(s)
				ok := false
				for _, v := range verdicts[kind] {
					ok = ok || v == got.Verdict
				}
				if !ok {
					t.Errorf("judged %s: %s %+v", got.Verdict, got.Why, got.Findings)
				}
				wholeFindings(t, got)
				goldenJSON(t, filepath.Join(area, "testdata", name+"."+kind+".golden.json"), got)
			})
		}
	}
}

func wholeFindings(t *testing.T, r check.Result) {
	t.Helper()
	if r.Why == "" {
		t.Error("the result says no why")
	}
	for _, f := range r.Findings {
		if f.Subject == "" || f.Says == "" {
			t.Errorf("a finding without subject or sentence: %+v", f)
		}
		if f.Verdict == check.Fail && (len(f.Remedy) == 0 && len(f.Evidence) == 0 && len(f.Pairs) == 0) {
			t.Errorf("%s fails without evidence, pairs or remedy", f.Subject)
		}
		for _, wrong := range wrongSteps(f) {
			t.Errorf("%s: %s", f.Subject, wrong)
		}
		for _, remedy := range f.Remedy {
			if strings.Contains(remedy.Command, "sysctl --system") {
				t.Errorf("%s: a remedy applies every setting there is", f.Subject)
			}
		}
	}
}

func goldenJSON(t *testing.T, path string, value any) {
	t.Helper()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(value); err != nil {
		t.Fatal(err)
	}
	golden.File(t, path, b.Bytes(), *update)
}

// TestNoRecordingIsLeftBehind: a file of a check that no longer exists would be read by nobody.
func TestNoRecordingIsLeftBehind(t *testing.T) {
	known := map[string]bool{}
	for _, c := range suites.All() {
		area, name := stem(c.ID)
		known[area+"/"+name] = true
	}
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Base(filepath.Dir(path)) != "testdata" {
			return err
		}
		area, file, _ := strings.Cut(filepath.ToSlash(path), "/testdata/")
		name, _, _ := strings.Cut(file, ".")
		if !known[area+"/"+name] {
			t.Errorf("%s belongs to no check", path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
