package main

import (
	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericiooptions"
)

// further are the verbs that work beside a run in the cluster.
func further(streams genericiooptions.IOStreams) []*cobra.Command {
	return []*cobra.Command{newPreflight(streams), newFetch(streams), newTrace(streams)}
}
