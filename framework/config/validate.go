package config

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// The closed words of profile.
const (
	Smoke      = "smoke"      // the quick core
	Acceptance = "acceptance" // all
)

// validate tells of the first value that cannot be meant.
func (f *File) validate() error {
	for _, step := range []func() error{f.format, f.validEgress, f.validNames, f.validSoftware, f.validDefaults} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func (f *File) wrong(path, format string, args ...any) error {
	return placed(path, max(f.lines[path], 1), format, args...)
}

func (f *File) format() error {
	if f.APIVersion != APIVersion {
		return f.wrong("apiVersion", "%q is not known; want %s", f.APIVersion, APIVersion)
	}
	if f.Kind != Kind {
		return f.wrong("kind", "%q is not known; want %s", f.Kind, Kind)
	}
	return nil
}

func (f *File) validEgress() error {
	seen := map[Egress]string{}
	for i, e := range f.Egress {
		path := fmt.Sprintf("egress[%d]", i)
		if _, err := netip.ParseAddr(e.Host); err != nil || strings.Contains(e.Host, "%") {
			if why := notName(e.Host); why != "" {
				return f.wrong(path+".host", "%q is neither an address nor a name: %s", e.Host, why)
			}
		}
		if e.Port < 1 || e.Port > 65535 {
			return f.wrong(path+".port", "%d is not a port", e.Port)
		}
		key := Egress{strings.ToLower(strings.TrimSuffix(e.Host, ".")), e.Port}
		if before, twice := seen[key]; twice {
			return f.wrong(path, "it is the same as %s", before)
		}
		seen[key] = path
	}
	return nil
}

func (f *File) validNames() error {
	if err := f.each("externalNames", f.ExternalNames, func(name string) string {
		if _, err := netip.ParseAddr(name); err == nil {
			return "is an address, and not a name"
		}
		if why := notName(name); why != "" {
			return "is not a name: " + why
		}
		return ""
	}); err != nil {
		return err
	}
	if err := f.each("services", f.Services, func(service string) string {
		namespace, name, found := strings.Cut(service, "/")
		if !found || notLabel(namespace) != "" || notLabel(name) != "" {
			return "is no Service; want namespace/name"
		}
		return ""
	}); err != nil {
		return err
	}
	return f.each("runtimeClasses", f.RuntimeClasses, func(class string) string {
		// It becomes the value of a label too, which has room for 63 characters.
		if why := notName(class); why != "" || len(class) > maxLabel || class != strings.ToLower(class) || strings.HasSuffix(class, ".") {
			return "is not the name of a RuntimeClass (lower case letters, digits, - and ., at most 63)"
		}
		return ""
	})
}

// each goes through a list of texts, of which none may stand twice.
func (f *File) each(field string, list []string, wrong func(string) string) error {
	for i, v := range list {
		path := fmt.Sprintf("%s[%d]", field, i)
		if why := wrong(v); why != "" {
			return f.wrong(path, "%q %s", v, why)
		}
		same := func(o string) bool { return strings.EqualFold(strings.TrimSuffix(o, "."), strings.TrimSuffix(v, ".")) }
		if before := slices.IndexFunc(list[:i], same); before >= 0 {
			return f.wrong(path, "it is the same as %s[%d]", field, before)
		}
	}
	return nil
}

// maxComm is how much of a process's name Linux keeps (proc(5), /proc/pid/comm).
const maxComm = 15

func (f *File) validSoftware() error {
	var processes []string
	for i, s := range f.SecuritySoftware {
		path := fmt.Sprintf("securitySoftware[%d]", i)
		switch {
		case s.Process == "" || len(s.Process) > maxComm || strings.ContainsAny(s.Process, "/\n\x00"):
			return f.wrong(path+".process", "%q is not the name of a process as /proc/PID/comm shows it (1 to %d bytes)", s.Process, maxComm)
		case s.Product == "":
			return f.wrong(path+".product", "it is empty")
		case slices.Contains(processes, s.Process):
			return f.wrong(path+".process", "%q stands twice", s.Process)
		}
		processes = append(processes, s.Process)
	}
	return nil
}

func (f *File) validDefaults() error {
	if f.Profile != "" && f.Profile != Smoke && f.Profile != Acceptance {
		return f.wrong("profile", "%q is not a profile; want %s or %s", f.Profile, Smoke, Acceptance)
	}
	if f.FailOn != "" && f.FailOn != "fail" && f.FailOn != "warn" {
		return f.wrong("failOn", "%q: want fail or warn", f.FailOn)
	}
	if _, set := f.lines["timeout"]; set && f.Timeout <= 0 {
		return f.wrong("timeout", "%s: want a time above zero", f.Timeout)
	}
	for _, list := range []struct {
		field string
		of    []string
	}{{"checks", f.Checks}, {"ignoreChecks", f.IgnoreChecks}, {"excludeNodes", f.ExcludeNodes}} {
		if err := f.each(list.field, list.of, func(v string) string {
			if strings.TrimSpace(v) == "" {
				return "is empty"
			}
			return ""
		}); err != nil {
			return err
		}
	}
	return nil
}

// The longest label and name of the DNS (RFC 1035, section 2.3.4).
const (
	maxLabel = 63
	maxName  = 253
)

// notName says why a text is not a host's name (RFC 1123, section 2.1); empty
// where it is one. A dot at the end is allowed. A name that ends in a number would
// be taken for an address by some resolvers.
func notName(name string) string {
	name = strings.TrimSuffix(name, ".")
	if len(name) > maxName {
		return fmt.Sprintf("it has more than %d characters", maxName)
	}
	labels := strings.Split(strings.ToLower(name), ".")
	for _, label := range labels {
		if why := notLabel(label); why != "" {
			return why
		}
	}
	if last := labels[len(labels)-1]; len(labels) > 1 && strings.Trim(last, "0123456789") == "" {
		return fmt.Sprintf("its last part %q is a number", last)
	}
	return ""
}

func notLabel(label string) string {
	switch {
	case label == "":
		return "a part of it is empty"
	case len(label) > maxLabel:
		return fmt.Sprintf("a part of it has more than %d characters", maxLabel)
	case strings.ContainsFunc(label, func(r rune) bool { return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyz0123456789-", r) }):
		return fmt.Sprintf("%q has more than letters, digits and hyphens", label)
	case label[0] == '-' || label[len(label)-1] == '-':
		return fmt.Sprintf("%q begins or ends with a hyphen", label)
	}
	return ""
}
