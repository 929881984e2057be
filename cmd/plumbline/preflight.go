package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/plumbline-net/plumbline/framework/cluster"
)

// preflightTimeout bounds all of it; it takes a second where nothing hangs.
const preflightTimeout = time.Minute

func newPreflight(streams genericiooptions.IOStreams) *cobra.Command {
	f := &runFlags{kube: kubeFlags()}
	c := &cobra.Command{
		Use: "preflight", Short: "Try whether a run would be let in: rights, pod security, versions, image", Args: exactly(0, "no argument"),
		Long: "Try whether a run with these flags would be let in. Nothing is created: rights are asked for\n" +
			"(SelfSubjectAccessReview), objects are tried by server-side dry run.\n\n" +
			"Exit status: 0 a run can go, 2 usage, 3 something would refuse it.",
		Example: "  plumbline preflight --kubeconfig admin.conf\n" +
			"  plumbline preflight -n plumbline --as system:serviceaccount:plumbline:plumbline",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := f.configure(cmd.Flags().Changed); err != nil {
				return err
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), preflightTimeout)
			defer cancel()
			return f.preflight(ctx, streams.Out)
		},
	}
	f.kube.AddFlags(c.Flags())
	f.registerPlacing(c)
	return c
}

func (f *runFlags) preflight(ctx context.Context, out io.Writer) error {
	if err := f.validInCluster(); err != nil {
		return err
	}
	to, err := connect(f.kube, f.inCluster)
	if err != nil {
		return err
	}
	p, err := f.examination(ctx, to)
	if err != nil {
		return err
	}
	if err := p.examine(ctx); err != nil {
		return explainAPI(err, to.config.Host)
	}
	if err := p.write(out); err != nil {
		return err
	}
	if p.refused() > 0 {
		return verdictError{exitCannotTell}
	}
	return nil
}

// preflight is one examination: what a run would be, and what was found.
type preflight struct {
	client *cluster.Client
	server string
	run    cluster.Run
	access cluster.Access
	rows   []row

	lacking bool   // a right is missing
	user    string // known where one is
	nodes   int    // 0 where they could not be listed
	// resending says what a run sends again with captures, and what that takes.
	resending string
}

// examination is that of a run with these flags and all checks.
func (f *runFlags) examination(ctx context.Context, to connection) (*preflight, error) {
	client, err := cluster.New(to.config)
	if err != nil {
		return nil, err
	}
	p := &preflight{client: client, server: to.config.Host}
	image := cmp.Or(f.image, defaultImage)
	if to.inCluster {
		own, err := newJob(ctx, to.config, to.namespace)
		if err != nil {
			return nil, err
		}
		if own != nil {
			p.access.Job = true
			image = cmp.Or(f.image, own.self.Image)
		}
	}
	needs := f.requirement(allChecks())
	// A run's own namespace has a random suffix; a right to this one is a right to any.
	p.access.Namespace, p.access.OwnNamespace = cmp.Or(to.namespace, "plumbline-preflight"), to.namespace == ""
	p.access.Hosts, p.access.Pods, p.access.Service = needs.Hosts, needs.Pods, needs.Service
	p.access.Services, p.access.RuntimeClasses, p.access.Named = needs.Services, f.runtimeClasses(needs), f.scope().Config.Services
	p.run = cluster.Run{
		ID: "preflight", Namespace: p.access.Namespace, OwnNamespace: p.access.OwnNamespace, Image: image, PullSecrets: f.imagePullSecrets,
		DropReasons: f.dropReasons,
	}
	p.resending = f.resending(needs)
	return p, nil
}

// examine fills the rows. The error says that the cluster does not answer at all.
func (p *preflight) examine(ctx context.Context) error {
	version, err := p.client.Set.Discovery().ServerVersion()
	if err != nil {
		return fmt.Errorf("asking the API server for its version: %w", err)
	}
	p.add(row{word: wordOK, what: "API server", says: p.server + " is " + version.GitVersion})
	missing, err := p.rights(ctx)
	if err != nil {
		return err
	}
	if p.may(missing, "list", "nodes", "") {
		if err := p.versions(ctx, version.GitVersion); err != nil {
			return err
		}
	}
	return p.admission(ctx, missing)
}

// may says whether a right is not among those that are missing.
func (p *preflight) may(missing []cluster.Right, verb, resource, namespace string) bool {
	for _, r := range missing {
		if r.Verb == verb && r.Resource == resource && r.Subresource == "" && r.Namespace == namespace {
			return false
		}
	}
	return true
}
