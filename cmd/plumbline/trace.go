package main

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/plumbline-net/plumbline/framework/collect"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/path"
)

const traceLong = `Send one flow, watch every interface on its way, and say where its packets vanish.

FROM is
  NODE             the node itself (its host network)
  pod/NODE         a probe pod on that node
  NAMESPACE/POD    the probe pod on that pod's node, which stands for it
TO is one of these, or
  svc/NAMESPACE/NAME   a Service: its ClusterIP, or with --node-port NODE its NodePort there
  ADDRESS              any IP address

It places its agents only on the nodes that the flow can pass, and removes them
again. The packets of this flow and no others are captured (8 s, 2,000 packets,
4 MiB a node at most) and written to --out, with a drawing.

Without --port and --proto a node and pod/NODE are asked by TCP at the agent's
own port, a Service at its first TCP port, and everything else by ICMP echo. A
port of somebody else is connected to over TCP, and nothing is sent to it.

Exit status: 0 every hop was seen, both ways; 1 it was not; 2 usage; 3 it could
not be told.`

const traceExamples = `  plumbline trace worker-1 worker-2
  plumbline trace pod/worker-1 pod/worker-2 --proto udp
  plumbline trace shop/web-6f7d9 shop/db-0 --port 5432
  plumbline trace pod/worker-1 svc/kube-system/kube-dns --port 53 --proto udp
  plumbline trace pod/worker-1 svc/shop/web --node-port worker-3
  plumbline trace worker-1 10.1.2.3 --port 443 --drop-reasons`

// svgFile is the drawing of a trace on demand.
const svgFile = "trace.svg"

// traceFlags are what `plumbline trace` can be told.
type traceFlags struct {
	runFlags
	port        uint16
	proto, node string
}

func newTrace(streams genericiooptions.IOStreams) *cobra.Command {
	f := &traceFlags{runFlags: runFlags{kube: kubeFlags()}}
	c := &cobra.Command{
		Use: "trace FROM TO", Short: "Send one flow, and say where its packets vanish", Long: traceLong, Example: traceExamples,
		Args: exactly(2, "two ends, FROM and TO"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.trace(cmd.Context(), streams, collect.Asked{From: args[0], To: args[1], Entry: f.node, Port: f.port, Proto: f.proto})
		},
	}
	f.register(c)
	return c
}

// register has the flags of a trace, and none of those of a run.
func (f *traceFlags) register(c *cobra.Command) {
	flags := c.Flags()
	f.kube.AddFlags(flags)
	flags.Uint16Var(&f.port, "port", 0, "port to ask")
	flags.StringVar(&f.proto, "proto", "", "tcp, udp or icmp")
	flags.StringVar(&f.node, "node-port", "", "ask a Service at its NodePort on this node")
	flags.StringVar(&f.out, "out", "plumbline-trace", "folder for the captures, the drawing and facts.json")
	flags.StringVar(&f.image, "image", "", "image of the agents (default "+defaultImage+")")
	flags.StringSliceVar(&f.imagePullSecrets, "image-pull-secret", nil, "pull secrets in the namespace")
	flags.StringVar(&f.taints, "taints", "all", "taints the agents tolerate: control-plane, all, none, or key[=value]:Effect,…")
	flags.DurationVar(&f.timeout, "timeout", 3*time.Minute, "time limit")
	flags.BoolVar(&f.keep, "keep", false, "leave the agents in the cluster afterwards")
	flags.BoolVar(&f.dropReasons, "drop-reasons", false, "let the agents ask the kernel why it drops packets: adds the capabilities BPF and PERFMON to them")
}

func (f *traceFlags) trace(ctx context.Context, streams genericiooptions.IOStreams, a collect.Asked) error {
	if a.Proto != "" && a.Proto != "tcp" && a.Proto != "udp" && a.Proto != "icmp" {
		return usagef("--proto %s: want tcp, udp or icmp", quoted(a.Proto))
	}
	if a.Proto == "icmp" && a.Port != 0 {
		return usagef("--port %d: ICMP has no ports", a.Port)
	}
	if f.timeout <= 0 {
		return usagef("--timeout %s: want a time above zero", f.timeout)
	}
	to, err := connect(f.kube, "auto")
	if err != nil {
		return err
	}
	if err := writable(f.out); err != nil {
		return err
	}
	collector, err := collect.New(f.collection(to))
	if err != nil {
		return usagef("%s", oneLine(err))
	}
	progress := newProgress(streams.ErrOut)
	stop := progress.heartbeat(ctx)
	snapshot, err := collector.Trace(ctx, a, progress)
	stop()
	if err != nil {
		return explainAPI(err, to.config.Host)
	}
	return f.show(streams, snapshot)
}

// collection is how the cluster is observed for one flow.
func (f *traceFlags) collection(to connection) collect.Options {
	return collect.Options{
		RESTConfig: to.config, Context: to.context, Namespace: to.namespace, InCluster: true, // nothing is asked from here
		Image: cmp.Or(f.image, defaultImage), PullSecrets: f.imagePullSecrets, Taints: f.taints,
		Keep: f.keep, Timeout: f.timeout, NoWait: true, Version: suiteVersion(), RunID: newRunID(),
		DropReasons: f.dropReasons, SaveCapture: f.keepCapture, FactsPath: factsPath(f.out),
	}
}

// show prints the drawing and the verdict, and writes the picture.
func (f *traceFlags) show(streams genericiooptions.IOStreams, s *facts.Snapshot) error {
	t := s.Traces[0]
	p := path.Build(s, t)
	if err := saveBytes(f.out, svgFile, []byte(path.Picture(p))); err != nil {
		return err
	}
	lines := []string{strings.TrimRight(path.Draw(p), "\n")}
	for _, why := range p.Verdict.Because {
		line := strings.TrimRight(fmt.Sprintf("  %s: %s", why.Source, why.Text), " ")
		if !slices.Contains(lines, line) && !strings.Contains(p.Verdict.Says, why.Text) {
			lines = append(lines, line)
		}
	}
	if t.NotRun != "" {
		lines = append(lines, "It could not be told: "+t.NotRun)
	}
	for _, w := range t.Watches {
		if w.NotRun != "" {
			lines = append(lines, w.Node+" did not watch: "+w.NotRun)
		}
	}
	unasked := slices.ContainsFunc(t.Watches, func(w facts.Watch) bool { return w.NoDrops != "" })
	if unasked && !f.dropReasons && p.Verdict.Outcome != path.Whole {
		lines = append(lines, "With --drop-reasons the kernel is asked why it drops packets.")
	}
	lines = append(lines, "Written: "+strings.Join(append([]string{filepath.Join(f.out, svgFile)}, f.captures...), ", "))
	if _, err := fmt.Fprintln(streams.Out, strings.Join(lines, "\n")); err != nil {
		return fmt.Errorf("writing the trace: %w", err)
	}
	if status := traceStatus(t, p); status != exitConformant {
		return verdictError{status}
	}
	return nil
}

// traceStatus is the exit status of a trace on demand.
func traceStatus(t facts.Trace, p path.Path) int {
	switch {
	case t.NotRun != "" || p.Verdict.Outcome == path.Unknown:
		return exitCannotTell
	case p.Verdict.Outcome == path.Whole:
		return exitConformant
	default:
		return exitNotWhole
	}
}
