package inspect

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/plumbline-net/plumbline/framework/facts"
)

func TestTheTableOfIPVSIsTakenWhereThereIsOne(t *testing.T) {
	proc := t.TempDir()
	var h facts.HostLook
	apply, err := readIPVS(proc)
	if err != nil {
		t.Fatal(err)
	}
	if apply(&h); h.IPVS != nil {
		t.Errorf("a kernel without IPVS gave %+v", h.IPVS)
	}
	if err := os.Mkdir(filepath.Join(proc, "net"), 0o755); err != nil {
		t.Fatal(err)
	}
	const table = "IP Virtual Server version 1.2.1 (size=4096)\n"
	if err := os.WriteFile(filepath.Join(proc, "net", "ip_vs"), []byte(table), 0o644); err != nil {
		t.Fatal(err)
	}
	if apply, err = readIPVS(proc); err != nil {
		t.Fatal(err)
	}
	if apply(&h); h.IPVS == nil || h.IPVS.Text != table || h.IPVS.NotRun != "" {
		t.Errorf("%+v", h.IPVS)
	}
}
