package kernel

import (
	_ "embed" // the explanation page
	"fmt"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/suites/remedies"
)

//go:embed ip_forward_boot.md
var ipForwardBootDoc string

// IPForwardBoot promises that forwarding will be on after a reboot. Files are
// read; nothing is applied.
func IPForwardBoot() check.Check {
	return check.Check{
		ID:       "kernel/ip-forward-boot",
		Promise:  "The files which are applied at boot leave packet forwarding switched on.",
		Level:    check.Core,
		Needs:    []check.Need{check.NeedHostRead},
		Looks:    []facts.Look{facts.First},
		Doc:      ipForwardBootDoc,
		Evaluate: ipForwardBoot,
	}
}

func ipForwardBoot(s *facts.Snapshot) check.Result {
	nodes := s.Selected()
	if len(nodes) == 0 {
		return check.Unknownf("no node was looked at")
	}
	var findings []check.Finding
	for _, n := range nodes {
		files, missing := bootFiles(s, n.Name)
		if files == nil {
			findings = append(findings, check.Finding{
				Subject: n.Name, Nodes: []string{n.Name}, Verdict: check.Unknown,
				Says: "the settings at boot are not known: " + missing,
			})
			continue
		}
		for _, sw := range switches(s.Cluster.Families) {
			sets := sw.assignments(files)
			if len(sets) == 0 && s.InContainer(n.Name) {
				continue // it inherits the machine's, and starts anew with its container
			}
			if f, bad := judgeBoot(n.Name, sw, sets); bad {
				findings = append(findings, f)
			}
		}
	}
	return check.Conclude(fmt.Sprintf("the files of %d of %d nodes do not switch forwarding off",
		check.Clean(nodes, findings), len(nodes)), findings)
}

func judgeBoot(node string, sw forwardSwitch, sets []facts.SysctlSetting) (check.Finding, bool) {
	f := check.Finding{Subject: node + sw.suffix, Nodes: []string{node}}
	if len(sets) == 0 {
		f.Verdict = check.Warn
		f.Says = fmt.Sprintf("no file sets %s, so nothing switches forwarding on after a reboot but a program that happens to", sw.sysctl)
		f.Remedy = makeItLast(node, sw, facts.SysctlSetting{})
		return f, true
	}
	wins := sets[len(sets)-1]
	if strings.TrimSpace(wins.Value) != "0" {
		return f, false
	}
	f.Verdict = check.Fail
	f.Says = fmt.Sprintf("%s:%d sets %s to 0, and it is the last to do so: after a reboot the node will not forward packets",
		wins.File, wins.Line, wins.Key)
	f.Evidence = append(f.Evidence, settingEvidence(node, wins, "decides"))
	for _, set := range sets[:len(sets)-1] {
		f.Evidence = append(f.Evidence, settingEvidence(node, set, "overridden"))
	}
	f.Remedy = makeItLast(node, sw, wins)
	return f, true
}

func settingEvidence(node string, set facts.SysctlSetting, note string) check.Evidence {
	return check.Evidence{
		Node: node, Source: fmt.Sprintf("%s:%d", set.File, set.Line),
		Text: fmt.Sprintf("%s = %s (%s)", set.Key, set.Value, note),
	}
}

// makeItLast corrects the line that decides. A file of a package is left alone:
// its next version would bring the line back.
func makeItLast(node string, sw forwardSwitch, wins facts.SysctlSetting) []check.Remedy {
	return []check.Remedy{
		writeBoot(node, sw, wins),
		{Text: "Set the running kernel too; this changes the one setting and no other", Node: node, Command: fmt.Sprintf("sysctl -w %s=1", sw.sysctl)},
		{
			Purpose: check.Verify, Text: "Check the lines that set it, without applying any: the one that is read last must set 1", Node: node,
			Command: fmt.Sprintf("grep -rsn '%s' /usr/lib/sysctl.d /run/sysctl.d /etc/sysctl.d /etc/sysctl.conf", lastWord(sw.sysctl)),
		},
		remedies.Again("kernel/ip-forward-boot"),
	}
}

// writeBoot is the step that changes what is read at boot.
func writeBoot(node string, sw forwardSwitch, wins facts.SysctlSetting) check.Remedy {
	if strings.HasPrefix(wins.File, "/etc/") {
		return check.Remedy{
			Text: fmt.Sprintf("Correct the line that decides at boot, line %d of %s", wins.Line, wins.File), Node: node,
			Command: fmt.Sprintf("sed -i '%ds|.*|%s = 1|' %s", wins.Line, wins.Key, wins.File),
		}
	}
	return check.Remedy{
		Text: "Set it for every start, in a file of your own that is read behind the others", Node: node,
		Command: fmt.Sprintf("echo '%s = 1' > %s", sw.sysctl, ownFile),
	}
}

func lastWord(sysctl string) string { return sysctl[strings.LastIndex(sysctl, ".")+1:] }
