package reporters_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/reporters"
	"github.com/plumbline-net/plumbline/reporters/junit"
	"github.com/plumbline-net/plumbline/reporters/report"
	"github.com/plumbline-net/plumbline/reporters/report/reporttest"
)

func TestWriteAllWritesThreeReportsAndNothingElse(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "out")
	paths, err := reporters.WriteAll(dir, reporttest.ThreeCauses(), junit.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, p := range paths {
		names = append(names, filepath.Base(p))
	}
	if got := strings.Join(names, " "); got != "report.html report.json junit_plumbline.xml" {
		t.Errorf("wrote %s", got)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 3 {
		t.Errorf("the folder holds %v, %v", entries, err)
	}
	f, err := os.Open(filepath.Join(dir, reporters.ReportFile))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if _, err := report.Decode(f); err != nil {
		t.Error(err)
	}
}

func TestOneReportThatFailsDoesNotTakeTheOthersAlong(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, reporters.HTMLFile), 0o700); err != nil {
		t.Fatal(err)
	}
	paths, err := reporters.WriteAll(dir, reporttest.Conformant(), junit.Options{})
	if err == nil || !strings.Contains(err.Error(), reporters.HTMLFile) || len(paths) != 2 {
		t.Errorf("got %v, %v", paths, err)
	}
}
