package facts_test

import (
	"bytes"
	"reflect"
	"testing"

	"github.com/plumbline-net/plumbline/framework/facts"
)

func TestSmallFactsAreSmallerAndReadBackTheSame(t *testing.T) {
	s := looks()
	for range 100 {
		s.Hosts[0].Firewall = append(s.Hosts[0].Firewall, facts.Dump{Tool: "iptables-nft-save", Text: "*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n"})
	}
	long, err1 := facts.Encode(s)
	short, err2 := facts.EncodeSmall(s)
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	if 2*len(short) > len(long) {
		t.Errorf("%d bytes became %d", len(long), len(short))
	}
	back, err := facts.Decode(bytes.NewReader(short))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(back.Hosts, s.Hosts) {
		t.Error("what was read back differs")
	}
}
