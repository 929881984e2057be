package component

import (
	"slices"

	"github.com/plumbline-net/plumbline/framework/cni"
)

// failures are the lines which a network plugin's agent writes when it cannot do
// its work: its own, and those of any program.
func failures(plugin cni.Plugin) []cni.LogLine {
	return slices.Concat(plugin.Logs, []cni.LogLine{
		{Part: "no space left on device", Look: "df -h; df -i", Means: "the disk, or a table of the kernel, is full"},
		{Part: "too many open files", Look: "sysctl fs.file-nr fs.inotify", Means: "a limit of open files is reached"},
		{Part: "certificate has expired", Look: "date", Means: "a certificate has expired, or the clock is wrong"},
	})
}
