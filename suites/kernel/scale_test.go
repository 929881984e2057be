package kernel_test

import (
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
	"github.com/plumbline-net/plumbline/suites/kernel"
)

// BenchmarkStrictFilters judges the case that compares each node with its peers.
func BenchmarkStrictFilters(b *testing.B) {
	s := factstest.Healthy(200)
	set(s, "", "net.ipv4.conf.all.rp_filter", "1")
	for b.Loop() {
		if r := kernel.RPFilter().Evaluate(s); r.Verdict != check.Pass {
			b.Fatal(r)
		}
	}
}
