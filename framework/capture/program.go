package capture

import (
	"fmt"

	"golang.org/x/net/bpf"
)

// program is classic BPF with names for places. A conditional jump reaches 255
// instructions far, and only forward; so each steps over an unconditional one,
// which reaches all. The packet that is judged is at the register X.
type program struct {
	code   []bpf.Instruction
	jumps  []pending
	labels map[string]int
	// scope keeps apart the places of equal names in code that occurs twice.
	scope string
}

// pending is a jump whose target is not known yet.
type pending struct {
	at int
	to string
}

// place is a name's within the scope; how it ends is the same for all.
func (p *program) place(name string) string {
	if name == "accept" || name == "drop" {
		return name
	}
	return p.scope + ": " + name
}

func (p *program) do(code ...bpf.Instruction) { p.code = append(p.code, code...) }

func (p *program) label(name string) { p.labels[p.place(name)] = len(p.code) }

func (p *program) jump(to string) {
	p.jumps = append(p.jumps, pending{len(p.code), p.place(to)})
	p.do(bpf.Jump{})
}

// when jumps where A is the value.
func (p *program) when(value uint32, to string) {
	p.do(bpf.JumpIf{Cond: bpf.JumpEqual, Val: value, SkipFalse: 1})
	p.jump(to)
}

// unless jumps where A is another value.
func (p *program) unless(value uint32, to string) {
	p.do(bpf.JumpIf{Cond: bpf.JumpEqual, Val: value, SkipTrue: 1})
	p.jump(to)
}

// version goes by the version of the IP header.
func (p *program) version(four, six string) {
	p.do(bpf.LoadIndirect{Off: 0, Size: 1}, bpf.ALUOpConstant{Op: bpf.ALUOpShiftRight, Val: 4})
	p.when(4, four)
	p.when(6, six)
	p.jump("drop")
}

// skip moves on.
func (p *program) skip(bytes uint32) {
	p.do(bpf.TXA{}, bpf.ALUOpConstant{Op: bpf.ALUOpAdd, Val: bytes}, bpf.TAX{})
}

// skip4 moves on behind an IPv4 header, which counts its length in words of four bytes.
func (p *program) skip4() {
	p.do(bpf.LoadIndirect{Off: 0, Size: 1}, bpf.ALUOpConstant{Op: bpf.ALUOpAnd, Val: 0xf})
	p.do(bpf.ALUOpConstant{Op: bpf.ALUOpShiftLeft, Val: 2}, bpf.ALUOpX{Op: bpf.ALUOpAdd}, bpf.TAX{})
}

// assemble fills in the jumps.
func (p *program) assemble() ([]bpf.RawInstruction, error) {
	for _, j := range p.jumps {
		to, ok := p.labels[j.to]
		if !ok || to <= j.at {
			return nil, fmt.Errorf("assembling the filter: no way from %d to %q", j.at, j.to)
		}
		p.code[j.at] = bpf.Jump{Skip: uint32(to - j.at - 1)}
	}
	if len(p.code) > maxInstructions {
		return nil, fmt.Errorf("assembling the filter: it has %d instructions, the kernel takes %d", len(p.code), maxInstructions)
	}
	out, err := bpf.Assemble(p.code)
	if err != nil {
		return nil, fmt.Errorf("assembling the filter: %w", err)
	}
	return out, nil
}
