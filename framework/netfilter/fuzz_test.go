package netfilter_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/netfilter"
)

var update = flag.Bool("update", false, "write golden files anew")

// FuzzSave and FuzzNft: whatever a host prints, reading it and following a packet
// through it ends without a panic.
func FuzzSave(f *testing.F) {
	seed(f, "testdata/*/iptables-nft-save.txt")
	f.Add("*filter\n:INPUT DROP [7:420]\n[12:3456] -A INPUT -p tcp -m multiport --dports 22,80:90 -j DROP\nCOMMIT\n")
	f.Fuzz(func(t *testing.T, text string) {
		followAll(t, "iptables-nft-save", text)
		followAll(t, "ip6tables-legacy-save", text)
	})
}

func FuzzNft(f *testing.F) {
	seed(f, "testdata/*/nft.txt")
	f.Fuzz(func(t *testing.T, text string) { followAll(t, "nft", text) })
}

func seed(f *testing.F, pattern string) {
	f.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		f.Fatalf("no seed: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
}

func followAll(t *testing.T, tool, text string) {
	t.Helper()
	rules, _ := netfilter.Load([]facts.Dump{{Tool: tool, Text: text}})
	toHost := netfilter.Packet{Family: facts.IPv4, Protocol: "udp", Port: 8472, ToHost: true, Src: prefixes("10.0.0.12/32")}
	for _, p := range []netfilter.Packet{outgoing("tcp"), incoming("icmp"), {Family: facts.IPv6, Protocol: "udp"}, toHost} {
		for _, follow := range []func(netfilter.Packet) (netfilter.Trace, error){rules.Forward, rules.Input, rules.Arrival, rules.Masqueraded} {
			if tr, err := follow(p); err == nil && tr.Certain != nil && tr.Certain.Chain == nil {
				t.Error("a stop without a place")
			}
		}
	}
}
