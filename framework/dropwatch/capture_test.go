package dropwatch

import (
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/netlab"
)

// TestWhatACaptureHasNoRoomForIsNoDrop: a capture (ours runs at the same time) gets
// copies; the packet itself goes on, whatever becomes of them.
func TestWhatACaptureHasNoRoomForIsNoDrop(t *testing.T) {
	p := newPair(t)
	p.far.Set(t, "net/ipv4/icmp_ratelimit", "0")
	deaf(t, p.far)
	w := watchIn(t, p.far, flow(0, "udp"))
	const packets = 40
	send(t, p.near, near4+":4000", far4+":9000", packets, 1000)
	// Without the answers of the closed port, which the capture gets copies of as well.
	expect(t, placed(t, stopAfter(t, w, packets)), []facts.KernelDrop{drop("NO_SOCKET", "", "udp", near4+":4000", far4+":9000", packets)})
}

// deaf opens a capture that has hardly any room and is never read.
func deaf(t *testing.T, n *netlab.Namespace) {
	t.Helper()
	err := n.Do(func() error {
		fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, int(uint16(wire16(unix.ETH_P_ALL))))
		if err != nil {
			return err
		}
		file := os.NewFile(uintptr(fd), "a deaf capture")
		t.Cleanup(func() { _ = file.Close() })
		return unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, 1)
	})
	if err != nil {
		t.Fatal(err)
	}
}
