package pressure

import (
	"fmt"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/symptom"
)

// disks judges each file system once, even if several paths are on it.
func disks(node string, all []facts.Filesystem) []symptom.Symptom {
	type id struct{ size, available, inodes int64 }
	seen := map[id]bool{}
	var out []symptom.Symptom
	for _, f := range all {
		k := id{f.Size, f.Available, f.Inodes}
		if f.Size <= 0 || seen[k] {
			continue
		}
		seen[k] = true
		out = append(out, used(node, f, "space", f.Size, f.Available)...)
		if f.Inodes > 0 {
			out = append(out, used(node, f, "inodes", f.Inodes, f.InodesFree)...)
		}
	}
	return out
}

func used(node string, f facts.Filesystem, what string, all, free int64) []symptom.Symptom {
	percent := 100 - free*100/all
	if percent < mostUsed {
		return nil
	}
	command := map[string]string{"space": "df -h " + f.Path, "inodes": "df -i " + f.Path}[what]
	return []symptom.Symptom{{
		Node: node, Thing: f.Path, Kind: what, Verdict: check.Warn, Weight: percent,
		Says:     fmt.Sprintf("%d %% of the %s of the file system of %s are used: the kubelet evicts pods, and new ones do not start", percent, what, f.Path),
		Evidence: []check.Evidence{{Node: node, Source: "statfs " + f.Path, Text: fmt.Sprintf("%s: %d of %d free", what, free, all)}},
		Remedy: []check.Remedy{
			{Purpose: check.Find, Text: "See what takes it", Node: node, Command: fmt.Sprintf("du -x --max-depth=2 %s 2>/dev/null | sort -rn | head -20", f.Path)},
			{Text: "Remove images that no container uses", Node: node, Command: "crictl rmi --prune"},
			{Text: "Shorten the logs", Node: node, Command: "journalctl --vacuum-size=200M"},
			{Purpose: check.Verify, Text: fmt.Sprintf("Check: the use must be below %d %%", mostUsed), Node: node, Command: command},
		},
	}}
}
