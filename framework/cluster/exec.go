package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/remotecommand"
	utilexec "k8s.io/client-go/util/exec"
	"k8s.io/streaming/pkg/httpstream"
)

// Exec runs a command in a pod's container by way of the API server and the
// kubelet, never over the network under test. The error says what the control
// channel or the command said; it is nil only when the command ended with 0.
func (c *Client) Exec(ctx context.Context, namespace, pod, container string, command []string, stdin io.Reader, stdout, stderr io.Writer) error {
	request := c.Set.CoreV1().RESTClient().Post().
		Resource("pods").Namespace(namespace).Name(pod).SubResource("exec").
		VersionedParams(&corev1.PodExecOptions{
			Container: container, Command: command,
			Stdin: stdin != nil, Stdout: true, Stderr: true,
		}, scheme.ParameterCodec)
	// WebSocket first, as kubectl does; SPDY for API servers and proxies that lack it.
	socket, err := remotecommand.NewWebSocketExecutor(c.Config, "GET", request.URL().String())
	if err != nil {
		return fmt.Errorf("preparing exec in %s: %w", pod, err)
	}
	spdy, err := remotecommand.NewSPDYExecutor(c.Config, "POST", request.URL())
	if err != nil {
		return fmt.Errorf("preparing exec in %s: %w", pod, err)
	}
	executor, err := remotecommand.NewFallbackExecutor(socket, spdy, lacksWebSocket)
	if err != nil {
		return fmt.Errorf("preparing exec in %s: %w", pod, err)
	}
	c.requests.Add(1)
	err = executor.StreamWithContext(ctx, remotecommand.StreamOptions{Stdin: stdin, Stdout: stdout, Stderr: stderr})
	var exit utilexec.ExitError
	if errors.As(err, &exit) {
		return fmt.Errorf("the agent ended with exit status %d", exit.ExitStatus())
	}
	if err != nil {
		// Without the pod's name: it is gone when this is read, and the vantage is named.
		return fmt.Errorf("exec in the agent's pod: %w", err)
	}
	return nil
}

// lacksWebSocket says whether it is worth trying SPDY. An API server that does
// not reach the kubelet refuses the upgrade, too, but only after it has waited for
// long; the other protocol would make it wait once more.
func lacksWebSocket(err error) bool {
	return (httpstream.IsUpgradeFailure(err) || httpstream.IsHTTPSProxyError(err)) && !strings.Contains(err.Error(), "error dialing backend")
}

// Log reads the beginning of a container's log, at most limit bytes.
func (c *Client) Log(ctx context.Context, namespace, pod, container string, limit int64) ([]byte, error) {
	raw, err := c.Set.CoreV1().Pods(namespace).GetLogs(pod, &corev1.PodLogOptions{Container: container, LimitBytes: &limit}).DoRaw(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the log of %s: %w", pod, err)
	}
	return raw, nil
}
