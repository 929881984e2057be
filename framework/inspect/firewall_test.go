package inspect

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// script writes an executable and gives its path.
func script(t *testing.T, body string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tool")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+body+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestADumpIsWholeOrSaysWhyNot(t *testing.T) {
	run := func() (string, error) { return "", nil }
	marker := filepath.Join(t.TempDir(), "was-run")
	cases := map[string]struct {
		command      []string
		empty        func() (string, error)
		text, notRun string
	}{
		"it prints":                      {[]string{script(t, "echo '*filter'")}, run, "*filter\n", ""},
		"it fails, with its own words":   {[]string{script(t, "echo half; echo no permission >&2; exit 3")}, run, "", "no permission"},
		"it is not installed":            {[]string{"no-such-tool-of-ours"}, run, "", "not installed"},
		"it prints too much":             {[]string{script(t, "exec cat /dev/zero")}, run, "", "longer than"},
		"it hangs":                       {[]string{script(t, "exec cat /dev/tty1 || sleep 600")}, run, "", "deadline"},
		"the kernel holds nothing":       {[]string{script(t, "touch "+marker)}, func() (string, error) { return "# nothing\n", nil }, "# nothing\n", ""},
		"the kernel cannot be asked":     {[]string{script(t, "touch "+marker)}, func() (string, error) { return "", errors.New("no /proc") }, "", "no /proc"},
		"it prints nothing as it should": {[]string{script(t, ":")}, run, "", ""},
	}
	cases["it hangs"] = struct {
		command      []string
		empty        func() (string, error)
		text, notRun string
	}{[]string{script(t, "read x < "+fifo(t))}, run, "", "deadline"}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
			defer cancel()
			got := dumper{"tool", c.command, c.empty}.dump(ctx)
			if got.Text != c.text || !strings.Contains(got.NotRun, c.notRun) || (c.notRun == "") != (got.NotRun == "") {
				t.Errorf("%.200q, not run: %q", got.Text, got.NotRun)
			}
		})
	}
	t.Cleanup(func() {
		if _, err := os.Stat(marker); err == nil {
			t.Error("a tool was run although there was nothing to show")
		}
	})
}

func TestLegacyToolsAreRunOnlyWhereThereAreLegacyTables(t *testing.T) {
	root := tree(t, map[string]string{"some": "filter\nnat\n", "none": ""})
	cases := map[string]struct {
		path string
		run  bool
	}{
		"tables":               {root + "/some", true},
		"no table":             {root + "/none", false},
		"a module not loaded ": {root + "/missing", false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			text, err := legacyTables(c.path)()
			if err != nil || (text == "") != c.run {
				t.Errorf("%q %v", text, err)
			}
		})
	}
	if _, err := legacyTables(root)(); err == nil {
		t.Error("a list that cannot be read is taken for an empty one")
	}
}

func TestASymbolOfTheKernelIsFoundByItsWholeName(t *testing.T) {
	const symbols = "0000000000000000 T nft_do_chain_inet\n0000000000000000 t nft_do_chain\t[nf_tables]\n"
	for symbol, want := range map[string]bool{"nft_do_chain": true, "nft_do": false, "t": false, "[nf_tables]": false} {
		if got, err := findSymbols(strings.NewReader(symbols), symbol, "nowhere"); err != nil || got[symbol] != want {
			t.Errorf("%s: %v %v", symbol, got, err)
		}
	}
}
