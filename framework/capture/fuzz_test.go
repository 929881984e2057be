package capture

import (
	"testing"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
)

// FuzzSighting: no packet makes the decoder stumble or read beyond it, and what it
// takes for the flow's the kernel's filter has let pass.
func FuzzSighting(f *testing.F) {
	f.Add(plainTCP(f))
	f.Add(plainTCP6(f))
	f.Add(inVXLAN(f, 8472, plainTCP(f)))
	f.Add(inVXLAN(f, 4789, plainTCP6(f)))
	f.Add(inGeneve(f, plainTCP(f)))
	f.Add(packet(f, ip(nodeA, nodeB, layers.IPProtocolIPv4), gopacket.Payload(plainTCP(f))))
	f.Add(quoting(f, router, 3, 4, inVXLAN(f, 8472, plainTCP(f))))
	f.Add(quoting(f, podB6, 1, 0, plainTCP6(f)))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, ours := newFlow(asked()).sighting(b, len(b))
		if !ours {
			return
		}
		if s.Proto == "" || s.Length < 0 || !s.Src.Addr().IsValid() || !s.Dst.Addr().IsValid() {
			t.Errorf("%+v", s)
		}
		// Behind extension headers the filter does not look for tunnels and errors.
		if !extended(b, 0) && !passes(t, asked(), b) {
			t.Errorf("the kernel's filter throws away %+v", s)
		}
	})
}

// extended: an IPv6 header with extension headers behind it, here or in a tunnel.
func extended(b []byte, depth int) bool {
	d, ok := readIP(b, len(b))
	if !ok || depth > 1 {
		return false
	}
	if d.src.Is6() && d.proto != b[6] {
		return true
	}
	w, _ := unwrap(d, asked().TunnelPorts)
	return extended(w.inner, depth+1)
}
