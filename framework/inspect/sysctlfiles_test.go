package inspect

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// tree writes files below a new directory; "-> x" as content is a symbolic link.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, content := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		if to, link := strings.CutPrefix(content, "-> "); link {
			err = os.Symlink(to, path)
		} else {
			err = os.WriteFile(path, []byte(content), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func lines(s *facts.SysctlFiles) []string {
	out := []string{}
	for _, x := range s.Settings {
		out = append(out, fmt.Sprintf("%s:%d %s=%s", x.File, x.Line, x.Key, x.Value))
	}
	return out
}

// bootFiles is a host's boot configuration and what is read of it, in order.
type bootFiles struct {
	files       map[string]string
	names, want []string
}

const forward = "net.ipv4.ip_forward = "

func bootConfigurations() map[string]bootFiles {
	return map[string]bootFiles{
		"by file name, whatever the directory, and sysctl.conf last": {
			map[string]string{
				"etc/sysctl.d/10-a.conf": forward + "1", "usr/lib/sysctl.d/50-b.conf": forward + "2",
				"run/sysctl.d/30-c.conf": forward + "3", "usr/local/lib/sysctl.d/20-d.conf": forward + "4",
				"lib/sysctl.d/40-e.conf": forward + "5", "etc/sysctl.conf": "\n# x\n" + forward + "0",
			},
			[]string{
				"/etc/sysctl.d/10-a.conf", "/usr/local/lib/sysctl.d/20-d.conf", "/run/sysctl.d/30-c.conf",
				"/lib/sysctl.d/40-e.conf", "/usr/lib/sysctl.d/50-b.conf", "/etc/sysctl.conf",
			},
			[]string{
				"/etc/sysctl.d/10-a.conf:1 net.ipv4.ip_forward=1", "/usr/local/lib/sysctl.d/20-d.conf:1 net.ipv4.ip_forward=4",
				"/run/sysctl.d/30-c.conf:1 net.ipv4.ip_forward=3", "/lib/sysctl.d/40-e.conf:1 net.ipv4.ip_forward=5",
				"/usr/lib/sysctl.d/50-b.conf:1 net.ipv4.ip_forward=2", "/etc/sysctl.conf:3 net.ipv4.ip_forward=0",
			},
		},
		"an earlier directory masks a file of the same name": {
			map[string]string{"usr/lib/sysctl.d/50-x.conf": forward + "0", "run/sysctl.d/50-x.conf": forward + "2", "etc/sysctl.d/50-x.conf": forward + "1"},
			[]string{"/etc/sysctl.d/50-x.conf"},
			[]string{"/etc/sysctl.d/50-x.conf:1 net.ipv4.ip_forward=1"},
		},
		"a link to /dev/null masks a vendor's file": {
			map[string]string{"usr/lib/sysctl.d/50-x.conf": forward + "0", "etc/sysctl.d/50-x.conf": "-> /dev/null", "dev/null": "not ours"},
			[]string{"/etc/sysctl.d/50-x.conf"},
			[]string{},
		},
		"files without .conf are not read": {
			map[string]string{"etc/sysctl.d/README.sysctl": forward + "0", "etc/sysctl.d/x.conf.bak": forward + "0", "etc/sysctl.d/.conf": forward + "1"},
			[]string{"/etc/sysctl.d/.conf"},
			[]string{"/etc/sysctl.d/.conf:1 net.ipv4.ip_forward=1"},
		},
		"a host without any file": {map[string]string{"etc/hostname": "n1"}, nil, []string{}},
	}
}

func linkedConfigurations() map[string]bootFiles {
	return map[string]bootFiles{
		"a link to sysctl.conf makes it count twice": {
			map[string]string{"etc/sysctl.conf": forward + "1", "etc/sysctl.d/99-sysctl.conf": "-> ../sysctl.conf"},
			[]string{"/etc/sysctl.d/99-sysctl.conf", "/etc/sysctl.conf"},
			[]string{"/etc/sysctl.d/99-sysctl.conf:1 net.ipv4.ip_forward=1", "/etc/sysctl.conf:1 net.ipv4.ip_forward=1"},
		},
		"absolute links, also of directories, stay inside the host": {
			map[string]string{
				"lib": "-> /usr/lib", "usr/lib/sysctl.d/a.conf": "-> /opt/a", "opt/a": forward + "1",
				"etc/sysctl.d/b.conf": "-> ../../../../../../opt/a",
			},
			[]string{"/usr/lib/sysctl.d/a.conf", "/etc/sysctl.d/b.conf"},
			[]string{"/usr/lib/sysctl.d/a.conf:1 net.ipv4.ip_forward=1", "/etc/sysctl.d/b.conf:1 net.ipv4.ip_forward=1"},
		},
	}
}

func TestSysctlFilesAreReadInTheOrderOfSysctlSystem(t *testing.T) {
	cases := bootConfigurations()
	maps.Copy(cases, linkedConfigurations())
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := sysctlFilesBelow(tree(t, c.files), t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got.Files, c.names) {
				t.Errorf("files %q,\nexpected %q", got.Files, c.names)
			}
			if !slices.Equal(lines(got), c.want) {
				t.Errorf("settings %q,\nexpected %q", lines(got), c.want)
			}
		})
	}
}

func TestWhatCannotBeReadIsSaidAndTheRestGoesOn(t *testing.T) {
	root := tree(t, map[string]string{
		"etc/sysctl.d/a.conf/x": "", "etc/sysctl.d/b.conf": "-> /nowhere", "etc/sysctl.d/c.conf": "kernel.pid_max = 1\nnonsense\n= 3",
		"etc/sysctl.d/d.conf": strings.Repeat("#", maxConfig+1),
	})
	got, err := sysctlFilesBelow(root, t.TempDir())
	if err == nil {
		t.Fatal("no error")
	}
	for _, says := range []string{"a.conf: it is no regular file", "b.conf", `c.conf:2: "nonsense" is no assignment`, "c.conf:3", "d.conf: it is larger"} {
		if !strings.Contains(err.Error(), says) {
			t.Errorf("%q is missing in %q", says, err)
		}
	}
	if want := []string{"/etc/sysctl.d/c.conf:1 kernel.pid_max=1"}; !slices.Equal(lines(got), want) {
		t.Errorf("settings %q", lines(got))
	}
}

func TestASysctlLineIsReadAsSysctlReadsIt(t *testing.T) {
	cases := map[string]struct {
		line, key, value string
	}{
		"dots":                             {"net.ipv4.ip_forward=1", "net.ipv4.ip_forward", "1"},
		"blanks around":                    {"  net.ipv4.ip_forward \t=  1  ", "net.ipv4.ip_forward", "1"},
		"a value with blanks":              {"net.ipv4.ip_local_port_range = 1024 65535", "net.ipv4.ip_local_port_range", "1024 65535"},
		"a value with an equals sign":      {"kernel.core_pattern=|/bin/x --a=b", "kernel.core_pattern", "|/bin/x --a=b"},
		"slashes":                          {"net/ipv4/ip_forward = 0", "net.ipv4.ip_forward", "0"},
		"an interface with a dot, dotted":  {"net.ipv4.conf.eth0/5.forwarding=1", "net.ipv4.conf.eth0/5.forwarding", "1"},
		"an interface with a dot, slashed": {"net/ipv4/conf/eth0.5/forwarding=1", "net.ipv4.conf.eth0/5.forwarding", "1"},
		"errors ignored":                   {"-net.ipv4.ip_forward = 1", "net.ipv4.ip_forward", "1"},
		"a carriage return":                {"net.ipv4.ip_forward = 1\r", "net.ipv4.ip_forward", "1"},
		"no value":                         {"net.ipv4.ip_forward =", "net.ipv4.ip_forward", ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got, wrong := parseSysctl("f", "# comment\n; comment\n\n"+c.line+"\n")
			if len(got) != 1 || len(wrong) != 0 || got[0].Key != c.key || got[0].Value != c.value || got[0].Line != 4 {
				t.Errorf("%+v %v", got, wrong)
			}
		})
	}
}

func TestAPatternIsWrittenOutForTheKeysThatNothingElseNames(t *testing.T) {
	proc := tree(t, map[string]string{
		"net/ipv4/conf/all/rp_filter": "", "net/ipv4/conf/default/rp_filter": "", "net/ipv4/conf/eth0/rp_filter": "",
		"net/ipv4/conf/eth0.5/rp_filter": "", "net/ipv4/conf/hub0/rp_filter": "",
	})
	got, _ := parseSysctl("f", strings.Join([]string{
		"net.ipv4.conf.default.rp_filter = 2", "net.ipv4.conf.*.rp_filter = 2", "-net.ipv4.conf.all.rp_filter",
		"net.ipv4.conf.hub0.rp_filter = 1", "net.ipv4.conf.wlan*.rp_filter = 0",
	}, "\n"))
	want := []string{
		"f:1 net.ipv4.conf.default.rp_filter=2", "f:2 net.ipv4.conf.eth0.rp_filter=2", "f:2 net.ipv4.conf.eth0/5.rp_filter=2",
		"f:4 net.ipv4.conf.hub0.rp_filter=1", "f:5 net.ipv4.conf.wlan*.rp_filter=0",
	}
	if all := lines(&facts.SysctlFiles{Settings: expand(got, proc)}); !slices.Equal(all, want) {
		t.Errorf("%q,\nexpected %q", all, want)
	}
}

func FuzzSysctlFiles(f *testing.F) {
	f.Add("net.ipv4.ip_forward = 1\n# x\n-a.b\n")
	f.Add("net/ipv4/conf/*/rp_filter=0")
	f.Add("-=\n=\n-")
	f.Fuzz(func(t *testing.T, text string) {
		got, wrong := parseSysctl("f", text)
		if n := strings.Count(text, "\n") + 1; len(got)+len(wrong) > n {
			t.Errorf("%d lines gave %d settings and %d errors", n, len(got), len(wrong))
		}
		for _, a := range got {
			if a.Key == "" || strings.TrimSpace(a.Value) != a.Value || a.Line < 1 {
				t.Errorf("%+v", a)
			}
		}
		expand(got, "/nowhere")
	})
}
