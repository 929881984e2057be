package main

import (
	"fmt"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericiooptions"
)

// defaultImage is the one image there is: runner, agents and echo server.
const defaultImage = "plumbline:dev"

func newImages(streams genericiooptions.IOStreams) *cobra.Command {
	return &cobra.Command{
		Use: "images", Short: "List the images a run needs, for a registry of one's own", Args: exactly(0, "no argument"),
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintln(streams.Out, defaultImage)
			return err
		},
	}
}
