package facts

import "fmt"

const (
	// overloadStall is the share of time, in per cent, in which some process waited for a
	// processor (Documentation/accounting/psi.rst): above it, packets and probes wait, too.
	overloadStall = 80
	// overloadPerCore is the same by load average: a process waits for its turn about as
	// long as a probe's time limit allows.
	overloadPerCore = 8
)

// Overload is how short of processor time a host was for the whole of a run.
type Overload struct {
	Node string
	// Stall is the pressure of the processors in per cent; 0 where the kernel tells none.
	Stall float64
	// Load1 is the smaller of the load averages at both looks, over CPUs cores.
	Load1 float64
	CPUs  int
}

// String is "CPU pressure 97 %, load 144 on 2 cores".
func (o Overload) String() string {
	load := fmt.Sprintf("load %.0f on %d cores", o.Load1, o.CPUs)
	if o.Stall < overloadStall {
		return load
	}
	return fmt.Sprintf("CPU pressure %.0f %%, %s", o.Stall, load)
}

// Overload says whether a host was overloaded at both looks; a burst of the suite's own
// probes is seen at one at most.
func (s *Snapshot) Overload(node string) (Overload, bool) {
	first, last := s.Host(node, First), s.Host(node, Last)
	if first == nil || last == nil || first.Load == nil || last.Load == nil || last.Load.CPUs <= 0 {
		return Overload{}, false
	}
	o := Overload{
		Node: node, CPUs: last.Load.CPUs, Load1: min(first.Load.Load1, last.Load.Load1),
		Stall: min(first.Load.Stall["cpu.some.avg10"], last.Load.Stall["cpu.some.avg10"]),
	}
	return o, o.Stall >= overloadStall || o.Load1 > overloadPerCore*float64(o.CPUs)
}
