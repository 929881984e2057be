package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/plumbline-net/plumbline/framework/collect"
)

func newClean(streams genericiooptions.IOStreams) *cobra.Command {
	kube := kubeFlags()
	var expired bool
	var timeout time.Duration
	c := &cobra.Command{
		Use: "clean", Short: "Remove what earlier runs left in a cluster", Args: exactly(0, "no argument"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			to, err := connect(kube, "auto")
			if err != nil {
				return err
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), timeout)
			defer cancel()
			return clean(ctx, streams, to, !expired)
		},
	}
	kube.AddFlags(c.Flags())
	c.Flags().BoolVar(&expired, "expired", false, "only runs whose time is certainly over; without it, runs under way lose their objects too")
	c.Flags().DurationVar(&timeout, "timeout", 2*time.Minute, "time limit")
	return c
}

func clean(ctx context.Context, streams genericiooptions.IOStreams, to connection, all bool) error {
	collector, err := collect.New(collect.Options{RESTConfig: to.config, Namespace: to.namespace, Image: defaultImage, Version: suiteVersion()})
	if err != nil {
		return err
	}
	cleaned, err := collector.Clean(ctx, all)
	for _, what := range cleaned {
		fmt.Fprintln(streams.Out, "removed "+what)
	}
	if err != nil {
		return explainAPI(err, to.config.Host)
	}
	if len(cleaned) == 0 {
		fmt.Fprintln(streams.Out, "nothing was left")
	}
	return nil
}
