package capture

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"
	"golang.org/x/sys/unix"
)

// captured is a packet as a reader of the file sees it.
type captured struct {
	dev, kind string
	out       bool
	data      []byte
	length    int
	at        time.Time
}

// parsed reads a capture back; every interface must be of the same link type.
func parsed(t *testing.T, raw []byte) []captured {
	t.Helper()
	r, err := pcapgo.NewNgReader(bytes.NewReader(raw), pcapgo.NgReaderOptions{WantMixedLinkType: true})
	if err != nil {
		t.Fatal(err)
	}
	var out []captured
	for {
		data, info, opts, err := r.ReadPacketDataWithOptions()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		device, err := r.Interface(info.InterfaceIndex)
		if err != nil || device.LinkType != layers.LinkTypeLinuxSLL {
			t.Fatalf("%+v %v", device, err)
		}
		outbound := opts.Flags != nil && opts.Flags.Direction == pcapgo.NgEpbFlagDirectionOutbound
		out = append(out, captured{device.Name, device.Description, outbound, data, info.Length, info.Timestamp})
	}
}

func read(index int32, out bool, at time.Time, data []byte) frameRead {
	f := frameRead{at: at, data: data, length: len(data) + 7}
	f.Ifindex, f.Hatype, f.Protocol = index, unix.ARPHRD_ETHER, 0x0008
	if out {
		f.Pkttype = unix.PACKET_OUTGOING
	}
	return f
}

func TestTheCaptureIsReadBackWithInterfacesAndDirections(t *testing.T) {
	var parts [][]byte
	c := newFile(1<<20, func(part []byte) error { parts = append(parts, part); return nil })
	at := time.Unix(1_700_000_000, 123_456_789)
	const n = 60
	for i := range n {
		d := device{fmt.Sprintf("dev%d", i%3), "veth"}
		if err := c.add(read(int32(i%3), i%2 == 0, at.Add(time.Duration(i)), bytes.Repeat([]byte{byte(i)}, 1400+i)), d); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.close(); err != nil {
		t.Fatal(err)
	}
	if len(parts) < 3 || slices.ContainsFunc(parts, func(p []byte) bool { return len(p) > maxPart || len(p) == 0 }) {
		t.Errorf("%d parts", len(parts))
	}
	got := parsed(t, bytes.Join(parts, nil))
	if len(got) != n || c.full {
		t.Fatalf("%d packets, full %v", len(got), c.full)
	}
	for i, p := range got {
		whole := sllHeader + 1400 + i + 7
		if p.dev != fmt.Sprintf("dev%d", i%3) || p.kind != "veth" || p.out != (i%2 == 0) || p.length != whole ||
			!p.at.Equal(at.Add(time.Duration(i))) || p.data[sllHeader] != byte(i) || p.data[15] != 0 || p.data[14] != 8 {
			t.Errorf("packet %d: %+v", i, p)
		}
	}
}

func TestACaptureNeverExceedsItsBytes(t *testing.T) {
	for _, most := range []int{1, 300, 1000, 5000, 40_000} {
		var whole []byte
		c := newFile(most, func(part []byte) error { whole = append(whole, part...); return nil })
		for i := range 100 {
			d := device{fmt.Sprintf("a-long-name-%d", i), "bridge"}
			if err := c.add(read(int32(i), false, time.Now(), make([]byte, i*5)), d); err != nil {
				t.Fatal(err)
			}
		}
		if err := c.close(); err != nil {
			t.Fatal(err)
		}
		if !c.full || len(whole) > most || most >= 1000 && len(parsed(t, whole)) == 0 {
			t.Errorf("of %d bytes at most %d are written; full %v", most, len(whole), c.full)
		}
	}
}

func TestACaptureThatNobodyTakesIsAnError(t *testing.T) {
	gone := errors.New("gone")
	c := newFile(1<<20, func([]byte) error { return gone })
	if err := errors.Join(c.add(read(1, false, time.Now(), []byte{1}), device{}), c.close()); !errors.Is(err, gone) {
		t.Errorf("%v", err)
	}
}
