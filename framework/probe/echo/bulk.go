package echo

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"
	"math/rand/v2"
	"net"
	"time"
)

// A large transfer is one request on a TCP connection, and the only one there:
//
//	request  "PLB1" nonce(16) length(4), length bytes, their SHA-256
//	answer   as to any request (received = length), length bytes, their SHA-256
//
// The bytes are pseudo-random, so that nothing on the way can compress them, and
// each direction's differ. The answer begins when the whole request has arrived:
// who hears its beginning knows that the way out is free. Only TCP has it: there
// nobody can have an answer sent to a forged address.
const (
	bulkMagic = "PLB1"
	// BulkHeader is the length of the beginning of such a request, in bytes.
	BulkHeader = RequestLen + 4
	// MaxBulk bounds what a request may carry, in bytes.
	MaxBulk = 4 << 20
	// bulkChunk is how much is held at once, in bytes.
	bulkChunk = 32 << 10
	// bulkStall bounds how long a transfer may stand still, bulkLife all of it.
	bulkStall = 4 * time.Second
	bulkLife  = 30 * time.Second
)

// The directions of a large transfer.
const (
	Out  byte = 'o'
	Back byte = 'b'
)

// ErrSpoilt says that other bytes arrived than were sent.
var ErrSpoilt = errors.New("other bytes arrived than were sent")

// AppendBulkRequest appends the beginning of a request that carries size bytes.
func AppendBulkRequest(b []byte, n Nonce, size int) []byte {
	return binary.BigEndian.AppendUint32(append(append(b, bulkMagic...), n[:]...), uint32(size))
}

// ParseBulkRequest reads the beginning of a large request: its nonce and length in bytes.
func ParseBulkRequest(b []byte) (Nonce, int, error) {
	if len(b) != BulkHeader || string(b[:magicLen]) != bulkMagic {
		return Nonce{}, 0, ErrNotEcho
	}
	size := binary.BigEndian.Uint32(b[RequestLen:])
	if size > MaxBulk {
		return Nonce{}, 0, fmt.Errorf("%w: %d bytes are asked for, %d are possible", ErrNotEcho, size, MaxBulk)
	}
	return Nonce(b[magicLen:RequestLen]), int(size), nil
}

// WriteBulk writes size bytes of one direction and their hash, and says how many
// of the bytes were taken.
func WriteBulk(to io.Writer, n Nonce, direction byte, size int) (int, error) {
	source, sum := bulkSource(n, direction), sha256.New()
	chunk := make([]byte, bulkChunk)
	written := 0
	for written < size {
		part := chunk[:min(bulkChunk, size-written)]
		_, _ = source.Read(part)
		_, _ = sum.Write(part)
		took, err := to.Write(part)
		written += took
		if err != nil {
			return written, fmt.Errorf("sending the transfer: %w", err)
		}
	}
	if _, err := to.Write(sum.Sum(nil)); err != nil {
		return written, fmt.Errorf("sending the hash of the transfer: %w", err)
	}
	return written, nil
}

// ReadBulk reads what WriteBulk wrote, and says how many of the bytes came.
func ReadBulk(from io.Reader, size int) (int, error) {
	sum := sha256.New()
	got, err := readSummed(from, sum, size)
	if err != nil {
		return got, fmt.Errorf("receiving the transfer: %w", err)
	}
	var want [sha256.Size]byte
	if _, err := io.ReadFull(from, want[:]); err != nil {
		return got, fmt.Errorf("receiving the hash of the transfer: %w", err)
	}
	if [sha256.Size]byte(sum.Sum(nil)) != want {
		return got, ErrSpoilt
	}
	return got, nil
}

func readSummed(from io.Reader, sum hash.Hash, size int) (int, error) {
	chunk := make([]byte, bulkChunk)
	got := 0
	for got < size {
		n, err := from.Read(chunk[:min(bulkChunk, size-got)])
		_, _ = sum.Write(chunk[:n])
		got += n
		if err != nil {
			if errors.Is(err, io.EOF) && got < size {
				err = io.ErrUnexpectedEOF
			}
			if got < size {
				return got, err
			}
		}
	}
	return got, nil
}

// bulkSource is seeded with the nonce, which nobody can guess.
func bulkSource(n Nonce, direction byte) *rand.ChaCha8 {
	var seed [32]byte
	copy(seed[:], n[:])
	seed[31] = direction
	return rand.NewChaCha8(seed)
}

// Moving is a connection whose deadline is moved on by what passes: it fails
// where nothing passed for Stall, or at the End.
type Moving struct {
	net.Conn
	Stall time.Duration
	End   time.Time
}

// Read reads within the deadline.
func (m Moving) Read(b []byte) (int, error) {
	if err := m.SetReadDeadline(m.until()); err != nil {
		return 0, err
	}
	return m.Conn.Read(b)
}

// Write writes within the deadline.
func (m Moving) Write(b []byte) (int, error) {
	if err := m.SetWriteDeadline(m.until()); err != nil {
		return 0, err
	}
	return m.Conn.Write(b)
}

func (m Moving) until() time.Time {
	if soon := time.Now().Add(m.Stall); soon.Before(m.End) {
		return soon
	}
	return m.End
}

// answerBulk takes the rest of a large request and gives as much back.
func (s *Server) answerBulk(conn net.Conn, head [BulkHeader]byte, reply Reply) {
	nonce, size, err := ParseBulkRequest(head[:])
	if err != nil {
		return
	}
	moving := Moving{Conn: conn, Stall: bulkStall, End: time.Now().Add(bulkLife)}
	if _, err := ReadBulk(moving, size); err != nil {
		return
	}
	reply.Nonce, reply.Received = nonce, uint32(size)
	if _, err := moving.Write(AppendReply(nil, reply)); err != nil {
		return
	}
	_, _ = WriteBulk(moving, nonce, Back, size)
}
