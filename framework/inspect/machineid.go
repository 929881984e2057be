package inspect

import (
	"strings"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// readMachineID reads the host's identity (machine-id(5)), which copies of one
// disk image share where nobody has cleared it.
func readMachineID(root string) (func(*facts.HostLook), error) {
	text, err := readBelow(root, "/etc/machine-id")
	if err != nil {
		return nil, err
	}
	return func(h *facts.HostLook) { h.MachineID = strings.TrimSpace(text) }, nil
}
