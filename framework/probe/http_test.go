package probe

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/facts"
)

func TestAnHTTPAnswerIsRightOnlyWith200(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/metrics", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 1<<20)) })
	mux.HandleFunc("/busy", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	server := httptest.NewServer(mux)
	defer server.Close()
	cases := map[string]struct {
		target facts.Target
		want   facts.Outcome
		note   string
	}{
		"/metrics":  {targetAt(server.Listener.Addr()), facts.OK, ""},
		"/busy":     {targetAt(server.Listener.Addr()), facts.Garbled, "HTTP 503"},
		"/nowhere":  {targetAt(server.Listener.Addr()), facts.Garbled, "HTTP 404"},
		"/close":    {farEnd(t, func(c net.Conn) { _, _ = c.Read(make([]byte, 1024)) }), facts.Reset, noteClosed},
		"/silent":   {farEnd(t, func(c net.Conn) { _, _ = c.Read(make([]byte, 1024)); <-t.Context().Done() }), facts.Timeout, noteConnected},
		"/not-http": {farEnd(t, func(c net.Conn) { _, _ = c.Read(make([]byte, 1024)); _, _ = c.Write([]byte("hello\r\n\r\n")) }), facts.Garbled, "HTTP: "},
	}
	for path, c := range cases {
		t.Run(path, func(t *testing.T) {
			c.target.Name = path
			got := tryHTTP(t.Context(), shortEnv(), c.target)
			if got.Outcome != c.want || !strings.HasPrefix(got.Note, c.note) {
				t.Errorf("%+v", got)
			}
		})
	}
}
