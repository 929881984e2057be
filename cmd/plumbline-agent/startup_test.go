package main

import (
	"net"
	"testing"
)

func TestAPodTellsOfItsFirstMomentsAndAHostDoesNot(t *testing.T) {
	api, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = api.Close() }()
	host, port, err := net.SplitHostPort(api.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("KUBERNETES_SERVICE_HOST", host)
	t.Setenv("KUBERNETES_SERVICE_PORT", port)
	for peer, pod := range map[string]bool{"pod/n1": true, "runtime/kata/n1": true, "host/n1": false} {
		dir := t.TempDir()
		if id := servedAs(t, peer, dir); id.Startup != nil {
			t.Errorf("%s: the first moments were published before they were over", peer)
		}
		p := plan()
		p.Identity = true
		lines, status := answered(t, t.Context(), reader(t, p), "--state-dir", dir)
		if status != exitOK || len(lines) != 2 || lines[0].Identity == nil {
			t.Fatalf("%s: status %d, lines %+v", peer, status, lines)
		}
		got := lines[0].Identity.Startup
		if (got != nil) != pod || pod && (got.Service.Millis == 0 || got.Service.Tries != 1) {
			t.Errorf("%s: %+v", peer, got)
		}
	}
}
