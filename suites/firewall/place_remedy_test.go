package firewall_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/suites/firewall"
)

const reject = "-A FORWARD -j REJECT --reject-with icmp-host-prohibited"

// commandsOf are the commands of one purpose, each with its node before it.
func commandsOf(f check.Finding, p check.Purpose) []string {
	var out []string
	for _, m := range f.Remedy {
		if m.Purpose == p {
			out = append(out, m.Node+": "+m.Command)
		}
	}
	return out
}

func forwardFinding(t *testing.T, spoil func(*facts.Snapshot)) check.Finding {
	t.Helper()
	s := unmeasured(3)
	spoil(s)
	r := firewall.Forward().Evaluate(s)
	if len(r.Findings) != 1 || r.Findings[0].Verdict != check.Fail {
		t.Fatalf("%s %+v", r.Verdict, r.Findings)
	}
	return r.Findings[0]
}

func TestTheSameRuleOnTwoNodesIsTakenAwayOnBoth(t *testing.T) {
	f := forwardFinding(t, func(s *facts.Snapshot) {
		at(s, "n1", nftSave, above("filter", "FORWARD", reject))
		at(s, "n2", nftSave, above("filter", "FORWARD", reject))
	})
	undo := "iptables-nft -D FORWARD -j REJECT --reject-with icmp-host-prohibited"
	if got := commandsOf(f, check.Repair); !slices.Equal(got, []string{"n1: " + undo, "n2: " + undo}) {
		t.Errorf("%q", got)
	}
	gone := "iptables-nft -S FORWARD | grep -cxF -- '" + reject + "'"
	if got := commandsOf(f, check.Verify); !slices.Equal(got, []string{"n1: " + gone, "n2: " + gone}) {
		t.Errorf("%q", got)
	}
	if got := commandsOf(f, check.Last); len(got) != 2 || !strings.Contains(got[0], "FORWARD.*(DROP|REJECT") {
		t.Errorf("%q", got)
	}
}

func TestPodsAreAdmittedThroughAPolicyAndItsWriterIsNamed(t *testing.T) {
	f := forwardFinding(t, func(s *facts.Snapshot) {
		at(s, "n2", nftSave, func(string) string {
			return "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n"
		})
	})
	if got := commandsOf(f, check.Repair); !slices.Equal(got, []string{"n2: iptables-nft -A FORWARD -s 10.244.0.0/16 -j ACCEPT; iptables-nft -A FORWARD -d 10.244.0.0/16 -j ACCEPT"}) {
		t.Errorf("%q", got)
	}
	if got := commandsOf(f, check.Verify); !slices.Equal(got, []string{"n2: iptables-nft -S FORWARD"}) {
		t.Errorf("%q", got)
	}
	if i := slices.IndexFunc(f.Remedy, func(m check.Remedy) bool { return m.Purpose == check.Last }); !strings.Contains(f.Remedy[i].Text, "dockerd") {
		t.Errorf("%+v", f.Remedy[i])
	}
}

func TestAFirewallManagerIsSwitchedOffBeforeItsRuleIsTakenAway(t *testing.T) {
	f := forwardFinding(t, func(s *facts.Snapshot) {
		at(s, "n2", nftSave, above("filter", "FORWARD", reject))
		at(s, "n2", nftSave, func(text string) string {
			return strings.Replace(text, ":FORWARD ACCEPT [0:0]\n", ":FORWARD ACCEPT [0:0]\n:ufw-user-forward - [0:0]\n", 1)
		})
	})
	repair := commandsOf(f, check.Repair)
	if len(repair) != 2 || repair[0] != "n2: ufw disable" || !strings.Contains(repair[1], "-D FORWARD") {
		t.Errorf("%q", repair)
	}
	if last := commandsOf(f, check.Last); len(last) != 1 || !strings.Contains(last[0], "ufw allow from 10.0.0.11") || !strings.Contains(last[0], "ufw default allow routed") {
		t.Errorf("%q", last)
	}
}
