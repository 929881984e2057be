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

// FuzzLoad: whatever a host prints, reading it and following a packet through
// it ends without a panic.
func FuzzLoad(f *testing.F) {
	for _, pattern := range []string{"testdata/*/iptables-nft-save.txt", "testdata/*/nft.txt"} {
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
	f.Fuzz(func(t *testing.T, text string) {
		for _, tool := range []string{"iptables-nft-save", "ip6tables-legacy-save", "nft"} {
			rules, _ := netfilter.Load([]facts.Dump{{Tool: tool, Text: text}})
			for _, p := range []netfilter.Packet{outgoing("tcp"), incoming("icmp"), {Family: facts.IPv6, Protocol: "udp"}} {
				if tr, err := rules.Forward(p); err == nil && tr.Certain != nil && tr.Certain.Chain == nil {
					t.Error("a stop without a place")
				}
			}
		}
	})
}
