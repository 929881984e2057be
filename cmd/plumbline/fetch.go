package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/plumbline-net/plumbline/framework/cluster"
	"github.com/plumbline-net/plumbline/reporters/output"
)

const fetchTimeout = 2 * time.Minute

// newFetch brings back what a Job has stored; `kubectl cp` cannot read the
// files of a pod that has ended.
func newFetch(streams genericiooptions.IOStreams) *cobra.Command {
	kube := kubeFlags()
	var out string
	var list bool
	var patience time.Duration
	c := &cobra.Command{
		Use: "fetch [JOB]", Short: "Bring back the reports of a finished Job", Args: atMostOne("one Job, or none for the newest"),
		Example: "  plumbline fetch plumbline -n plumbline --wait 10m --out report\n  plumbline fetch -n plumbline --list",
		RunE: func(cmd *cobra.Command, args []string) error {
			to, err := connect(kube, "auto")
			if err != nil {
				return err
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), fetchTimeout+patience)
			defer cancel()
			f := fetch{streams: streams, to: to, out: out, job: strings.Join(args, ""), patience: patience}
			if list {
				return f.list(ctx)
			}
			return f.bring(ctx)
		},
	}
	kube.AddFlags(c.Flags())
	c.Flags().StringVar(&out, "out", "plumbline-report", "folder for the files")
	c.Flags().DurationVar(&patience, "wait", 0, "how long to wait for the report of a Job that is still running")
	c.Flags().BoolVar(&list, "list", false, "only list the stored reports, newest first")
	return c
}

func atMostOne(want string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) > 1 {
			return usageError{says: cmd.CommandPath() + " wants " + want, hint: "`" + cmd.CommandPath() + " --help` shows how"}
		}
		return nil
	}
}

type fetch struct {
	streams genericiooptions.IOStreams
	to      connection
	out     string
	job     string
	// patience is how long a report may be missing before that is an error.
	patience time.Duration
}

// archives are those of the namespace; jobNamespace is where manifests/job puts the Job.
func (f fetch) archives(ctx context.Context) (*cluster.Client, string, []cluster.Archive, error) {
	client, err := cluster.New(f.to.config)
	if err != nil {
		return nil, "", nil, err
	}
	namespace := f.to.namespace
	if namespace == "" {
		namespace = jobNamespace
	}
	found, err := client.Archives(ctx, namespace)
	if err != nil {
		return nil, "", nil, explainAPI(err, f.to.config.Host)
	}
	return client, namespace, found, nil
}

const jobNamespace = "plumbline"

func (f fetch) list(ctx context.Context) error {
	_, namespace, found, err := f.archives(ctx)
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return fmt.Errorf("no Job in namespace %s has stored a report", namespace)
	}
	for _, a := range found {
		fmt.Fprintf(f.streams.Out, "%s  run %s  %s\n", a.Created.UTC().Format(time.RFC3339), a.Index.Run, a.Job)
	}
	return nil
}

func (f fetch) bring(ctx context.Context) error {
	client, namespace, chosen, err := f.await(ctx)
	if err != nil {
		return err
	}
	if err := writable(f.out); err != nil {
		return err
	}
	for _, file := range chosen.Index.Files {
		// The name comes from the cluster: only its last part may decide where we write.
		if file.Name != filepath.Base(file.Name) || strings.HasPrefix(file.Name, ".") {
			return fmt.Errorf("the stored report of %s names a file %q, which is not a plain name", chosen.Job, file.Name)
		}
		data, err := client.ReadFile(ctx, namespace, file)
		if err != nil {
			return err
		}
		path := filepath.Join(f.out, file.Name)
		write := func(w io.Writer) error { _, err := w.Write(data); return err }
		if err := output.WriteFile(path, write); err != nil {
			return err
		}
		fmt.Fprintf(f.streams.Out, "%s (%d bytes, SHA-256 as stored)\n", path, len(data))
	}
	for _, name := range chosen.Index.LeftOut {
		fmt.Fprintf(f.streams.Out, "%s was too large to be stored, and went with the Job's pod\n", quoted(name))
	}
	return nil
}

// fetchInterval is how often a report that is not there yet is looked for.
const fetchInterval = 2 * time.Second

// await finds the report, as soon as it is there: a Job's condition says either
// complete or failed, and a report comes with both.
func (f fetch) await(ctx context.Context) (*cluster.Client, string, cluster.Archive, error) {
	until := time.Now().Add(f.patience)
	ticker := time.NewTicker(fetchInterval)
	defer ticker.Stop()
	for {
		client, namespace, found, err := f.archives(ctx)
		if err != nil {
			return nil, "", cluster.Archive{}, err
		}
		chosen, err := choose(found, f.job, namespace)
		if err == nil || !time.Now().Before(until) {
			return client, namespace, chosen, err
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return nil, "", cluster.Archive{}, err
		}
	}
}

func choose(found []cluster.Archive, job, namespace string) (cluster.Archive, error) {
	var names []string
	for _, a := range found {
		if job == "" || a.Job == job {
			return a, nil
		}
		names = append(names, a.Job)
	}
	if len(found) == 0 {
		return cluster.Archive{}, fmt.Errorf("no Job in namespace %s has stored a report", namespace)
	}
	return cluster.Archive{}, usagef("there is no stored report of a Job %s in namespace %s (there is %s)", quoted(job), namespace, strings.Join(names, ", "))
}
