package config

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

const head = "apiVersion: plumbline.dev/config/v1\nkind: Config\n"

func TestTheExampleOfTheDocumentationIsRead(t *testing.T) {
	f, err := Load("../../docs/config.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	// Every field of the format is shown there.
	v := reflect.ValueOf(*f)
	for i := range v.NumField() {
		if name := v.Type().Field(i).Tag.Get("yaml"); name != "" && v.Field(i).IsZero() {
			t.Errorf("the example does not show %s", name)
		}
	}
	c := f.Facts()
	if len(c.Egress) == 0 || c.Egress[0].Port == 0 || len(c.Services) == 0 || len(c.RuntimeClasses) == 0 || len(c.SecuritySoftware) == 0 {
		t.Errorf("the facts of it are %+v", c)
	}
}

func TestAFileThatCannotBeMeantIsRefusedWithItsFieldAndLine(t *testing.T) {
	for _, c := range []struct{ name, text, says string }{
		{"an empty file", "", "the file is empty"},
		{"only a comment", "# nothing\n", "the file is empty"},
		{"another version", "apiVersion: v2\nkind: Config\n", `apiVersion (line 1): "v2" is not known`},
		{"no kind", "apiVersion: plumbline.dev/config/v1\n", "kind (line 1)"},
		{"an unknown field", head + "egres: []\n", "egres (line 3): there is no such field; these are: apiVersion"},
		{"an unknown field inside", head + "egress:\n- host: a.example\n  prt: 1\n", "egress[0].prt (line 5): there is no such field; these are: host, port"},
		{"a field that stands twice", head + "taints: a\ntaints: b\n", "taints (line 4): it stands twice"},
		{"a port of 0", head + "egress:\n- {host: a.example, port: 1}\n- {host: b.example, port: 1}\n- host: c.example\n  port: 0\n", "egress[2].port (line 7): 0 is not a port"},
		{"a port that is missing", head + "egress: [{host: c.example}]\n", "egress[0].port (line 1): 0 is not a port"},
		{"a port too high", head + "egress: [{host: c.example, port: 65536}]\n", "65536 is not a port"},
		{"a port that is a text", head + "egress: [{host: c.example, port: http}]\n", `egress[0].port (line 3): "http" is not a number`},
		{"a host with a space", head + "egress: [{host: 'a b', port: 1}]\n", "egress[0].host"},
		{"a host that is nearly an address", head + "egress: [{host: 10.0.0.256, port: 1}]\n", "neither an address nor a name"},
		{"a host with a zone", head + "egress: [{host: 'fe80::1%eth0', port: 1}]\n", "neither an address nor a name"},
		{"the same target twice", head + "egress: [{host: a.example, port: 1}, {host: A.example., port: 1}]\n", "egress[1] (line 3): it is the same as egress[0]"},
		{"an address as a name", head + "externalNames: [192.0.2.1]\n", "is an address, and not a name"},
		{"a name with a hyphen at an end", head + "externalNames: [-a.example]\n", "begins or ends with a hyphen"},
		{"a name twice", head + "externalNames: [a.example, a.example.]\n", "externalNames[1] (line 3): it is the same as externalNames[0]"},
		{"a Service without namespace", head + "services:\n- web\n", `services[0] (line 4): "web" is no Service; want namespace/name`},
		{"a Service of three parts", head + "services: [a/b/c]\n", "want namespace/name"},
		{"a RuntimeClass in capitals", head + "runtimeClasses: [Kata]\n", "runtimeClasses[0]"},
		{"a process with a path", head + "securitySoftware: [{process: /bin/x, product: X}]\n", "securitySoftware[0].process"},
		{"a process longer than Linux keeps", head + "securitySoftware: [{process: abcdefghijklmnop, product: X}]\n", "1 to 15 bytes"},
		{"software without a product", head + "securitySoftware: [{process: x}]\n", "securitySoftware[0].product"},
		{"a time that is none", head + "timeout: soon\n", `timeout (line 3): "soon" is not a time`},
		{"a time below zero", head + "timeout: -1s\n", "timeout (line 3): -1s: want a time above zero"},
		{"no time at all", head + "timeout: 0s\n", "want a time above zero"},
		{"another profile", head + "profile: quick\n", "want smoke or acceptance"},
		{"another failOn", head + "failOn: always\n", "want fail or warn"},
		{"an empty check", head + "checks: ['']\n", "checks[0]"},
		{"a text where a list is wanted", head + "services: a/b\n", "services (line 3): want a list"},
		{"a list where a text is wanted", head + "image: [a]\n", "image (line 3): want one value"},
		{"a number where a text is wanted", head + "taints: 1\n", "want a text"},
		{"a field without a value", head + "image:\n", "image (line 3): it has no value"},
		{"an anchor", head + "services: &a [a/b]\n", "anchors and aliases are not read"},
		{"two documents", head + "---\n" + head, "something follows the end of the first document"},
		{"no fields at all", "- a\n", "top level (line 1): want fields"},
		{"no YAML", "a: [", "reading YAML"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, err := Read(strings.NewReader(c.text))
			if err == nil {
				t.Fatalf("it was read: %+v", f)
			}
			if !strings.Contains(err.Error(), c.says) {
				t.Errorf("it says %q, want %q", err, c.says)
			}
		})
	}
}

func TestValuesAreTakenAsTheyStand(t *testing.T) {
	f, err := Read(strings.NewReader(head + "egress: [{host: 'fd00::1', port: 443}, {host: db, port: 5432}]\ntimeout: 90s\nchecks: ['dns/*', '!mtu/path']\n"))
	if err != nil {
		t.Fatal(err)
	}
	if f.Timeout != 90*time.Second || len(f.Checks) != 2 || f.Egress[0].Host != "fd00::1" || f.Facts().Egress[1].Port != 5432 {
		t.Errorf("read %+v", f)
	}
	if nothing, err := Read(strings.NewReader(head)); err != nil || nothing.Facts() != nil {
		t.Errorf("a file that asks for nothing: %+v, %v", nothing, err)
	}
}

func TestAFolderIsAConfigMapThatMayBeMissing(t *testing.T) {
	dir := t.TempDir()
	if f, err := Load(dir); err != nil || f.Facts() != nil {
		t.Errorf("an empty folder: %+v, %v", f, err)
	}
	write := func(name string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(head+"profile: smoke\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("..data")
	write("other.yaml")
	if _, err := Load(dir); err == nil || !strings.Contains(err.Error(), "has no config.yaml (it has other.yaml)") {
		t.Errorf("a key that is mistyped: %v", err)
	}
	write("config.yaml")
	if f, err := Load(dir); err != nil || f.Profile != Smoke {
		t.Errorf("config.yaml: %+v, %v", f, err)
	}
	if _, err := Load(filepath.Join(dir, "no.yaml")); err == nil {
		t.Error("a file that is not there was read")
	}
}
