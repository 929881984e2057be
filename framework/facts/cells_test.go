package facts

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestCellsSurviveTheirEncoding(t *testing.T) {
	in := Cells{
		{},
		{Outcome: OK, RTT: 1},
		{Outcome: OK, RTT: 250, Retried: true},
		{Outcome: Timeout},
		{Outcome: TooBig, Partial: true},
		{Outcome: OK, Rewritten: true, RTT: 90_000_000},
	}
	text, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	var out Cells
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	for i := range in {
		a, b := in[i], out[i]
		if a.Outcome != b.Outcome || a.Retried != b.Retried || a.Rewritten != b.Rewritten || a.Partial != b.Partial {
			t.Errorf("cell %d was %+v and became %+v", i, a, b)
		}
	}
	if out[0].RTT != 0 || out[1].RTT != 1 {
		t.Errorf("round trips %d, %d", out[0].RTT, out[1].RTT)
	}
	if out[2].RTT < 232 || out[2].RTT > 268 {
		t.Errorf("250 µs became %d µs, more than 7 %% off", out[2].RTT)
	}
	again, _ := json.Marshal(out)
	if string(again) != string(text) {
		t.Errorf("encoding what was decoded gives %s, before it was %s", again, text)
	}
}

func TestCellsThatAreNoneAreRefused(t *testing.T) {
	for name, text := range map[string]string{
		"not base64": `"§"`, "an odd number of bytes": `"AQ=="`, "an outcome that does not exist": `"DwA="`, "an unknown flag": `"gQA="`,
	} {
		var c Cells
		if err := json.Unmarshal([]byte(text), &c); err == nil || !strings.Contains(err.Error(), "decoding cell") {
			t.Errorf("%s gave %v and %v", name, c, err)
		}
	}
}

func TestAFlowSurvivesItsKey(t *testing.T) {
	f := Flow{From: FromHost, To: ToDNSReplica, Via: DNSTCP, Family: IPv6, Look: First}
	got, err := ParseFlow(f.Key())
	if err != nil || got != f {
		t.Errorf("%s became %v, %v", f.Key(), got, err)
	}
	for _, key := range []string{"", "pod>pod", "pod>pod/tcp/ipv4", "pod>moon/tcp/ipv4@main", "pod>pod/tcp/ipv5@main"} {
		if got, err := ParseFlow(key); err == nil {
			t.Errorf("%q became %v", key, got)
		}
	}
}
