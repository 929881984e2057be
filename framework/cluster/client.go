// Package cluster speaks to the API server: it reads what the cluster says of
// itself, creates and deletes the objects of a run, and runs commands in pods.
package cluster

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/e2e-framework/klient/k8s/resources"
)

// RunLabel is on everything a run creates; its value is the run's id.
const RunLabel = "plumbline.dev/run"

// ExpiresAnnotation on a namespace of a run says, in seconds since 1970, when
// the run is certainly over; later runs may then sweep it.
const ExpiresAnnotation = "plumbline.dev/expires"

// requestTimeout bounds one request, so that an API server which has gone away
// is noticed; exec streams have deadlines of their own.
const requestTimeout = 10 * time.Second

// Client is one connection to a cluster. It counts its requests.
type Client struct {
	Set       kubernetes.Interface
	Config    *rest.Config
	resources *resources.Resources
	requests  *atomic.Int64
}

// New connects lazily: no request is made before the first call.
func New(config *rest.Config) (*Client, error) {
	cfg := rest.CopyConfig(config)
	cfg.QPS, cfg.Burst = 50, 100
	cfg.UserAgent = "plumbline"
	// The API server's deprecation warnings are about our objects, not the network.
	cfg.WarningHandler = rest.NoWarnings{}
	requests := &atomic.Int64{}
	cfg.Wrap(func(next http.RoundTripper) http.RoundTripper { return counting{next, requests} })
	short := rest.CopyConfig(cfg)
	short.Timeout = requestTimeout
	set, err := kubernetes.NewForConfig(short)
	if err != nil {
		return nil, fmt.Errorf("making a client for %s: %w", config.Host, err)
	}
	return &Client{Set: set, Config: cfg, requests: requests}, nil
}

// Requests is the number of API requests made so far, exec and log included.
func (c *Client) Requests() int { return int(c.requests.Load()) }

// objects gives the client for decoded manifests. It is made at the first use,
// since making it asks the API server for its kinds.
func (c *Client) objects() (*resources.Resources, error) {
	if c.resources != nil {
		return c.resources, nil
	}
	r, err := resources.New(c.Config)
	if err != nil {
		return nil, fmt.Errorf("making a client for objects: %w", err)
	}
	c.resources = r
	return r, nil
}

type counting struct {
	next  http.RoundTripper
	count *atomic.Int64
}

// RoundTrip counts and passes on.
func (c counting) RoundTrip(r *http.Request) (*http.Response, error) {
	c.count.Add(1)
	return c.next.RoundTrip(r)
}
