package path

import "strings"

// Stage is a part of a flow's way. Sender and receiver are those of the request,
// also on the way of the answer; an entry is the node whose NodePort was asked.
type Stage string

// The stages. A packet that vanishes between two interfaces of a node vanishes at
// the stage that has to carry it on:
//
//   - *-pod: the pod itself (nothing came out of it, or no answer did);
//   - *-bridge: between a pod's port and the bridge, in either direction;
//   - *-host: routing and forwarding, or the host's own sockets;
//   - *-tunnel: encapsulation or decapsulation (NIC ↔ tunnel device);
//   - *-nic: at the NIC itself, where nothing else is on the way;
//   - wire: between two nodes' NICs.
const (
	SenderPod    Stage = "sender-pod"
	SenderBridge Stage = "sender-bridge"
	SenderHost   Stage = "sender-host"
	SenderTunnel Stage = "sender-tunnel"
	SenderNIC    Stage = "sender-nic"

	EntryBridge Stage = "entry-bridge"
	EntryHost   Stage = "entry-host"
	EntryTunnel Stage = "entry-tunnel"
	EntryNIC    Stage = "entry-nic"

	Wire Stage = "wire"

	ReceiverNIC    Stage = "receiver-nic"
	ReceiverTunnel Stage = "receiver-tunnel"
	ReceiverHost   Stage = "receiver-host"
	ReceiverBridge Stage = "receiver-bridge"
	ReceiverPod    Stage = "receiver-pod"

	ServiceTranslation Stage = "service-translation"
)

// answering is the prefix of a stage on the answer's way.
const answering = "answer-"

// Place is a node and a stage, comparable, so that what was found can be held
// against what was expected.
type Place struct {
	// Node is where the packet was last, To the node it was sent to (wire only).
	Node string `json:"node,omitempty"`
	To   string `json:"to,omitempty"`
	// Stage is one of the words, with "answer-" before it on the answer's way.
	Stage Stage `json:"stage"`
}

// String is "receiver-host at n3", "wire from n1 to n3", or "" where nothing is known.
func (p Place) String() string {
	switch {
	case p.Stage == "":
		return ""
	case p.To != "":
		return string(p.Stage) + " from " + outsideOr(p.Node) + " to " + p.To
	case p.Node == "":
		return string(p.Stage)
	}
	return string(p.Stage) + " at " + p.Node
}

// Part is the stage without the role and the direction: pod, bridge, host, tunnel,
// nic, wire or translation. It compares places where it does not matter whether a
// node that received was also the entry.
func (p Place) Part() string {
	words := strings.Split(string(p.Stage), "-")
	return words[len(words)-1]
}

// Direction is the way on which the place lies.
func (p Place) Direction() Direction {
	switch {
	case p.Stage == "":
		return ""
	case strings.HasPrefix(string(p.Stage), answering):
		return Answer
	}
	return Request
}

func outsideOr(node string) string {
	if node == "" {
		return "outside"
	}
	return node
}

// role is a node's part on the way.
type role string

const (
	sender   role = "sender"
	entry    role = "entry"
	receiver role = "receiver"
)

// stage is the part of a kind of hop in a role.
func (r role) stage(k Kind) Stage {
	word := "host"
	switch k {
	case PodPort:
		word = "pod"
	case Bridge:
		word = "bridge"
	case Tunnel:
		word = "tunnel"
	case NIC:
		word = "nic"
	case Translation:
		return ServiceTranslation
	case Host, Loopback, Outside, Other:
	}
	return Stage(string(r) + "-" + word)
}

// role is the part of the hop's node.
func (h Hop) role() role {
	if h.Stage == ServiceTranslation {
		return sender
	}
	word, _, _ := strings.Cut(string(h.Stage), "-")
	return role(word)
}

// at is a place on a direction.
func at(d Direction, node string, s Stage) Place {
	if d == Answer {
		s = answering + s
	}
	return Place{Node: node, Stage: s}
}

// between is where a packet vanished that was seen at one hop and not at the next.
// Without a hop at which it was seen it never began.
func between(d Direction, last *Hop, missing Hop) Place {
	own := missing.role()
	if last == nil {
		if missing.Kind == PodPort && !missing.Out {
			return at(d, missing.Node, missing.Stage)
		}
		return at(d, missing.Node, own.stage(Host))
	}
	if last.leg != missing.leg {
		p := at(d, last.Node, Wire)
		p.To = missing.Node
		return p
	}
	if missing.Kind == Translation {
		return at(d, missing.Node, ServiceTranslation)
	}
	if last.Kind != Translation {
		own = last.role()
	}
	switch {
	case missing.Kind == Tunnel && !missing.Out, last.Kind == Tunnel && missing.Kind == NIC:
		return at(d, missing.Node, own.stage(Tunnel))
	case missing.Kind == Bridge && !missing.Out,
		missing.Kind == PodPort && (last.Kind == Bridge || last.Kind == PodPort):
		return at(d, missing.Node, own.stage(Bridge))
	}
	return at(d, missing.Node, own.stage(Host))
}
