package probe

import (
	"net"
	"net/netip"
	"testing"
)

func FuzzARPReplies(f *testing.F) {
	about := netip.MustParseAddr("10.0.0.1")
	mac := net.HardwareAddr{2, 0, 0, 0, 0, 1}
	reply := arpRequest(mac, about)
	reply[7] = arpAnswer
	copy(reply[14:18], about.AsSlice())
	if got, ok := parseARPReply(reply, about); !ok || got.String() != mac.String() {
		f.Fatalf("a reply is read as %v %v", got, ok)
	}
	f.Add(reply)
	f.Add(arpRequest(mac, about))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, ok := parseARPReply(b, about)
		if ok && (len(got) != macLen || netip.AddrFrom4([4]byte(b[14:18])) != about) {
			t.Errorf("%x is read as an answer of %s", b, got)
		}
	})
}

func FuzzErrorQueue(f *testing.F) {
	f.Add(make([]byte, 64))
	f.Fuzz(func(t *testing.T, b []byte) {
		if q, ok := parseExtendedError(b); ok && len(b) < extendedErrorLen {
			t.Errorf("%x is read as %+v", b, q)
		}
		_, _ = parseQueued(b)
	})
}
