package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/collect"
	"github.com/plumbline-net/plumbline/framework/facts"
	specs "github.com/plumbline-net/plumbline/framework/run"
)

// kubeFlags are kubectl's own: --kubeconfig, --context, -n and the rest.
func kubeFlags() *genericclioptions.ConfigFlags { return genericclioptions.NewConfigFlags(true) }

// connection is how to reach a cluster.
type connection struct {
	config    *rest.Config
	context   string
	inCluster bool
	namespace string // as given; in a pod, the pod's own
}

// serviceAccountNamespace is where kubelet tells a pod its namespace
// (Kubernetes documentation, "Accessing the API from a Pod").
const serviceAccountNamespace = "/var/run/secrets/kubernetes.io/serviceaccount/namespace"

// connect reads the kubeconfig, or the service account where the runner is a
// pod; it does not touch the cluster. inCluster is auto, true or false.
func connect(flags *genericclioptions.ConfigFlags, inCluster string) (connection, error) {
	given := *flags.KubeConfig != "" || os.Getenv(clientcmd.RecommendedConfigPathEnvVar) != "" || *flags.Context != ""
	pod := os.Getenv("KUBERNETES_SERVICE_HOST") != ""
	if inCluster == "true" || inCluster == "auto" && pod && !given {
		return connectInside(flags)
	}
	loader := flags.ToRawKubeConfigLoader()
	raw, err := loader.RawConfig()
	file := cmp.Or(*flags.KubeConfig, os.Getenv(clientcmd.RecommendedConfigPathEnvVar), clientcmd.RecommendedHomeFile)
	if err != nil {
		return connection{}, usagef("reading the kubeconfig %s: %s", file, oneLine(err))
	}
	if len(raw.Clusters) == 0 && *flags.APIServer == "" {
		return connection{}, usageError{
			says: fmt.Sprintf("the kubeconfig %s does not exist or names no cluster", file),
			hint: "give one with --kubeconfig FILE, or in KUBECONFIG",
		}
	}
	config, err := loader.ClientConfig()
	if err != nil {
		return connection{}, usagef("using the kubeconfig %s: %s", file, oneLine(err))
	}
	return connection{
		config: config, context: cmp.Or(*flags.Context, raw.CurrentContext), namespace: *flags.Namespace,
	}, nil
}

func connectInside(flags *genericclioptions.ConfigFlags) (connection, error) {
	config, err := rest.InClusterConfig()
	if err != nil {
		return connection{}, usagef("using the pod's service account (--in-cluster): %s", oneLine(err))
	}
	namespace := *flags.Namespace
	if namespace == "" {
		own, err := os.ReadFile(serviceAccountNamespace)
		if err != nil {
			return connection{}, usagef("reading the pod's namespace: %s", oneLine(err))
		}
		namespace = strings.TrimSpace(string(own))
	}
	return connection{config: config, inCluster: true, namespace: namespace}, nil
}

func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }

// source wires the flags to the collector. In a Job, image, pull secrets and
// owner are those of the runner's own pod, and the Job is given back.
func (f *runFlags) source(ctx context.Context, c connection, id string, session *specs.Session) (specs.Source, *job, error) {
	options := collect.Options{
		RESTConfig: c.config, Context: c.context, Namespace: c.namespace, InCluster: c.inCluster,
		Image: cmp.Or(f.image, defaultImage), PullSecrets: f.imagePullSecrets,
		Nodes: f.nodes, NodeSelector: f.nodeSelector, ExcludeNodes: f.excludeNodes, Taints: f.taints,
		Unprivileged: f.unprivileged, Keep: f.keep, Timeout: f.timeout,
		Version: suiteVersion(), RunID: id, IgnoreChecks: f.ignore, FailOn: f.failOn,
		Profile: f.profile, Config: f.config.Facts(), NoWait: f.profile == specs.Smoke,
		FactsPath: factsPath(f.out), DropReasons: f.dropReasons,
		Resend: session.Resend(), SaveCapture: f.keepCapture,
	}
	var own *job
	if c.inCluster {
		var err error
		if own, err = newJob(ctx, c.config, c.namespace); err != nil {
			return nil, nil, err
		}
	}
	if own != nil {
		options.Owner = own.self.Owner
		options.Image = cmp.Or(f.image, own.self.Image)
		options.PullSecrets = append(options.PullSecrets, own.self.PullSecrets...)
	}
	collector, err := collect.New(options)
	if err != nil {
		return nil, nil, usagef("%s", oneLine(err))
	}
	return liveSource{collector, c.config.Host, session.Selected()}, own, nil
}

// liveSource is the collector with errors that people can read.
type liveSource struct {
	collector *collect.Collector
	server    string
	selected  []check.Check
}

// Scope asks for all rights first, so that people learn at once of all that are missing.
func (s liveSource) Scope(ctx context.Context) (check.Scope, error) {
	if err := s.collector.Permitted(ctx, s.selected); err != nil {
		return check.Scope{}, explainAPI(err, s.server)
	}
	scope, err := s.collector.Scope(ctx)
	if err != nil {
		return scope, explainAPI(err, s.server)
	}
	return scope, nil
}

func (s liveSource) Collect(ctx context.Context, selected []check.Check, p specs.Progress) (*facts.Snapshot, error) {
	snapshot, err := s.collector.Collect(ctx, selected, p)
	if err != nil {
		return snapshot, explainAPI(err, s.server)
	}
	return snapshot, nil
}

// explainAPI turns what a client library says into one sentence: an address
// that cannot be reached, a right that is missing (the API server names verb
// and resource itself), a wrong choice of nodes.
func explainAPI(err error, server string) error {
	if choice := new(collect.SelectionError); errors.As(err, &choice) {
		return specs.UsageError{Says: choice.Says}
	}
	var api apierrors.APIStatus
	if errors.As(err, &api) {
		if apierrors.IsUnauthorized(err) {
			return fmt.Errorf("the API server at %s does not accept these credentials: %w", server, err)
		}
		return err
	}
	if request := new(url.Error); errors.As(err, &request) {
		return fmt.Errorf("the API server at %s cannot be reached: %w", server, request.Err)
	}
	return err
}
