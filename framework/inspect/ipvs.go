package inspect

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// readIPVS takes the kernel's table of virtual and real servers as it stands in
// proc. To ask for it by netlink would have a kernel without IPVS load the module;
// the file is there only where it is loaded.
func readIPVS(proc string) (func(*facts.HostLook), error) {
	path := filepath.Join(proc, "net", "ip_vs")
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return func(*facts.HostLook) {}, nil
	}
	table := &facts.Text{Path: path, Text: string(raw)}
	if err != nil {
		table.NotRun = err.Error()
	}
	return func(h *facts.HostLook) { h.IPVS = table }, nil
}
