package distribution

import (
	"strings"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// Kubelet renders the commands about the unit that runs a node's kubelet: its own,
// or that of the distribution which starts it.
type Kubelet struct{ units []string }

// KubeletOf is the kubelet of a snapshot's nodes.
func KubeletOf(s *facts.Snapshot) Kubelet {
	d, _ := Recognise(s)
	if len(d.Units) > 0 {
		return Kubelet{d.Units}
	}
	return Kubelet{[]string{"kubelet"}}
}

// Restart restarts the unit. A node has one of a distribution's, and must not get the other.
func (k Kubelet) Restart() string {
	if len(k.units) == 1 {
		return "systemctl restart " + k.units[0]
	}
	return "for unit in " + strings.Join(k.units, " ") + "; do systemctl -q is-enabled $unit && systemctl restart $unit; done"
}

// Units are the names, separated by blanks.
func (k Kubelet) Units() string { return strings.Join(k.units, " ") }

// Log are the words by which journalctl chooses the units.
func (k Kubelet) Log() string { return "-u " + strings.Join(k.units, " -u ") }
