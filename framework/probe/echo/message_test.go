package echo

import (
	"bytes"
	"errors"
	"io"
	"net/netip"
	"strings"
	"testing"
)

func TestARequestIsReadBack(t *testing.T) {
	n := NewNonce()
	for _, size := range []int{0, RequestLen, MinDatagram, MaxDatagram} {
		b := AppendRequest(nil, n, size)
		if len(b) != max(size, RequestLen) {
			t.Errorf("size %d became %d bytes", size, len(b))
		}
		if got, err := ParseRequest(b); err != nil || got != n {
			t.Errorf("size %d: %v %v", size, got, err)
		}
	}
	if NewNonce() == n {
		t.Error("two nonces are the same")
	}
}

func TestAReplyIsReadBackAndNeverLongerThanTheShortestRequest(t *testing.T) {
	for _, seen := range []string{"10.0.0.1:80", "[fd00::1]:65535"} {
		r := Reply{Nonce: NewNonce(), Received: 1472, Seen: netip.MustParseAddrPort(seen), Peer: strings.Repeat("n", MaxPeer)}
		b := AppendReply(nil, r)
		if len(b) > MinDatagram {
			t.Errorf("the answer has %d bytes, a request may have %d", len(b), MinDatagram)
		}
		if got, err := ParseReply(b); err != nil || got != r {
			t.Errorf("%+v %v", got, err)
		}
		if got, err := ReadReply(bytes.NewReader(b)); err != nil || got != r {
			t.Errorf("from a stream: %+v %v", got, err)
		}
	}
}

func TestWhatIsNoMessageIsRefused(t *testing.T) {
	good := AppendReply(nil, Reply{Peer: "pod/n1"})
	long := bytes.Clone(good)
	long[42] = 0xff // the length of the name
	for name, b := range map[string][]byte{
		"nothing": nil, "half of one": good[:20], "one with a rest": append(bytes.Clone(good), 0),
		"a request": AppendRequest(nil, Nonce{}, MinDatagram), "a name too long": long,
		"another version": append([]byte("PLA2"), good[4:]...),
	} {
		if _, err := ParseReply(b); !errors.Is(err, ErrNotEcho) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := ReadReply(bytes.NewReader(good[:48])); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a stream that ends within: %v", err)
	}
	if _, err := ParseRequest(good); !errors.Is(err, ErrNotEcho) {
		t.Error("an answer reads as a request: two servers could answer each other")
	}
}

func FuzzReplies(f *testing.F) {
	f.Add(AppendReply(nil, Reply{Seen: netip.MustParseAddrPort("10.0.0.1:80"), Peer: "pod/n1"}))
	f.Add([]byte(replyMagic))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := ParseReply(b)
		if err != nil {
			return
		}
		streamed, err := ReadReply(bytes.NewReader(b))
		if err != nil || streamed != r {
			t.Errorf("a stream reads %+v (%v), a datagram %+v", streamed, err, r)
		}
		again, err := ParseReply(AppendReply(nil, r))
		if err != nil || again != r {
			t.Errorf("written and read again: %+v (%v)", again, err)
		}
	})
}

func FuzzRequests(f *testing.F) {
	f.Add(AppendRequest(nil, Nonce{1}, 0))
	f.Fuzz(func(t *testing.T, b []byte) {
		n, err := ParseRequest(b)
		if err == nil && !bytes.HasPrefix(b, AppendRequest(nil, n, 0)) {
			t.Errorf("%x is read as a request with nonce %x", b, n)
		}
	})
}
