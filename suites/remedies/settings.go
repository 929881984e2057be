package remedies

import (
	"fmt"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
)

// Setting is one sysctl with the value that it should have.
type Setting struct{ Name, Value string }

// Set writes settings into the running kernel.
func Set(node, text string, settings ...Setting) check.Remedy {
	var words []string
	for _, one := range settings {
		word := one.Name + "=" + one.Value
		if strings.Contains(one.Value, " ") {
			word = fmt.Sprintf("%s='%s'", one.Name, one.Value)
		}
		words = append(words, word)
	}
	return check.Remedy{Text: text, Node: node, Command: "sysctl -w " + strings.Join(words, " ")}
}

// Keep makes settings outlive a reboot. Where the last file that sets one lies in
// /etc and says something else, that line is corrected, for it would win; all
// others go to a file of our own, named after what it is about, which is read
// behind the numbered ones (sysctl.d(5)). A package's file is left alone, because
// its next version would bring the line back.
func Keep(s *facts.Snapshot, node, about string, settings ...Setting) []check.Remedy {
	var out []check.Remedy
	var own, right []string
	for _, one := range settings {
		wins, known := deciding(s, node, one.Name)
		switch {
		case known && strings.Join(strings.Fields(wins.Value), " ") == one.Value:
			right = append(right, one.Name[strings.LastIndex(one.Name, ".")+1:])
		case known && strings.HasPrefix(wins.File, "/etc/"):
			out = append(out, check.Remedy{
				Purpose: check.Last, Node: node,
				Text:    fmt.Sprintf("Correct line %d of %s, which sets it to %s at every start", wins.Line, wins.File, wins.Value),
				Command: fmt.Sprintf("sed -i '%ds|.*|%s = %s|' %s", wins.Line, wins.Key, one.Value, wins.File),
			})
		default:
			own = append(own, fmt.Sprintf("'%s = %s'", one.Name, one.Value))
		}
	}
	if len(right) > 0 {
		out = append(out, WhereWritten(node, "The files that are read at boot set it rightly, so something wrote it afterwards: find what does, and stop that",
			strings.Join(right, "|")))
	}
	if len(own) > 0 {
		out = append(out, check.Remedy{
			Purpose: check.Last, Text: "Set it at every start, in a file that is read behind the others", Node: node,
			Command: fmt.Sprintf("printf '%%s\\n' %s > /etc/sysctl.d/zz-%s.conf", strings.Join(own, " "), about),
		})
	}
	return out
}

// deciding is the assignment of a setting that is applied last at boot, as one of the looks saw it.
func deciding(s *facts.Snapshot, node, name string) (wins facts.SysctlSetting, known bool) {
	for _, look := range []facts.Look{facts.Last, facts.First} {
		h := s.Host(node, look)
		if h == nil || h.SysctlFiles == nil {
			continue
		}
		for _, set := range h.SysctlFiles.Settings {
			if key := strings.TrimPrefix(set.Key, "-"); dotted(key) == dotted(name) {
				wins, known = set, true
			}
		}
		return wins, known
	}
	return wins, known
}

// dotted makes both ways of writing a setting alike.
func dotted(name string) string { return strings.ReplaceAll(name, "/", ".") }
