package dropwatch

import (
	"github.com/cilium/ebpf/asm"
)

// builder strings instructions together; a label belongs to the next one.
type builder struct {
	code  asm.Instructions
	label string
}

func (b *builder) add(instructions ...asm.Instruction) {
	for _, i := range instructions {
		if b.label != "" {
			i, b.label = i.WithSymbol(b.label), ""
		}
		b.code = append(b.code, i)
	}
}

// at gives the next instruction a label. A second label at the same place would
// overwrite the first, so an instruction without effect comes between.
func (b *builder) at(label string) {
	if b.label != "" {
		b.add(asm.Mov.Reg(asm.R0, asm.R0))
	}
	b.label = label
}

// read copies size bytes of kernel memory from the address in a register plus an
// offset to the stack, and goes to a label where that memory cannot be read.
func (b *builder) read(stack int16, size int32, from asm.Register, offset int32, orElse string) {
	b.add(
		asm.Mov.Reg(asm.R1, asm.RFP), asm.Add.Imm(asm.R1, int32(stack)),
		asm.Mov.Imm(asm.R2, size),
		asm.Mov.Reg(asm.R3, from), asm.Add.Imm(asm.R3, offset),
		asm.FnProbeReadKernel.Call(),
		asm.JNE.Imm(asm.R0, 0, orElse),
	)
}

// lookUp finds the stack's bytes in a map: R0 is then the value's address or zero.
func (b *builder) lookUp(fd int, stack int16) {
	b.add(
		asm.LoadMapPtr(asm.R1, fd),
		asm.Mov.Reg(asm.R2, asm.RFP), asm.Add.Imm(asm.R2, int32(stack)),
		asm.FnMapLookupElem.Call(),
	)
}
