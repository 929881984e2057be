package inspect

import (
	"encoding/binary"
	"fmt"
	"net/netip"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// sockDiagByFamily is SOCK_DIAG_BY_FAMILY (linux/sock_diag.h).
const sockDiagByFamily = 20

// diagRequest is struct inet_diag_req_v2 (linux/inet_diag.h): all sockets of a
// family and protocol in any state, without extensions.
type diagRequest struct{ family, protocol uint8 }

const sizeofDiagRequest = 56

func (r diagRequest) Len() int { return sizeofDiagRequest }

// Serialize writes family, protocol, extensions, padding and the states; the rest,
// the socket that is looked for, stays zero.
func (r diagRequest) Serialize() []byte {
	b := make([]byte, sizeofDiagRequest)
	b[0], b[1] = r.family, r.protocol
	binary.NativeEndian.PutUint32(b[4:], 0xffffffff)
	return b
}

// tcpByDiag gives every TCP socket of this network namespace to each. It is asked
// only where tcp_diag is in the kernel, for the question would load it.
func tcpByDiag(each func(socket)) error {
	for _, family := range []uint8{unix.AF_INET, unix.AF_INET6} {
		var wrong error
		request := nl.NewNetlinkRequest(sockDiagByFamily, unix.NLM_F_DUMP)
		request.AddData(diagRequest{family, unix.IPPROTO_TCP})
		err := request.ExecuteIter(unix.NETLINK_INET_DIAG, sockDiagByFamily, func(m []byte) bool {
			one, err := parseDiag(m)
			if err != nil {
				wrong = err
				return false
			}
			each(one)
			return true
		})
		if err == nil {
			err = wrong
		}
		if err != nil {
			return fmt.Errorf("listing TCP sockets: %w", err)
		}
	}
	return nil
}

// parseDiag reads struct inet_diag_msg (linux/inet_diag.h). Of a listener, rqueue
// are the connections that wait and wqueue is the backlog.
func parseDiag(m []byte) (socket, error) {
	const size = 72
	if len(m) < size {
		return socket{}, fmt.Errorf("the message has %d bytes", len(m))
	}
	local, peer := m[8:24], m[24:40]
	s := socket{
		proto: "tcp", state: stateWord(uint64(m[1])),
		local: netip.AddrPortFrom(diagAddr(m[0], local), binary.BigEndian.Uint16(m[4:])),
		peer:  netip.AddrPortFrom(diagAddr(m[0], peer), binary.BigEndian.Uint16(m[6:])),
		recv:  int(binary.NativeEndian.Uint32(m[56:])), send: int(binary.NativeEndian.Uint32(m[60:])),
		inode: uint64(binary.NativeEndian.Uint32(m[68:])),
	}
	return s, nil
}

func diagAddr(family uint8, b []byte) netip.Addr {
	if family == unix.AF_INET {
		return netip.AddrFrom4([4]byte(b[:4]))
	}
	return netip.AddrFrom16([16]byte(b[:16])).Unmap()
}
