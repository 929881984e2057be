package cluster

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/rest"
	"k8s.io/streaming/pkg/httpstream"
	"k8s.io/streaming/pkg/httpstream/spdy"
)

// oldServer is an API server that speaks SPDY alone: what upgrades by GET (a
// WebSocket) is refused, and a POST runs the command, which gives back its stdin.
func oldServer(t *testing.T) (*Client, *[]string) {
	t.Helper()
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Method+" "+r.URL.Path)
		if r.Method == http.MethodGet {
			http.Error(w, "you must use SPDY", http.StatusBadRequest)
			return
		}
		giveBack(t, w, r)
	}))
	t.Cleanup(server.Close)
	c, err := New(&rest.Config{Host: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	return c, &asked
}

func giveBack(t *testing.T, w http.ResponseWriter, r *http.Request) {
	if _, err := httpstream.Handshake(r, w, []string{"v4.channel.k8s.io"}); err != nil {
		t.Error(err)
		return
	}
	const wanted = 4 // error, stdin, stdout, stderr
	opened := make(chan httpstream.Stream, wanted)
	conn := spdy.NewResponseUpgrader().UpgradeResponse(w, r, func(s httpstream.Stream, replied <-chan struct{}) error {
		go func() {
			<-replied
			opened <- s
		}()
		return nil
	})
	if conn == nil {
		t.Error("the connection was not upgraded")
		return
	}
	defer func() { _ = conn.Close() }()
	streams := map[string]httpstream.Stream{}
	for len(streams) < wanted {
		select {
		case s := <-opened:
			streams[s.Headers().Get(corev1.StreamType)] = s
		case <-time.After(10 * time.Second):
			t.Errorf("%d of %d streams were opened", len(streams), wanted)
			return
		}
	}
	if _, err := io.Copy(streams[corev1.StreamTypeStdout], streams[corev1.StreamTypeStdin]); err != nil {
		t.Error(err)
	}
	if _, err := fmt.Fprint(streams[corev1.StreamTypeError], `{"status":"Success"}`); err != nil {
		t.Error(err)
	}
	for _, s := range streams {
		_ = s.Close()
	}
	<-conn.CloseChan()
}

func TestExecFallsBackToSPDYWhereWebSocketsAreRefused(t *testing.T) {
	c, asked := oldServer(t)
	var out, complaint bytes.Buffer
	err := c.Exec(t.Context(), "ns", "agent-1", "agent", []string{"cat"}, strings.NewReader("a plan"), &out, &complaint)
	if err != nil || out.String() != "a plan" {
		t.Errorf("got %q, %v", out.String(), err)
	}
	const path = "/api/v1/namespaces/ns/pods/agent-1/exec"
	if got := strings.Join(*asked, ", "); got != "GET "+path+", POST "+path {
		t.Errorf("asked %s", got)
	}
}

func TestAnAPIServerThatDoesNotReachTheKubeletIsAskedOnce(t *testing.T) {
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Method)
		http.Error(w, "error dialing backend: dial tcp 10.0.0.12:10250: i/o timeout", http.StatusInternalServerError)
	}))
	defer server.Close()
	c, err := New(&rest.Config{Host: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	err = c.Exec(t.Context(), "ns", "agent-1", "agent", []string{"cat"}, strings.NewReader(""), io.Discard, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "10.0.0.12:10250: i/o timeout") || len(asked) != 1 {
		t.Errorf("asked %v: %v", asked, err)
	}
}
