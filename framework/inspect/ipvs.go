package inspect

import (
	"errors"
	"io/fs"
	"path/filepath"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// readIPVS takes the kernel's table of virtual and real servers as it stands in
// proc. To ask for it by netlink would have a kernel without IPVS load the module;
// the file is there only where it is loaded. A table longer than maxProcText is not
// kept.
func readIPVS(proc string) (func(*facts.HostLook), error) {
	path := filepath.Join(proc, "net", "ip_vs")
	text, err := readProc(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return func(*facts.HostLook) {}, nil
	case err != nil:
		return func(h *facts.HostLook) { h.IPVS = &facts.Text{Path: path, NotRun: err.Error()} }, nil
	default:
		return func(h *facts.HostLook) { h.IPVS = &facts.Text{Path: path, Text: text} }, nil
	}
}
