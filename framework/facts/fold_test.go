package facts_test

import (
	"bytes"
	"reflect"
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// looks is a snapshot with two looks at a node; the last one found another route.
func looks() *facts.Snapshot {
	s := sound()
	s.Hosts = nil
	for _, look := range []facts.Look{facts.First, facts.Last} {
		h := facts.HostLook{
			Node: s.Nodes[0].Name, Look: look, Sysctls: map[string]string{"net.ipv4.ip_forward": "1"},
			Routes: []facts.Route{{Type: "unicast", Table: 254, Family: facts.IPv4}},
		}
		if look == facts.Last {
			h.Routes[0].Dev = "eth0"
		}
		s.Hosts = append(s.Hosts, h)
	}
	return s
}

func TestWhatStayedAsItWasIsWrittenOnce(t *testing.T) {
	s := looks()
	raw, err := facts.Encode(s)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(raw), "net.ipv4.ip_forward"); n != 1 {
		t.Errorf("the settings are written %d times", n)
	}
	if n := strings.Count(string(raw), `"routes"`); n != 2 {
		t.Errorf("the routes, which differ, are written %d times", n)
	}
	back, err := facts.Decode(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(back.Hosts, s.Hosts) {
		t.Errorf("read back: %+v", back.Hosts)
	}
}

func TestAPartThatCannotBePutBackIsAnError(t *testing.T) {
	for name, c := range map[string]struct{ from, to, says string }{
		"a part that does not exist": {`"sysctls"`, `"colours"`, `"colours" is not one of`},
		"a part that is there, too":  {`"sysctls"`, `"routes"`, `"routes" is there, too`},
		"no first look":              {`"look": "first"`, `"look": "main"`, "there is no first look"},
	} {
		raw, err := facts.Encode(looks())
		if err != nil {
			t.Fatal(err)
		}
		at := strings.LastIndex(string(raw), c.from)
		if name == "no first look" {
			at = strings.Index(string(raw), c.from)
		}
		wrong := string(raw[:at]) + c.to + string(raw[at+len(c.from):])
		if name != "no first look" { // only the one in the list of what is left out
			at = strings.Index(string(raw), `"asFirst"`)
			wrong = string(raw[:at]) + strings.Replace(string(raw[at:]), c.from, c.to, 1)
		}
		if _, err := facts.Decode(strings.NewReader(wrong)); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestLongListsArePackedAndReadBack(t *testing.T) {
	s := looks()
	for range 1000 {
		s.Hosts[0].Routes = append(s.Hosts[0].Routes, facts.Route{Type: "unicast", Table: 254, Family: facts.IPv4, Dev: "flannel.1"})
	}
	raw, err := facts.Encode(s)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(raw), "flannel.1"); n != 0 {
		t.Errorf("%d routes are written one by one", n)
	}
	back, err := facts.Decode(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(back.Hosts, s.Hosts) {
		t.Error("what was read back differs")
	}
	for says, wrong := range map[string]string{
		"is not one of":  strings.Replace(string(raw), `"packed": {`, `"packed": {"colours": "", `, 1),
		"illegal base64": strings.Replace(string(raw), `"packed": {`, `"packed": {"fdb": "!", `, 1),
	} {
		if _, err := facts.Decode(strings.NewReader(wrong)); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v", says, err)
		}
	}
}
