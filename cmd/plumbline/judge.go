package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/judge"
	"github.com/plumbline-net/plumbline/reporters"
	"github.com/plumbline-net/plumbline/reporters/junit"
	"github.com/plumbline-net/plumbline/reporters/report"
	"github.com/plumbline-net/plumbline/reporters/text"
)

func newJudge(streams genericiooptions.IOStreams) *cobra.Command {
	var out string
	var cases junit.Options
	c := &cobra.Command{
		Use: "judge FACTS.JSON", Short: "Judge recorded facts again, without a cluster", Args: exactly(1, "the path of a facts.json"),
		RunE: func(_ *cobra.Command, args []string) error {
			if out == "" {
				out = filepath.Dir(args[0])
			}
			return judgeFile(streams, args[0], out, cases)
		},
	}
	c.Flags().StringVar(&out, "out", "", "folder for the reports (default: where the facts are)")
	registerCases(c, &cases)
	return c
}

func judgeFile(streams genericiooptions.IOStreams, path, out string, cases junit.Options) error {
	snapshot, err := read(path, facts.Decode)
	if err != nil {
		return usagef("reading %s: %s", path, oneLine(err))
	}
	if err := writable(out); err != nil {
		return err
	}
	result := judge.Judge(snapshot, allChecks(), nil)
	paths, err := reporters.WriteAll(out, &result, cases)
	if err != nil {
		return err
	}
	if err := text.Closing(streams.Out, &result, paths, terminal(streams.Out)); err != nil {
		return err
	}
	if result.ExitStatus != exitConformant {
		return verdictError{result.ExitStatus}
	}
	return nil
}

func newReport(streams genericiooptions.IOStreams) *cobra.Command {
	var from, as string
	var cases junit.Options
	c := &cobra.Command{
		Use: "report --from REPORT.JSON -o FORMAT", Short: "Render a report.json as another format", Args: exactly(0, "no argument"),
		RunE: func(*cobra.Command, []string) error {
			if cases.PerNode && as != "junit" {
				return usagef("--%s goes with -o junit", perNodeFlag)
			}
			for _, f := range formats(cases) {
				if f.Name == as {
					r, err := read(from, report.Decode)
					if err != nil {
						return usagef("--from %s: %s", from, oneLine(err))
					}
					return f.Write(streams.Out, r)
				}
			}
			return usagef("-o %s is not a format; these are: %s", quoted(as), formatNames())
		},
	}
	c.Flags().StringVar(&from, "from", "plumbline-report/"+reporters.ReportFile, "the report.json of a run")
	c.Flags().StringVarP(&as, "output", "o", "text", fmt.Sprintf("one of %s", formatNames()))
	registerCases(c, &cases)
	return c
}

// read opens a file and decodes all of it.
func read[T any](path string, decode func(io.Reader) (*T, error)) (*T, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	return decode(f)
}
