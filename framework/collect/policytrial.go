package collect

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/plumbline-net/plumbline/framework/cluster"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/topology"
	"github.com/plumbline-net/plumbline/framework/wire"
)

const (
	// policyWithin is how long a policy may take to be in force on every node, and
	// policyBegins how long until it stops anything at all where that is not known of
	// the plugin.
	policyWithin = 40 * time.Second
	policyBegins = 20 * time.Second
	// policyPause is between two rounds.
	policyPause = 300 * time.Millisecond
	// policyOpenRounds is how often connections are tried that no policy concerns yet.
	policyOpenRounds = 4
	// policyConnect holds the second SYN, after 1 s, and policyReply a slow answer, in milliseconds.
	policyConnect = 1500
	policyReply   = 1000
)

// tryPolicies makes network policies for pods of the suite's own and sees what they
// stop. It comes after everything else, so that it disturbs nothing; what goes wrong
// in it costs its own checks only.
func (c *Collector) tryPolicies(ctx context.Context) error {
	if !c.needs.Policy {
		return nil
	}
	t := &facts.PolicyTrial{}
	c.snapshot.PolicyTrial = t
	if t.Unenforced = c.unenforced(); t.Unenforced != "" {
		return nil
	}
	if t.NotRun = c.alreadyRestricted(); t.NotRun != "" {
		return nil
	}
	if err := c.placePolicyPods(ctx); err != nil {
		return err
	}
	if t.NotRun = c.tooFew(); t.NotRun != "" {
		return nil
	}
	var asked []vantage
	for _, class := range facts.PolicyClasses() {
		r := policyRole(class)
		for _, n := range c.snapshot.Selected() {
			asked = append(asked, vantage{facts.Vantage{Kind: facts.FromPod, Node: n.Name, Class: class}, *r.of(&n), wire.Plan{}})
		}
	}
	with := c.converseWith(ctx, asked)
	defer with.end(ctx)
	c.stages(ctx, with, t)
	return nil
}

// stages goes through the states of the policies; where none is enforced, the rest is left out.
func (c *Collector) stages(ctx context.Context, with *sessions, t *facts.PolicyTrial) {
	for _, name := range []facts.StageName{facts.StageOpen, facts.StageDenied, facts.StagePermitted, facts.StageRemoved} {
		c.progress.Note("network policies: " + string(name))
		stage := c.stage(ctx, with, name)
		t.Stages = append(t.Stages, stage)
		if stage.NotRun != "" {
			t.NotRun = stage.NotRun
			return
		}
		if name == facts.StageOpen {
			// What fails without a policy cannot tell what a policy stops.
			if t.NotRun = topology.PolicyBroken(stage.Matrices); t.NotRun != "" {
				return
			}
		}
		if name != facts.StageDenied {
			continue
		}
		if stopped, of := topology.PolicyStopped(name, stage.Matrices); of > 0 && stopped == 0 {
			if err := c.client.DeletePolicies(ctx, c.run); err != nil {
				c.problem("deleting the network policies", err)
			}
			return
		}
	}
}

func (c *Collector) stage(ctx context.Context, with *sessions, name facts.StageName) facts.PolicyStage {
	out := facts.PolicyStage{Name: name}
	var err error
	if name == facts.StageRemoved {
		err = c.client.DeletePolicies(ctx, c.run)
	} else {
		out.Policies, err = c.client.CreatePolicies(ctx, cluster.OwnPolicies(c.run, name, c.policyNeeds()))
	}
	if err != nil {
		out.NotRun = err.Error()
		return out
	}
	c.until(ctx, with, &out)
	if ctx.Err() != nil {
		out.NotRun = context.Cause(ctx).Error()
	}
	return out
}

// until asks round after round until two in a row are as the policies say, or the
// time is over. It never waits for a time that only seems long enough.
func (c *Collector) until(ctx context.Context, with *sessions, stage *facts.PolicyStage) {
	planned := topology.PolicyPlan(c.snapshot)
	timing := wire.Timing{ConnectMillis: policyConnect, ReplyMillis: policyReply, Attempts: 1, Parallel: 256}
	plan := wire.Plan{Flows: planned, Timing: timing, DeadlineMillis: c.deadline(planned)}
	began := time.Now()
	var before []facts.Matrix
	lastBegan := began
	for ctx.Err() == nil {
		roundBegan := time.Now()
		now := topology.Assemble(planned, with.ask(ctx, plan))
		stage.Rounds++
		stage.Matrices = topology.EitherRound(before, now)
		stage.Waited = int(time.Since(began).Milliseconds())
		unmet, met := topology.PolicyUnmet(stage.Name, stage.Matrices)
		if stage.Rounds > 1 && unmet == 0 && met > 0 {
			stage.Settled = max(1, int(lastBegan.Sub(began).Milliseconds()))
			return
		}
		if met == 0 && unmet == 0 || c.over(stage, time.Since(began)) {
			return
		}
		before, lastBegan = now, roundBegan
		pause(ctx, policyPause)
	}
}

// over says whether waiting longer is of no use.
func (c *Collector) over(stage *facts.PolicyStage, waited time.Duration) bool {
	if stage.Name == facts.StageOpen && stage.Rounds >= policyOpenRounds {
		return true
	}
	if stage.Name == facts.StageDenied && waited > policyBegins {
		if stopped, _ := topology.PolicyStopped(stage.Name, stage.Matrices); stopped == 0 {
			return true
		}
	}
	return waited > policyWithin
}

// policyNeeds is what the policies have to know. A policy is asked after the address
// of a Service was translated, so that the pods' own port counts; some plugins ask before.
func (c *Collector) policyNeeds() cluster.PolicyNeeds {
	out := cluster.PolicyNeeds{Open: topology.PolicyAddrs(c.snapshot, facts.PodsOpen)}
	for _, dns := range c.snapshot.Cluster.DNS {
		out.DNS = append(out.DNS, dns.Port())
		for _, s := range c.snapshot.Cluster.Services {
			if !slices.Contains(s.Addrs, dns.Addr()) {
				continue
			}
			for _, e := range s.Endpoints {
				out.DNS = append(out.DNS, e.Port)
			}
		}
	}
	return out
}

// alreadyRestricted says which policies of others select the suite's pods: what they
// stop would be taken for the suite's own doing.
func (c *Collector) alreadyRestricted() string {
	if p := c.snapshot.Cluster.Policies; p != nil {
		for _, one := range p.Selecting {
			return fmt.Sprintf("%s selects pods of the suite already, so that its own policies would show nothing", one.Plain())
		}
	}
	return ""
}

// placePolicyPods creates the pods of all classes before it waits for the first.
func (c *Collector) placePolicyPods(ctx context.Context) error {
	for i := range c.snapshot.Nodes {
		for _, class := range facts.PolicyClasses() {
			c.snapshot.Nodes[i].PolicyAgents = append(c.snapshot.Nodes[i].PolicyAgents, facts.RuntimeAgent{Class: class})
		}
	}
	var placed []role
	for _, class := range facts.PolicyClasses() {
		if r := policyRole(class); c.create(ctx, r) {
			placed = append(placed, r)
		}
	}
	for _, r := range placed {
		if err := c.await(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

// tooFew says why nothing can be tried, where one of the classes has no pod.
func (c *Collector) tooFew() string {
	for _, class := range facts.PolicyClasses() {
		why, ready := "", false
		for _, n := range c.snapshot.Selected() {
			a := policyRole(class).of(&n)
			ready = ready || a.Ready
			why = cmp.Or(why, a.NotRun)
		}
		if !ready {
			return cmp.Or(why, "no pod of the trial is ready")
		}
	}
	return ""
}
