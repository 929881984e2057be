// Package echo is the far end of a probe and the few bytes both ends speak: a
// request carries a nonce, the answer carries it back with the name of the
// server and the source address the server saw.
//
// The protocol is the same over TCP and UDP. A request is 20 bytes, over UDP
// padded to at least MinDatagram, so that no answer is longer than what was
// sent and a forged source address gains nothing. All numbers are big-endian.
//
//	request  "PLQ1" nonce(16) padding
//	answer   "PLA1" nonce(16) received(4) address(16) port(2) length(2) peer
//
// A large transfer (bulk.go) and what goes through a tunnel's port (tunnel.go)
// have requests of their own.
//
// The fourth byte of the magic is the version. Requests and answers have
// different magics, so two servers can never answer each other.
package echo

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/netip"
)

// Nonce marks one request.
type Nonce [16]byte

// NewNonce draws a nonce nobody can guess; crypto/rand.Read never fails.
func NewNonce() Nonce {
	var n Nonce
	_, _ = rand.Read(n[:])
	return n
}

const (
	requestMagic = "PLQ1"
	replyMagic   = "PLA1"
	magicLen     = 4
	replyHeader  = magicLen + 16 + 4 + 16 + 2 + 2
	// RequestLen is the length of a request over TCP, in bytes.
	RequestLen = magicLen + 16
	// MaxPeer bounds the name of a server: "pod/" and a DNS subdomain of 253 bytes.
	MaxPeer = 300
	// MinDatagram is the least payload of a UDP request, in bytes: the longest answer.
	MinDatagram = replyHeader + MaxPeer
	// MaxDatagram is the most an IPv4 UDP datagram can carry, in bytes.
	MaxDatagram = 65507
)

// ErrNotEcho says that the bytes are not of this protocol and version.
var ErrNotEcho = errors.New("not an echo message")

// Reply is what a server says.
type Reply struct {
	Nonce Nonce
	// Received is the length in bytes of the request as it arrived.
	Received uint32
	// Seen is the source address of the request as the server saw it.
	Seen netip.AddrPort
	// Peer is the name of the server ("pod/n1").
	Peer string
}

// AppendRequest appends a request, padded with zeros to size bytes where it is
// shorter than that.
func AppendRequest(b []byte, n Nonce, size int) []byte {
	start := len(b)
	b = append(append(b, requestMagic...), n[:]...)
	if pad := size - (len(b) - start); pad > 0 {
		b = append(b, make([]byte, pad)...)
	}
	return b
}

// ParseRequest reads the nonce of a request; bytes after it are padding.
func ParseRequest(b []byte) (Nonce, error) {
	if len(b) < RequestLen || string(b[:magicLen]) != requestMagic {
		return Nonce{}, ErrNotEcho
	}
	return Nonce(b[magicLen:RequestLen]), nil
}

// AppendReply appends an answer. A peer longer than MaxPeer is cut.
func AppendReply(b []byte, r Reply) []byte {
	peer := r.Peer[:min(len(r.Peer), MaxPeer)]
	addr := r.Seen.Addr().As16()
	b = append(append(b, replyMagic...), r.Nonce[:]...)
	b = binary.BigEndian.AppendUint32(b, r.Received)
	b = append(b, addr[:]...)
	b = binary.BigEndian.AppendUint16(b, r.Seen.Port())
	b = binary.BigEndian.AppendUint16(b, uint16(len(peer)))
	return append(b, peer...)
}

// ParseReply reads an answer that is exactly b.
func ParseReply(b []byte) (Reply, error) {
	if len(b) < replyHeader {
		return Reply{}, ErrNotEcho
	}
	r, length, err := parseHeader([replyHeader]byte(b))
	if err != nil {
		return Reply{}, err
	}
	if len(b) != replyHeader+length {
		return Reply{}, ErrNotEcho
	}
	r.Peer = string(b[replyHeader:])
	return r, nil
}

// ReadReply reads one answer from a stream. It returns ErrNotEcho for other
// bytes, and the reader's own error (io.EOF where nothing came) otherwise.
func ReadReply(from io.Reader) (Reply, error) {
	var head [replyHeader]byte
	if _, err := io.ReadFull(from, head[:]); err != nil {
		return Reply{}, fmt.Errorf("reading the answer: %w", err)
	}
	r, length, err := parseHeader(head)
	if err != nil {
		return Reply{}, err
	}
	peer := make([]byte, length)
	if _, err := io.ReadFull(from, peer); err != nil {
		return Reply{}, fmt.Errorf("reading the name in the answer: %w", err)
	}
	r.Peer = string(peer)
	return r, nil
}

func parseHeader(b [replyHeader]byte) (Reply, int, error) {
	length := int(binary.BigEndian.Uint16(b[42:]))
	if string(b[:magicLen]) != replyMagic || length > MaxPeer {
		return Reply{}, 0, ErrNotEcho
	}
	addr := netip.AddrFrom16([16]byte(b[24:40])).Unmap()
	return Reply{
		Nonce:    Nonce(b[4:20]),
		Received: binary.BigEndian.Uint32(b[20:]),
		Seen:     netip.AddrPortFrom(addr, binary.BigEndian.Uint16(b[40:])),
	}, length, nil
}
