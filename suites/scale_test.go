package suites_test

import (
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
	"github.com/plumbline-net/plumbline/suites"
)

// BenchmarkHostChecks judges the checks that read every node's routes and rules.
func BenchmarkHostChecks(b *testing.B) {
	s := factstest.Healthy(200)
	for _, c := range suites.All() {
		switch c.Area() {
		case "node", "kernel", "firewall":
			b.Run(c.ID, func(b *testing.B) {
				for b.Loop() {
					if r := c.Evaluate(s); r.Verdict != check.Pass {
						b.Fatal(r)
					}
				}
			})
		}
	}
}
