package facts

// PolicyTrial is what came of the network policies that the suite made for pods of
// its own: in each stage every pod of the trial connected to every other.
type PolicyTrial struct {
	// Unenforced says what is known not to enforce policies here, so that none was tried.
	Unenforced string `json:"unenforced,omitempty"`
	// NotRun says why none was tried, or why the trial broke off.
	NotRun string        `json:"notRun,omitempty"`
	Stages []PolicyStage `json:"stages,omitempty"`
}

// PolicyStage is one state of the policies.
type PolicyStage struct {
	Name StageName `json:"name"`
	// Policies are the suite's own that were in force, sorted.
	Policies []string `json:"policies,omitempty"`
	// Settled is how long it took, in milliseconds since the policies were changed,
	// until everything was as they say; 0 where that never came.
	Settled int `json:"settledMillis,omitempty"`
	// Waited is for how long it was tried, in milliseconds, and Rounds how often.
	Waited int `json:"waitedMillis,omitempty"`
	Rounds int `json:"rounds,omitempty"`
	// Matrices are the answers of the last two rounds: a cell is ok where one of them was.
	Matrices []Matrix `json:"matrices,omitempty"`
	NotRun   string   `json:"notRun,omitempty"`
}

// StageName is one of the closed words.
type StageName string

// The stages, in their order.
const (
	StageOpen      StageName = "open"      // no policy
	StageDenied    StageName = "denied"    // nothing is permitted to and from the guarded pods
	StagePermitted StageName = "permitted" // some things are
	StageRemoved   StageName = "removed"   // the policies are deleted again
)

// The classes of the trial's pods, one of each on every node.
const (
	PodsOpen    = "open"    // no policy selects them
	PodsGuarded = "guarded" // all of the suite's policies do
)

// PolicyClasses are the classes of pods.
func PolicyClasses() []string { return []string{PodsOpen, PodsGuarded} }

// PolicyRule is one way of permitting, each with a TCP port of its own on the guarded pods.
type PolicyRule string

// The rules.
const (
	RulePods      PolicyRule = "pods"           // from the open pods, by their label
	RuleNamespace PolicyRule = "namespace"      // from pods of the suite's namespace
	RuleForeign   PolicyRule = "otherNamespace" // from pods of another one, which does not exist
	RulePort      PolicyRule = "port"           // from anywhere
	RuleIPBlock   PolicyRule = "ipBlock"        // from the addresses of the open pods
	RuleNone      PolicyRule = "none"           // no rule permits it
)

// PolicyRules are all rules, in the order of their ports.
func PolicyRules() []PolicyRule {
	return []PolicyRule{RulePods, RuleNamespace, RuleForeign, RulePort, RuleIPBlock, RuleNone}
}

// policyPort is the first of the ports. The pods of the trial have a network of their
// own, so nothing else can listen there.
const policyPort = 17471

// Port is the TCP port of a rule.
func (r PolicyRule) Port() uint16 {
	for i, other := range PolicyRules() {
		if other == r {
			return uint16(policyPort + i)
		}
	}
	return 0
}

// RuleOf is the rule to which a port belongs.
func RuleOf(port uint16) PolicyRule {
	for _, r := range PolicyRules() {
		if r.Port() == port {
			return r
		}
	}
	return ""
}

// Stage finds a stage of the trial; nil where there was none.
func (t *PolicyTrial) Stage(name StageName) *PolicyStage {
	if t == nil {
		return nil
	}
	for i := range t.Stages {
		if t.Stages[i].Name == name {
			return &t.Stages[i]
		}
	}
	return nil
}
