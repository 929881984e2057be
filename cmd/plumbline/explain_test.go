package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/diagnose"
)

func TestEveryCauseIsListedAndExplained(t *testing.T) {
	list := inside(t, "list", "--causes", "-o", "json")
	var items []struct{ ID, Claim string }
	if err := json.Unmarshal([]byte(list.out), &items); err != nil || len(items) == 0 || len(items) != len(diagnose.IDs()) {
		t.Fatalf("%v, %d of %d", err, len(items), len(diagnose.IDs()))
	}
	table := inside(t, "list", "--causes")
	for _, item := range items {
		got := inside(t, "explain", item.ID)
		if got.status != 0 || item.Claim == "" || !strings.HasPrefix(got.out, "# "+item.ID+"\n") || !strings.Contains(got.out, item.Claim) {
			t.Errorf("explain %s: exit status %d, %.80s", item.ID, got.status, got.out)
		}
		if !strings.Contains(table.out, "\n"+item.ID+"  ") || !strings.Contains(table.out, item.Claim) {
			t.Errorf("the table lacks %s", item.ID)
		}
	}
	if strings.Contains(table.out, "kernel/ip-forward") {
		t.Error("a check stands among the causes")
	}
}

func TestWhatIsNotKnownGetsTheNearest(t *testing.T) {
	for _, tc := range []struct{ name, id, says string }{
		{"a cause with a slip", "no-forwading", `no cause is called "no-forwading"; did you mean no-forwarding`},
		{"half of a cause", "vxlan", `no cause is called "vxlan"; did you mean vxlan-blocked`},
		{"a check without its area", "ip-forward", `no cause is called "ip-forward"; did you mean kernel/ip-forward`},
		{"a check with a slip", "kernel/ip-foward", `no check is called "kernel/ip-foward"; did you mean kernel/ip-forward`},
		{"something else altogether", "the-weather-of-next-year", `no cause is called "the-weather-of-next-year"`},
		{"a way out of the folder", "../pages/no-forwarding", `no check is called "../pages/no-forwarding"`},
		{"a check without a name", "kernel/", `no check is called "kernel/"`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			sentence(t, outside(t, "explain", tc.id), exitUsage, tc.says)
		})
	}
}
