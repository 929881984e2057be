package echo

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net/netip"
	"testing"

	"golang.org/x/sys/unix"
)

func TestALargeTransferIsGivenBackInOtherBytes(t *testing.T) {
	tcp := dial(t, "tcp", "127.0.0.1", started(t).TCP)
	const size = 300_001
	n := NewNonce()
	if _, err := tcp.Write(AppendBulkRequest(nil, n, size)); err != nil {
		t.Fatal(err)
	}
	if sent, err := WriteBulk(tcp, n, Out, size); sent != size || err != nil {
		t.Fatal(sent, err)
	}
	r, err := ReadReply(tcp)
	if err != nil || r.Nonce != n || int(r.Received) != size || r.Peer != "pod/n1" || r.Seen.String() != tcp.LocalAddr().String() {
		t.Fatalf("%+v %v", r, err)
	}
	if got, err := ReadBulk(tcp, size); got != size || err != nil {
		t.Errorf("%d bytes, %v", got, err)
	}
	if rest, err := io.ReadAll(tcp); len(rest) != 0 || err != nil {
		t.Errorf("%d bytes follow, %v", len(rest), err)
	}
}

func TestATransferThatIsTooLargeOrSpoiltIsNotAnswered(t *testing.T) {
	port := started(t).TCP
	for name, size := range map[string]int{"too large": MaxBulk + 1, "spoilt": 1000} {
		t.Run(name, func(t *testing.T) {
			tcp := dial(t, "tcp", "127.0.0.1", port)
			if _, err := tcp.Write(AppendBulkRequest(nil, NewNonce(), size)); err != nil {
				t.Fatal(err)
			}
			if size <= MaxBulk { // what follows is not its hash
				if _, err := tcp.Write(make([]byte, size+32)); err != nil {
					t.Fatal(err)
				}
			}
			got, err := tcp.Read(make([]byte, 1))
			if got != 0 || err == nil {
				t.Errorf("%d bytes came, %v", got, err)
			}
		})
	}
}

func TestBulkBytesAreChecked(t *testing.T) {
	var b bytes.Buffer
	if _, err := WriteBulk(&b, Nonce{1}, Out, 100_000); err != nil {
		t.Fatal(err)
	}
	whole := bytes.Clone(b.Bytes())
	if n, err := ReadBulk(bytes.NewReader(whole), 100_000); n != 100_000 || err != nil {
		t.Errorf("%d %v", n, err)
	}
	if n, err := ReadBulk(bytes.NewReader(whole[:70_000]), 100_000); n != 70_000 || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("cut short: %d %v", n, err)
	}
	whole[5] ^= 1
	if _, err := ReadBulk(bytes.NewReader(whole), 100_000); !errors.Is(err, ErrSpoilt) {
		t.Errorf("spoilt: %v", err)
	}
}

func FuzzBulkRequests(f *testing.F) {
	f.Add(AppendBulkRequest(nil, Nonce{1}, 1<<20))
	f.Fuzz(func(t *testing.T, b []byte) {
		n, size, err := ParseBulkRequest(b)
		if err == nil && (size > MaxBulk || !bytes.Equal(b, AppendBulkRequest(nil, n, size))) {
			t.Errorf("%x is read as %x with %d bytes", b, n, size)
		}
		got, err := ReadBulk(bytes.NewReader(b), min(size, 1<<16))
		if got > len(b) {
			t.Errorf("%d bytes of %d are read: %v", got, len(b), err)
		}
	})
}

// rawPacket is a request as a raw socket gives it.
func rawPacket(v6 bool, payload []byte) []byte {
	var b []byte
	if !v6 {
		b = make([]byte, 20)
		b[0] = 0x45
		copy(b[12:], []byte{10, 0, 0, 1, 10, 0, 0, 2})
	}
	b = binary.BigEndian.AppendUint16(b, 40000)
	b = binary.BigEndian.AppendUint16(b, 8472)
	b = append(b, 0, 0, 0, 0)
	return append(b, payload...)
}

func TestARequestThroughATunnelIsNeverShorterThanItsAnswer(t *testing.T) {
	n := NewNonce()
	request := AppendTunnelRequest(nil, n)
	if len(request) != MinDatagram {
		t.Errorf("the request has %d bytes, the answer up to %d", len(request), MinDatagram)
	}
	// RFC 7348 section 5: the I flag, 24 bits of VNI, a reserved byte.
	if !bytes.Equal(request[:8], []byte{0x08, 0, 0, 0, 0xff, 0xff, 0xfe, 0}) {
		t.Errorf("VXLAN header %x", request[:8])
	}
	p, err := parseTunnelPacket(rawPacket(false, request), false)
	if err != nil || p.nonce != n || p.port != 40000 || p.size != len(request) ||
		p.from != netip.MustParseAddr("10.0.0.1") || p.to != netip.MustParseAddr("10.0.0.2") {
		t.Errorf("%+v %v", p, err)
	}
	if p, err := parseTunnelPacket(rawPacket(true, request), true); err != nil || p.nonce != n {
		t.Errorf("IPv6: %+v %v", p, err)
	}
	if _, err := ParseTunnelRequest(request[:MinDatagram-1]); !errors.Is(err, ErrNotEcho) {
		t.Error("a request shorter than the answer is taken")
	}
}

func FuzzTunnelPackets(f *testing.F) {
	for _, v6 := range []bool{false, true} {
		f.Add(rawPacket(v6, AppendTunnelRequest(nil, Nonce{1})), v6)
	}
	f.Fuzz(func(t *testing.T, b []byte, v6 bool) {
		p, err := parseTunnelPacket(b, v6)
		if err == nil && (p.size < MinDatagram || p.size > len(b)) {
			t.Errorf("%x is read as %+v", b, p)
		}
	})
}

func TestTheFilterOfTheTunnelLeavesOtherPacketsAlone(t *testing.T) {
	for _, v6 := range []bool{false, true} {
		program := tunnelFilter(v6)
		if got := program[1].K; got != 30 {
			t.Errorf("the magic is looked for at %d, behind UDP, VXLAN and Ethernet headers of 30 bytes", got)
		}
		if last := program[len(program)-1]; last.Code != unix.BPF_RET|unix.BPF_K || last.K != 0 {
			t.Errorf("what does not match is not left out: %+v", last)
		}
	}
}
