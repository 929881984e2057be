package diagnose

import (
	"testing"

	"github.com/plumbline-net/plumbline/framework/facts/factstest"
)

// BenchmarkDiagnose is a fleet in which one node's tunnel is dropped.
func BenchmarkDiagnose(b *testing.B) {
	s := factstest.Healthy(200)
	factstest.Keep(s, "pod>pod/", "host>host/")
	cut(s, overTunnel(of("n2")))
	judged := traffic(s)
	for b.Loop() {
		if !has(Diagnose(s, judged), "vxlan-blocked") {
			b.Fatal("the cause was not found")
		}
	}
}
