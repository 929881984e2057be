package inspect

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/plumbline-net/plumbline/framework/facts"
)

const (
	proxyTimeout = time.Second
	maxAnswer    = 16 << 10 // bytes
)

// proxyClient neither follows redirections nor uses a proxy of the environment.
func proxyClient() *http.Client {
	return &http.Client{
		Timeout:       proxyTimeout,
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// readProxy asks kube-proxy on the loopback address (healthzBindAddress and
// metricsBindAddress of its configuration; the defaults). No answer is no error
// of the look: other data planes have no such ports.
func readProxy(ctx context.Context) (func(*facts.HostLook), error) {
	client := proxyClient()
	health := answerOf(ctx, client, "http://127.0.0.1:10256/healthz", "http://[::1]:10256/healthz")
	mode := answerOf(ctx, client, "http://127.0.0.1:10249/proxyMode", "http://[::1]:10249/proxyMode")
	return func(h *facts.HostLook) { h.ProxyHealth, h.ProxyMode = health, mode }, nil
}

// answerOf gives the answer of the first address that does not refuse, or says why
// there is none.
func answerOf(ctx context.Context, client *http.Client, addresses ...string) *facts.Text {
	var whys []string
	for _, a := range addresses {
		text, err := get(ctx, client, a)
		if err == nil {
			return &facts.Text{Path: a, Text: text}
		}
		whys = append(whys, err.Error())
		if !errors.Is(err, syscall.ECONNREFUSED) {
			return &facts.Text{Path: a, NotRun: err.Error()}
		}
	}
	return &facts.Text{Path: addresses[0], NotRun: strings.Join(whys, "; ")}
}

// get reads an answer. 503 is kube-proxy's way of saying that it is not healthy.
func get(ctx context.Context, client *http.Client, address string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return "", fmt.Errorf("asking %s: %w", address, err)
	}
	response, err := client.Do(request)
	if err != nil {
		if os.IsTimeout(err) {
			return "", fmt.Errorf("asking kube-proxy: %s does not answer within %s", address, proxyTimeout)
		}
		return "", fmt.Errorf("asking kube-proxy: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	raw, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return "", fmt.Errorf("reading the answer of %s: %w", address, err)
	}
	text := strings.TrimSpace(string(raw))
	if response.StatusCode != http.StatusOK && response.StatusCode != http.StatusServiceUnavailable {
		return "", fmt.Errorf("%s answers %s%s", address, response.Status, quoted(text))
	}
	return text, nil
}
