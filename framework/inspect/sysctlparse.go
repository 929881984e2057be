package inspect

import (
	"fmt"
	"path"
	"path/filepath"
	"strings"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// assignment is one line of a sysctl file that says something.
type assignment struct {
	facts.SysctlSetting
	path string // below /proc/sys, perhaps with a pattern
	// exclude: "-key" without "=": patterns do not apply to these keys.
	exclude bool
}

// parseSysctl reads a file as sysctl(8) does. Lines that are empty or begin with
// # or ; say nothing; "-key = value" ignores an error of setting it, which makes
// no difference here; a line that is none of all this is skipped there, too, and
// reported.
func parseSysctl(file, text string) ([]assignment, []error) {
	var out []assignment
	var wrong []error
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' || line[0] == ';' {
			continue
		}
		key, value, assigned := strings.Cut(line, "=")
		rest, dash := strings.CutPrefix(key, "-")
		if !assigned && !dash {
			wrong = append(wrong, fmt.Errorf("%s:%d: %q is no assignment", file, i+1, clipped(line)))
			continue
		}
		key = strings.TrimSpace(rest)
		if key == "" {
			wrong = append(wrong, fmt.Errorf("%s:%d: %q has no key", file, i+1, clipped(line)))
			continue
		}
		out = append(out, assignment{
			SysctlSetting: facts.SysctlSetting{File: file, Line: i + 1, Key: dotted(key), Value: strings.TrimSpace(value)},
			path:          pathOf(key),
			exclude:       !assigned,
		})
	}
	return out, wrong
}

func clipped(s string) string {
	const most = 80
	if len(s) > most {
		return s[:most] + "…"
	}
	return s
}

// expand turns patterns (net.ipv4.conf.*.rp_filter) into the keys that this
// kernel has, except those that some line of any file names itself or excludes.
// A pattern that matches nothing stays as it is: the interfaces it is meant for
// may come later.
func expand(lines []assignment, proc string) []facts.SysctlSetting {
	var out []facts.SysctlSetting
	for _, l := range lines {
		if l.exclude {
			continue
		}
		if !strings.ContainsAny(l.path, "*?[") {
			out = append(out, l.SysctlSetting)
			continue
		}
		found, err := filepath.Glob(filepath.Join(proc, l.path))
		if err != nil || len(found) == 0 {
			out = append(out, l.SysctlSetting)
			continue
		}
		for _, f := range found {
			below := strings.TrimPrefix(f, proc+"/")
			if !named(lines, below) {
				one := l.SysctlSetting
				one.Key = dotted(below)
				out = append(out, one)
			}
		}
	}
	return out
}

// named says whether a line names this path itself, or excludes it.
func named(lines []assignment, below string) bool {
	for _, l := range lines {
		if l.path == below {
			return true
		}
		if ok, err := path.Match(l.path, below); l.exclude && err == nil && ok {
			return true
		}
	}
	return false
}
