package main

import (
	"net"
	"net/netip"
	"testing"
)

// silentPort is a UDP port of loopback where datagrams arrive and nobody answers.
func silentPort(t *testing.T) uint16 {
	t.Helper()
	p, err := new(net.ListenConfig).ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return netip.MustParseAddrPort(p.LocalAddr().String()).Port()
}
