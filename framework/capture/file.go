package capture

import (
	"encoding/binary"
	"fmt"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"
)

const (
	// maxPart is the most that is handed out at once, in bytes.
	maxPart = 32 << 10
	// sllHeader is the length of what stands before a packet in a file of link type
	// LINUX_SLL (www.tcpdump.org/linktypes/LINKTYPE_LINUX_SLL.html).
	sllHeader = 16
	// At most these bytes are needed for the file's own block, a packet's and an
	// interface's without its words, each with options and padding.
	sectionBlock, packetBlock, interfaceBlock = 128, 52, 64
)

// file is the capture: pcapng with a block for every interface, and all of link
// type LINUX_SLL, since tcpdump reads no file with several. It is handed out in
// parts as it grows.
type file struct {
	writer *pcapgo.NgWriter // nil before the first packet
	ids    map[int]int      // by the interface's index
	left   int              // bytes
	full   bool
	parts  *parts
}

func newFile(most int, emit func([]byte) error) *file {
	return &file{ids: map[int]int{}, left: most - sectionBlock, parts: &parts{emit: emit}}
}

// add writes a packet as long as there is room; the first that does not fit is the end.
func (c *file) add(f frameRead, d device) error {
	needs := packetBlock + sllHeader + len(f.data)
	id, known := c.ids[int(f.Ifindex)]
	if !known {
		needs += interfaceBlock + len(d.name) + len(d.kind)
	}
	if c.full = c.full || needs > c.left; c.full {
		return nil
	}
	c.left -= needs
	if !known {
		var err error
		if id, err = c.newInterface(d); err != nil {
			return fmt.Errorf("writing the capture: %w", err)
		}
		c.ids[int(f.Ifindex)] = id
	}
	direction := &pcapgo.NgEpbFlags{Direction: pcapgo.NgEpbFlagDirectionInbound}
	if f.out() {
		direction.Direction = pcapgo.NgEpbFlagDirectionOutbound
	}
	data := append(sll(f), f.data...)
	info := gopacket.CaptureInfo{Timestamp: f.at, CaptureLength: len(data), Length: sllHeader + f.length, InterfaceIndex: id}
	if err := c.writer.WritePacketWithOptions(info, data, pcapgo.NgPacketOptions{Flags: direction}); err != nil {
		return fmt.Errorf("writing the capture: %w", err)
	}
	return nil
}

func (c *file) newInterface(d device) (int, error) {
	block := pcapgo.NgInterface{Name: d.name, Description: d.kind, LinkType: layers.LinkTypeLinuxSLL, SnapLength: sllHeader + maxRead}
	if c.writer != nil {
		return c.writer.AddInterface(block)
	}
	section := pcapgo.NgWriterOptions{SectionInfo: pcapgo.NgSectionInfo{Application: "Plumbline", OS: "Linux"}}
	var err error
	c.writer, err = pcapgo.NewNgWriterInterface(c.parts, block, section)
	return 0, err
}

// close hands out the rest.
func (c *file) close() error {
	if c.writer == nil {
		return nil
	}
	if err := c.writer.Flush(); err != nil {
		return fmt.Errorf("writing the capture: %w", err)
	}
	return c.parts.flush()
}

// sll is the header of a cooked packet: direction, kind of device, the sender's
// hardware address, protocol.
func sll(f frameRead) []byte {
	out := make([]byte, sllHeader, sllHeader+len(f.data))
	binary.BigEndian.PutUint16(out, uint16(f.Pkttype))
	binary.BigEndian.PutUint16(out[2:], f.Hatype)
	binary.BigEndian.PutUint16(out[4:], uint16(f.Halen))
	copy(out[6:14], f.Addr[:])
	binary.NativeEndian.PutUint16(out[14:], f.Protocol) // in the order of the network already
	return out
}

// parts collects what is written into parts of the largest size.
type parts struct {
	buffer []byte
	emit   func([]byte) error
}

func (p *parts) Write(b []byte) (int, error) {
	for rest := b; len(rest) > 0; {
		n := min(len(rest), maxPart-len(p.buffer))
		p.buffer, rest = append(p.buffer, rest[:n]...), rest[n:]
		if len(p.buffer) < maxPart {
			continue
		}
		if err := p.flush(); err != nil {
			return 0, err
		}
	}
	return len(b), nil
}

func (p *parts) flush() error {
	if len(p.buffer) == 0 {
		return nil
	}
	if err := p.emit(p.buffer); err != nil {
		return fmt.Errorf("handing out the capture: %w", err)
	}
	p.buffer = nil // whoever took it may keep it
	return nil
}
