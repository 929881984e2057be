package probe

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// maxBody bounds how much of an answer is read, in bytes.
const maxBody = 64 << 10

// tryHTTP gets the path that the target names; only status 200 is right. The
// time is that until the header of the answer was there.
func tryHTTP(ctx context.Context, e *env, t facts.Target) facts.Attempt {
	return e.connected(ctx, t, func(w *watch, s *socket) facts.Attempt {
		conn, err := s.stream(e.connect)
		if err != nil {
			return w.failed(ctx, s, err)
		}
		defer func() { _ = conn.Close() }()
		defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
		response, err := get(ctx, conn, t)
		if err != nil {
			return w.unanswered(ctx, s, err)
		}
		w.lap()
		_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, maxBody))
		_ = response.Body.Close()
		if response.StatusCode != http.StatusOK {
			return w.garbled(fmt.Sprintf("HTTP %d", response.StatusCode))
		}
		w.Outcome = facts.OK
		return w.Attempt
	})
}

func get(ctx context.Context, conn net.Conn, t facts.Target) (*http.Response, error) {
	at := url.URL{Scheme: "http", Host: addrPort(t).String(), Path: "/" + strings.TrimPrefix(t.Name, "/")}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, at.String(), nil)
	if err != nil {
		return nil, fmt.Errorf("making the request: %w", err)
	}
	request.Close = true
	request.Header.Set("User-Agent", "plumbline")
	if err := request.Write(conn); err != nil {
		return nil, err
	}
	return http.ReadResponse(bufio.NewReader(io.LimitReader(conn, 2*maxBody)), request)
}

// unanswered ends the attempt where the connection was made and no proper answer
// came: an error of the network keeps its class, and anything else that the far
// end said is Garbled.
func (w *watch) unanswered(ctx context.Context, s *socket, err error) facts.Attempt {
	var errno syscall.Errno
	var timeout net.Error
	switch {
	case ctx.Err() != nil, errors.As(err, &errno):
		return w.failed(ctx, s, err)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		a := w.failed(ctx, s, err)
		a.Note = noteClosed
		return a
	case errors.As(err, &timeout) && timeout.Timeout():
		w.lap()
		w.Outcome, w.Note = facts.Timeout, noteConnected
		return w.Attempt
	default:
		w.lap()
		return w.garbled("HTTP: " + err.Error())
	}
}
