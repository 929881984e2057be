package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
)

// configFile writes a configuration with a body and gives its path.
func configFile(t *testing.T, body string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "site.yaml")
	if err := os.WriteFile(path, []byte("apiVersion: plumbline.dev/config/v1\nkind: Config\n"+body), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFlagsWeighMoreThanTheFile(t *testing.T) {
	path := configFile(t, "profile: smoke\ntimeout: 5m\nchecks: ['dns/*']\nimage: r/p:1\nfailOn: warn\ntaints: all\nexcludeNodes: [n9]\nignoreChecks: [dns/spread]\nnodeSelector: a=b\n")
	f := &runFlags{configPath: path, image: "mine:1", taints: "none"}
	given := func(flag string) bool { return flag == "image" || flag == "taints" }
	if err := f.configure(given); err != nil {
		t.Fatal(err)
	}
	if f.image != "mine:1" || f.taints != "none" {
		t.Errorf("the file won: image %q, taints %q", f.image, f.taints)
	}
	if f.profile != "smoke" || f.timeout != 5*time.Minute || f.failOn != "warn" || f.nodeSelector != "a=b" ||
		!slices.Equal(f.checks, []string{"dns/*"}) || !slices.Equal(f.excludeNodes, []string{"n9"}) || !slices.Equal(f.ignore, []string{"dns/spread"}) {
		t.Errorf("the file was not taken: %+v", f)
	}
}

func TestAConfigurationThatCannotBeMeantIsAMatterOfUsage(t *testing.T) {
	for _, c := range []struct {
		name string
		body string
		says []string
	}{
		{"a field that does not exist", "egres: []\n", []string{"--config: ", "site.yaml: egres (line 3): there is no such field"}},
		{"a port that is none", "egress: [{host: a.example, port: 0}]\n", []string{"egress[0].port (line 3): 0 is not a port"}},
		{"a check that does not exist", "checks: [dns/replika]\n", []string{"dns/replica", "it stands in ", "site.yaml"}},
		{"an accepted exception that does not exist", "ignoreChecks: [dns/replika]\n", []string{"--ignore-checks", "it stands in "}},
		{"taints that are none", "taints: everything\n", []string{"--taints", "it stands in "}},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := configFile(t, c.body)
			got := outside(t, "run", "--config", path, "--kubeconfig", kubeconfig(t, "https://127.0.0.1:1"), "--out", t.TempDir())
			for _, says := range c.says {
				sentence(t, got, exitUsage, says)
			}
		})
	}
}

func TestADryRunCountsWhatIsConfigured(t *testing.T) {
	f := &runFlags{kube: kubeFlags(), configPath: configFile(t, "runtimeClasses: [kata, gvisor]\negress: [{host: a.example, port: 1}]\n")}
	if err := f.configure(func(string) bool { return false }); err != nil {
		t.Fatal(err)
	}
	asks := check.Check{ID: "x/y", Level: check.OptIn, Services: []string{facts.KindLocal}, Ask: func(s check.Scope) []facts.Flow {
		if len(s.Config.Egress) == 0 {
			return nil
		}
		return []facts.Flow{
			{From: facts.FromRuntime, To: facts.ToPod, Via: facts.TCP, Family: facts.IPv4, Look: facts.Main},
			{From: facts.FromPod, To: facts.ToEgress, Via: facts.Connect, Family: facts.IPv4, Look: facts.Main},
		}
	}}
	var out strings.Builder
	if err := dryRun(&out, []check.Check{asks}, f); err != nil {
		t.Fatal(err)
	}
	for _, says := range []string{
		"RuntimeClass kata", "RuntimeClass gvisor", "1 further Service of the kinds local", "exec calls (3 a node)",
		"probes runtime → pod", "probes pod → egress", "20,000",
	} {
		if !strings.Contains(out.String(), says) {
			t.Errorf("it does not say %q\n%s", says, out.String())
		}
	}
}
