package probe

import (
	"net/netip"
	"slices"
	"testing"
)

func TestAWayThatGrowsBetweenTwoWavesIsWalkedOn(t *testing.T) {
	target, router := netip.MustParseAddr("10.9.0.9"), netip.MustParseAddr("10.1.0.1")
	far := netip.MustParseAddr("10.1.0.5")
	met := make([][]stepped, traceHops)
	if first := nextWave(met, target); len(first) != traceHops || slices.Max(first) != 0 {
		t.Fatalf("the first wave asks %v", first)
	}
	met[0][0] = stepped{from: router, micros: 10}
	// Only one hop has answered, so the second wave ends two hops behind it. While it is
	// on its way a late answer of the first one comes in from the fifth hop.
	if second := nextWave(met, target); !slices.Equal(second, []int{1, 1, 1}) {
		t.Fatalf("the second wave asks %v", second)
	}
	met[4][0] = stepped{from: far, micros: 20}
	third := nextWave(met, target)
	if want := []int{2, 2, 2, 1, 1, 1, 1}; !slices.Equal(third, want) {
		t.Fatalf("the third wave asks %v, not %v", third, want)
	}
	for i, own := range third {
		met[i][own] = stepped{from: router, micros: 30} // out of range, where the wave's number was taken
	}
	hops := hopsOf(met, target)
	if len(hops) != 8 || hops[4].Addr != far || hops[4].Sent != 2 || hops[4].Lost != 0 || hops[0].Sent != 3 || hops[0].Lost != 1 {
		t.Errorf("hops %+v", hops)
	}
}
