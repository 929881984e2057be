package contract_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/plumbline-net/plumbline/reporters/html"
	"github.com/plumbline-net/plumbline/reporters/report/reporttest"
)

// TestThePageInABrowser opens every sample from file:// in headless Chromium.
// Screenshots and the printed page go to PLUMBLINE_SCREENSHOTS, where that is set.
func TestThePageInABrowser(t *testing.T) {
	chromium := need(t, "chromium", "chromium")
	dir := t.TempDir()
	shots := os.Getenv("PLUMBLINE_SCREENSHOTS")
	if shots == "" {
		shots = filepath.Join(dir, "screenshots")
	}
	shots, err := filepath.Abs(shots)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(shots, 0o755); err != nil {
		t.Fatal(err)
	}
	samples := append(reporttest.All(),
		reporttest.Sample{Name: "big", Report: reporttest.Big(500)},
		reporttest.Sample{Name: "zones", Report: reporttest.BigInZones(500)})
	for _, s := range samples {
		var page bytes.Buffer
		if err := html.Write(&page, s.Report); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, s.Name+".html"), page.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	node(t, 8*time.Minute, "browser.mjs", chromium, dir, shots)
}
