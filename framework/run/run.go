package run

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/judge"
	"github.com/plumbline-net/plumbline/reporters/report"
)

// Options of a session.
type Options struct {
	All          []check.Check // all the suite has
	Selection    Selection
	IgnoreChecks []string // ids whose failures are accepted exceptions
	FailOn       string   // "fail" or "warn"
	Unprivileged bool     // nothing on the hosts is looked at, by choice
	NoTrace      bool     // nothing that failed is sent again
	// Config is what the configuration file asks for; nil for nothing.
	Config   *facts.Config
	ID       string // of the run
	Suite    string // version of plumbline
	Progress Progress
	// Save keeps the bytes of facts.json before anything is judged.
	Save func(facts []byte) error
	// Begun gets a report that says the run has not ended, once it has begun: it is
	// what stays if the process is killed. May be nil.
	Begun func(report.Report) error
}

// Session is one run. Ginkgo keeps its tree per process, so a process has one.
type Session struct {
	options  Options
	suite    *suite
	selected []check.Check
}

// New finds the selected checks. A selection without any is an EmptyError, one
// that cannot be read a UsageError; the cluster is not touched.
func New(o Options) (*Session, error) {
	if err := o.Selection.validate(); err != nil {
		return nil, err
	}
	for _, id := range o.IgnoreChecks {
		if !slices.ContainsFunc(o.All, func(c check.Check) bool { return c.ID == id }) {
			return nil, UsageError{fmt.Sprintf("--ignore-checks: no check is called %q%s", id, DidYouMean(id, o.All))}
		}
	}
	named, err := o.Selection.byID(o.All)
	if err != nil {
		return nil, err
	}
	s := &Session{options: o, suite: &suite{checks: named, results: map[string]check.Result{}, progress: o.Progress}}
	if len(named) > 0 {
		s.suite.grow()
		s.selected = s.suite.preview(o.Selection)
	}
	if len(s.selected) == 0 {
		return nil, EmptyError{o.Selection.String()}
	}
	return s, nil
}

// Selected are the checks that will be made, in the suite's order.
func (s *Session) Selected() []check.Check { return slices.Clone(s.selected) }

// SetupError says that a run died before anything could be observed.
type SetupError struct{ Err error }

func (e SetupError) Error() string { return e.Err.Error() }
func (e SetupError) Unwrap() error { return e.Err }

// Run observes, saves the facts, and judges. There is always a report, for what
// was seen until then; the error says what ended the observation early. Only
// with a UsageError (a node that does not exist) nothing began.
func (s *Session) Run(ctx context.Context, source Source) (report.Report, error) {
	started := time.Now().UTC()
	snapshot, early := s.observe(ctx, source)
	if errors.As(early, new(UsageError)) {
		return report.Report{}, early // nothing began: what was asked for cannot be meant
	}
	if early == nil && ctx.Err() != nil {
		early = context.Cause(ctx)
	}
	s.complete(snapshot, started, early)
	settled, err := s.settle(snapshot)
	if err != nil {
		early = errors.Join(early, err)
	}
	if errors.As(early, new(SetupError)) {
		s.suite.progress = nil // a line per check would only say the same thing many times
	}
	s.suite.snapshot = settled
	s.suite.perform(s.options.Selection)
	return judge.Judge(settled, s.options.All, s.suite.results), early
}

func (s *Session) observe(ctx context.Context, source Source) (*facts.Snapshot, error) {
	if _, err := source.Scope(ctx); err != nil {
		return &facts.Snapshot{}, SetupError{err}
	}
	if err := s.begun(); err != nil {
		return &facts.Snapshot{}, SetupError{err}
	}
	snapshot, err := source.Collect(ctx, s.Selected(), s.options.Progress)
	if snapshot == nil {
		snapshot = &facts.Snapshot{}
	}
	return snapshot, err
}

// errUnended is the reason in a report that was never replaced by a better one.
var errUnended = errors.New("the run has not come to its end: it is still under way, or it was killed")

func (s *Session) begun() error {
	if s.options.Begun == nil {
		return nil
	}
	nothing := &facts.Snapshot{}
	s.complete(nothing, time.Now().UTC(), errUnended)
	unknown := map[string]check.Result{}
	for _, c := range s.selected {
		unknown[c.ID] = check.Unknownf("%v", errUnended)
	}
	return s.options.Begun(judge.Judge(nothing, s.options.All, unknown))
}

// complete writes into the facts what only the session knows: what was asked
// for is part of what was observed. An empty snapshot so becomes one that says
// why it is empty.
func (s *Session) complete(snapshot *facts.Snapshot, started time.Time, early error) {
	r := &snapshot.Run
	snapshot.APIVersion, snapshot.Kind = facts.APIVersion, facts.Kind
	r.Checks = nil
	for _, c := range s.selected {
		r.Checks = append(r.Checks, c.ID)
	}
	slices.Sort(r.Checks)
	r.IgnoreChecks = slices.Sorted(slices.Values(s.options.IgnoreChecks))
	r.FailOn, r.Unprivileged = s.options.FailOn, s.options.Unprivileged
	r.Profile, r.Config = s.options.Selection.Profile, s.options.Config
	if r.ID == "" {
		r.ID = s.options.ID
	}
	if r.Suite == "" {
		r.Suite = s.options.Suite
	}
	if r.Started.IsZero() {
		r.Started = started
	}
	if r.Finished.IsZero() {
		r.Finished = time.Now().UTC()
	}
	if early != nil && r.Incomplete == "" {
		r.Incomplete = early.Error()
	}
	if snapshot.Nodes == nil {
		snapshot.Nodes = []facts.Node{}
	}
}

// settle saves the facts and gives them back as they will be read again: what
// is judged now is what can be judged later, to the last byte.
func (s *Session) settle(snapshot *facts.Snapshot) (*facts.Snapshot, error) {
	data, err := facts.Encode(snapshot)
	if err != nil {
		return snapshot, err
	}
	if s.options.Save != nil {
		if err := s.options.Save(data); err != nil {
			return snapshot, fmt.Errorf("saving the facts: %w", err)
		}
	}
	settled, err := facts.Decode(bytes.NewReader(data))
	if err != nil {
		return snapshot, fmt.Errorf("reading the facts back: %w", err)
	}
	return settled, nil
}
