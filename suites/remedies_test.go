package suites_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/reporters/report"
	"github.com/plumbline-net/plumbline/suites"
)

// TestEveryFailureSaysHowItIsRepairedAndHowThatIsShown reads what the checks say
// of the recordings that fail.
func TestEveryFailureSaysHowItIsRepairedAndHowThatIsShown(t *testing.T) {
	seen := 0
	for _, c := range suites.All() {
		area, name := stem(c.ID)
		for _, f := range findingsOf(t, filepath.Join(area, "testdata", name+".fail.golden.json")) {
			if f.Verdict != check.Fail && f.Verdict != check.Warn {
				continue
			}
			seen++
			for _, wrong := range wrongSteps(f) {
				t.Errorf("%s, %s: %s", c.ID, f.Subject, wrong)
			}
		}
	}
	if seen == 0 {
		t.Error("no recording has a finding, so nothing was tested")
	}
}

func findingsOf(t *testing.T, path string) []check.Finding {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var r check.Result
	if err := json.Unmarshal(raw, &r); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return r.Findings
}

// wrongSteps says what is wrong with the steps of one finding.
func wrongSteps(f check.Finding) []string {
	var out []string
	count := map[check.Purpose]int{}
	for _, m := range f.Remedy {
		count[m.Purpose]++
		switch {
		case strings.TrimSpace(m.Text) == "":
			out = append(out, "a step without a sentence: "+m.Command)
		case m.Command == "" && m.Purpose != check.Repair:
			out = append(out, "a step that only looks, keeps or shows needs a command: "+m.Text)
		case strings.Contains(m.Command, "%!"), strings.Contains(m.Text, "%!"):
			out = append(out, "a step with a hole: "+m.Text+" "+m.Command)
		case m.Purpose == check.Find && meddles(m.Command):
			out = append(out, "a step that only looks changes something: "+m.Command)
		case strings.Contains(m.Command, "kubectl drain"), strings.Contains(m.Command, "reboot"), strings.Contains(m.Command, "kubectl delete node"):
			out = append(out, "a step drains, reboots or deletes a node: "+m.Command)
		}
	}
	if !slices.Equal(f.Remedy, check.InOrder(f.Remedy)) {
		out = append(out, "its steps do not stand in the order find, repair, last, verify, each once")
	}
	if first := report.FirstStep(f.Remedy); first != nil && first.Risk() == check.Disrupt {
		out = append(out, "its first advice may take away more than it repairs: "+first.Command)
	}
	if f.Verdict == check.Fail && (count[check.Repair] == 0 || count[check.Verify] == 0) {
		out = append(out, "it fails, and has no step that repairs it, or none that shows it")
	}
	return out
}

// meddles knows the words of commands that change a node or the cluster; log_martians
// and what is read by "show" or "get" are no change.
func meddles(command string) bool {
	for _, word := range []string{
		"kubectl delete", " delete pod", "rollout restart", "kubectl drain", "systemctl restart", "systemctl disable",
		"ip link set", "ip route del", "ip addr del", "ip neigh del", "iptables -I", "iptables -D", "nft delete", "modprobe ", "sed -i", "ethtool -K",
	} {
		if strings.Contains(command, word) {
			return true
		}
	}
	return false
}

func TestAStepThatIsMissingOrOutOfPlaceIsSeen(t *testing.T) {
	repair, verify := check.Remedy{Text: "repair it", Command: "x"}, check.Remedy{Purpose: check.Verify, Text: "check", Command: "y"}
	for name, tc := range map[string]struct {
		steps []check.Remedy
		wrong int
	}{
		"a repair and what shows it":                   {[]check.Remedy{repair, verify}, 0},
		"nothing that shows it":                        {[]check.Remedy{repair}, 1},
		"nothing that repairs it":                      {[]check.Remedy{verify}, 1},
		"the wrong order":                              {[]check.Remedy{verify, repair}, 1},
		"a step without a sentence":                    {[]check.Remedy{repair, verify, {Purpose: check.Verify, Command: "z"}}, 1},
		"a step that shows it without a command":       {[]check.Remedy{repair, {Purpose: check.Verify, Text: "look"}}, 1},
		"a step that looks, and deletes":               {[]check.Remedy{{Purpose: check.Find, Text: "look", Command: "kubectl -n a delete pod b"}, repair, verify}, 1},
		"a step that drains":                           {[]check.Remedy{repair, {Text: "drain", Command: "kubectl drain n1"}, verify}, 1},
		"only a step that opens the firewall":          {[]check.Remedy{{Text: "open", Command: "iptables -I INPUT -j ACCEPT"}, verify}, 1},
		"a step whose command was not put in its hole": {[]check.Remedy{{Text: "repair", Command: "ip %!s(MISSING)"}, verify}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			if got := wrongSteps(check.Finding{Verdict: check.Fail, Remedy: tc.steps}); len(got) != tc.wrong {
				t.Errorf("%q", got)
			}
		})
	}
}
