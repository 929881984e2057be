package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/plumbline-net/plumbline/framework/config"
	specs "github.com/plumbline-net/plumbline/framework/run"
	"github.com/plumbline-net/plumbline/reporters"
	"github.com/plumbline-net/plumbline/reporters/junit"
	"github.com/plumbline-net/plumbline/reporters/report"
	"github.com/plumbline-net/plumbline/reporters/text"
)

// runFlags are what `plumbline run` can be told.
type runFlags struct {
	kube *genericclioptions.ConfigFlags

	out                         string
	checks, focus, skip, ignore []string
	labelFilter                 string
	dryRun                      bool
	nodes, excludeNodes         []string
	nodeSelector, taints        string
	failOn                      string
	timeout                     time.Duration
	keep, unprivileged          bool
	noTrace, dropReasons        bool
	captures                    []string // names of the files kept
	image                       string
	imagePullSecrets            []string
	inCluster                   string
	cases                       junit.Options

	configPath, profile string
	config              *config.File // never nil once configured
	fromFile            []string     // the names of the flags whose value the file gave
}

func newRun(streams genericiooptions.IOStreams) *cobra.Command {
	f := &runFlags{kube: kubeFlags()}
	c := &cobra.Command{
		Use: "run", Short: "Examine a cluster's network and write the reports", Args: exactly(0, "no argument"),
		Example: "  plumbline run --kubeconfig admin.conf --out report\n" +
			"  plumbline run --checks 'dns/*,!dns/resolv-conf'\n" +
			"  plumbline run --label-filter 'kernel && core' --dry-run\n" +
			"  plumbline run --profile smoke\n" +
			"  plumbline run --config site.yaml",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := f.configure(cmd.Flags().Changed); err != nil {
				return err
			}
			return f.told(f.run(cmd.Context(), streams))
		},
	}
	f.register(c)
	return c
}

func (f *runFlags) register(c *cobra.Command) {
	flags := c.Flags()
	f.kube.AddFlags(flags)
	flags.StringVar(&f.out, "out", "plumbline-report", "folder for facts.json and the reports")
	flags.StringSliceVar(&f.checks, "checks", nil, "ids or patterns of checks; ! takes away ('dns/*,!dns/replica')")
	flags.StringVar(&f.labelFilter, "label-filter", "", "Ginkgo label filter over areas, levels and ids ('reach && core')")
	flags.StringArrayVar(&f.focus, "focus", nil, "only checks whose \"id promise\" matches this regular expression")
	flags.StringArrayVar(&f.skip, "skip", nil, "leave out checks whose \"id promise\" matches this regular expression")
	flags.BoolVar(&f.dryRun, "dry-run", false, "show what would be done, and touch nothing")
	flags.StringSliceVar(&f.ignore, "ignore-checks", nil, "ids whose failure or warning is a printed, accepted exception")
	flags.StringVar(&f.failOn, "fail-on", "fail", "what makes the exit status 1: fail, or warn as well")
	flags.StringSliceVar(&f.nodes, "nodes", nil, "test only these nodes")
	flags.StringVar(&f.nodeSelector, "node-selector", "", "test only nodes with these labels")
	flags.StringSliceVar(&f.excludeNodes, "exclude-nodes", nil, "leave out these nodes")
	flags.StringVar(&f.taints, "taints", "control-plane", "taints the agents tolerate: control-plane, all, none, or key[=value]:Effect,…")
	flags.StringVar(&f.profile, "profile", specs.Acceptance, "smoke (the quick core, about 10 s on three nodes) or acceptance (all checks)")
	flags.DurationVar(&f.timeout, "timeout", 15*time.Minute, "time limit of the observation")
	flags.BoolVar(&f.keep, "keep", false, "leave the agents in the cluster afterwards")
	registerCases(c, &f.cases)
	f.registerPlacing(c)
}

// registerPlacing are the flags which decide what the cluster has to allow.
func (f *runFlags) registerPlacing(c *cobra.Command) {
	flags := c.Flags()
	flags.StringVar(&f.image, "image", "", "image of the agents (default "+defaultImage+"; in a Job, the Job's own)")
	flags.StringSliceVar(&f.imagePullSecrets, "image-pull-secret", nil, "pull secrets in the run's namespace")
	flags.StringVar(&f.configPath, "config", "", "configuration file: egress targets, names, Services, RuntimeClasses; defaults of flags (docs/configuration.md)")
	flags.BoolVar(&f.unprivileged, "unprivileged", false, "no host access: probe from pods only")
	flags.BoolVar(&f.noTrace, "no-trace", false, "send nothing again with captures (at most five flows that failed and 45 s; never with --profile smoke)")
	flags.BoolVar(&f.dropReasons, "drop-reasons", false, "let the node agents of this run ask the kernel why it drops packets: adds the capabilities BPF and PERFMON to them")
	flags.StringVar(&f.inCluster, "in-cluster", "auto", "the runner is a pod of the cluster: auto, true or false")
	flags.Lookup("in-cluster").NoOptDefVal = "true"
}

func (f *runFlags) run(ctx context.Context, streams genericiooptions.IOStreams) error {
	if err := f.validate(); err != nil {
		return err
	}
	progress := newProgress(streams.ErrOut)
	id := newRunID()
	session, err := specs.New(f.options(id, progress))
	if err != nil {
		return err
	}
	if f.dryRun {
		return dryRun(streams.Out, session.Selected(), f)
	}
	to, err := connect(f.kube, f.inCluster)
	if err != nil {
		return err
	}
	if err := writable(f.out); err != nil {
		return err
	}
	source, own, err := f.source(ctx, to, id, session)
	if err != nil {
		return err
	}
	stop := progress.heartbeat(ctx)
	result, early := session.Run(ctx, source)
	stop()
	return f.finish(ctx, streams, result, early, own)
}

func (f *runFlags) options(id string, progress specs.Progress) specs.Options {
	return specs.Options{
		All: allChecks(),
		Selection: specs.Selection{
			Checks: f.checks, LabelFilter: f.labelFilter, Focus: f.focus, Skip: f.skip, Profile: f.profile,
		},
		Config:       f.config.Facts(),
		IgnoreChecks: f.ignore, FailOn: f.failOn, Unprivileged: f.unprivileged, NoTrace: f.noTrace,
		ID: id, Suite: suiteVersion(), Progress: progress,
		Save:  func(data []byte) error { return saveFacts(f.out, data) },
		Begun: func(r report.Report) error { _, err := reporters.WriteAll(f.out, &r, f.cases); return err },
	}
}

// finish writes every report, whatever happened, and says how it went.
func (f *runFlags) finish(ctx context.Context, streams genericiooptions.IOStreams, result report.Report, early error, own *job) error {
	if errors.As(early, new(specs.UsageError)) {
		return early
	}
	paths, err := reporters.WriteAll(f.out, &result, f.cases)
	if err != nil {
		return errors.Join(err, early)
	}
	if own != nil {
		f.store(ctx, streams, &result, own)
	}
	if errors.As(early, new(specs.SetupError)) {
		return early // nothing was seen: one sentence says all there is
	}
	paths = append(append(paths, factsPath(f.out)), f.captures...)
	if err := text.Closing(streams.Out, &result, paths, terminal(streams.Out)); err != nil {
		return err
	}
	if early != nil {
		fmt.Fprintf(streams.ErrOut, "plumbline: the run ended early: %s\n", result.Run.Incomplete)
	}
	if result.ExitStatus != exitConformant {
		return verdictError{result.ExitStatus}
	}
	return nil
}

// store puts the files of a Job's run into the cluster. The reports are written, and
// the log of the pod shows the verdict, so that an error is only told.
func (f *runFlags) store(ctx context.Context, streams genericiooptions.IOStreams, result *report.Report, own *job) {
	leftOut, err := own.publish(ctx, f.out, result, f.captures)
	if err != nil {
		fmt.Fprintf(streams.ErrOut, "plumbline: storing the reports in the cluster: %v\n", err)
	}
	if len(leftOut) > 0 {
		fmt.Fprintf(streams.ErrOut, "plumbline: too large to be stored in the cluster, they stay in %s of this pod and go with it: %s\n", f.out, strings.Join(leftOut, ", "))
	}
}

func (f *runFlags) validate() error {
	if f.failOn != "fail" && f.failOn != "warn" {
		return usagef("--fail-on %s: want fail or warn", quoted(f.failOn))
	}
	if f.timeout <= 0 {
		return usagef("--timeout %s: want a time above zero", f.timeout)
	}
	return f.validInCluster()
}

func (f *runFlags) validInCluster() error {
	if f.inCluster != "auto" && f.inCluster != "true" && f.inCluster != "false" {
		return usagef("--in-cluster %s: want auto, true or false", quoted(f.inCluster))
	}
	return nil
}

// newRunID is a label value that no other run has.
func newRunID() string {
	var raw [5]byte
	_, _ = io.ReadFull(rand.Reader, raw[:]) // never fails (crypto/rand, since Go 1.24)
	return hex.EncodeToString(raw[:])
}
