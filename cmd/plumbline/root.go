package main

import (
	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericiooptions"
)

const rootLong = `Plumbline decides whether a Kubernetes cluster's network is fit for use.

It looks at every node, probes every pair, and names the cause of what is
broken, with its repair.

Exit status: 0 conformant, 1 at least one check failed, 2 usage or an empty
selection, 3 it could not be told.`

// newRoot is the tree of commands, made anew for each call.
func newRoot(streams genericiooptions.IOStreams) *cobra.Command {
	root := &cobra.Command{
		Use:   "plumbline",
		Short: "Is this cluster's network fit for use?",
		Long:  rootLong,
		// One sentence is printed in conclude; a page of usage would hide it.
		SilenceUsage: true, SilenceErrors: true,
		SuggestionsMinimumDistance: 2,
		Args:                       noSuchVerb,
		RunE:                       func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetIn(streams.In)
	root.SetOut(streams.Out)
	root.SetErr(streams.ErrOut)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usageError{says: err.Error(), hint: "`" + cmd.CommandPath() + " --help` shows the flags"}
	})
	root.AddCommand(
		newRun(streams), newJudge(streams), newReport(streams), newList(streams), newExplain(streams),
		newClean(streams), newImages(streams), newVersion(streams),
	)
	root.AddCommand(further(streams)...)
	return root
}

func noSuchVerb(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	says := "there is no command " + quoted(args[0])
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		says += "; did you mean " + near[0] + "?"
	}
	return usageError{says: says, hint: "`plumbline --help` lists the commands"}
}

// exactly is cobra's rule with a sentence that says what is wanted.
func exactly(n int, want string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == n {
			return nil
		}
		return usageError{says: cmd.CommandPath() + " wants " + want, hint: "`" + cmd.CommandPath() + " --help` shows how"}
	}
}
