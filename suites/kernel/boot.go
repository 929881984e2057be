package kernel

import (
	"path"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
)

// ownFile sorts behind the numbered files of every distribution.
const ownFile = "/etc/sysctl.d/zz-ip-forward.conf"

// forwardSwitch is one kernel switch with all names it can be set by.
type forwardSwitch struct {
	family facts.Family
	sysctl string
	// names set the same switch: net.ipv4.ip_forward and net.ipv4.conf.all.forwarding
	// are one variable (Documentation/networking/ip-sysctl.rst, net/ipv4/devinet.c).
	names  []string
	suffix string // of a finding's subject
}

func switches(families []facts.Family) []forwardSwitch {
	var out []forwardSwitch
	for _, f := range families {
		switch f {
		case facts.IPv4:
			out = append(out, forwardSwitch{
				family: f, sysctl: "net.ipv4.ip_forward",
				names: []string{"net.ipv4.ip_forward", "net.ipv4.conf.all.forwarding"},
			})
		case facts.IPv6:
			out = append(out, forwardSwitch{
				family: f, sysctl: "net.ipv6.conf.all.forwarding", suffix: " (IPv6)",
				names: []string{"net.ipv6.conf.all.forwarding"},
			})
		}
	}
	return out
}

// assignments are the settings of a switch in the order in which they are
// applied; the last one wins. A pattern counts only where no name is set
// outright (sysctl.d(5): explicit settings are exempt from patterns).
func (sw forwardSwitch) assignments(files *facts.SysctlFiles) []facts.SysctlSetting {
	var plain, patterns []facts.SysctlSetting
	for _, set := range files.Settings {
		key := strings.ReplaceAll(strings.TrimPrefix(set.Key, "-"), "/", ".")
		for _, name := range sw.names {
			if key == name {
				plain = append(plain, set)
			} else if hit, err := path.Match(key, name); err == nil && hit {
				patterns = append(patterns, set)
			}
		}
	}
	if len(plain) > 0 {
		return plain
	}
	return patterns
}

// bootFiles are the settings at boot as one of the looks saw them; the second
// result says why there are none.
func bootFiles(s *facts.Snapshot, node string) (files *facts.SysctlFiles, missing string) {
	missing = "the host was not looked at"
	for _, look := range []facts.Look{facts.First, facts.Last} {
		h := s.Host(node, look)
		switch {
		case h == nil:
		case h.NotRun != "":
			missing = h.NotRun
		case h.SysctlFiles == nil:
			missing = "the files of sysctl.d were not read"
			for _, e := range h.Errors {
				if strings.Contains(e.What, "sysctl") {
					missing = e.Says
				}
			}
		default:
			return h.SysctlFiles, ""
		}
	}
	return nil, missing
}

// bootEvidence names the line that decides at the next boot.
func bootEvidence(s *facts.Snapshot, node string, sw forwardSwitch) []check.Evidence {
	files, _ := bootFiles(s, node)
	if files == nil {
		return nil
	}
	sets := sw.assignments(files)
	if len(sets) == 0 {
		return []check.Evidence{{Node: node, Source: "sysctl.d", Text: "no file sets " + sw.sysctl}}
	}
	return []check.Evidence{settingEvidence(node, sets[len(sets)-1], "decides at boot")}
}

// atBoot is the step that makes the switch stay on beyond a reboot.
func atBoot(s *facts.Snapshot, node string, sw forwardSwitch) []check.Remedy {
	var wins facts.SysctlSetting
	if files, _ := bootFiles(s, node); files != nil {
		if sets := sw.assignments(files); len(sets) > 0 {
			wins = sets[len(sets)-1]
		}
	}
	step := writeBoot(node, sw, wins)
	if value := strings.TrimSpace(wins.Value); value != "" && value != "0" {
		step = check.Remedy{
			Text: "The files set it at boot, so something wrote 0 afterwards: find what does, and stop that", Node: node,
			Command: "grep -rsnE 'ip_forward|[.]forwarding' /etc/systemd /etc/cron* /etc/rc.local /etc/network /etc/NetworkManager /usr/local/bin /usr/local/sbin",
		}
	}
	step.Purpose = check.Last
	return []check.Remedy{step}
}
