// Package capture watches one flow on all interfaces of the network namespace it
// runs in: which packets of it came by where, in which direction and under which
// addresses, and which counters of rules and of the kernel moved meanwhile.
//
// It changes nothing. Packets are read as copies from one packet socket
// (packet(7), AF_PACKET with ETH_P_ALL) that is bound to no interface;
// promiscuous mode is never switched on, so an interface hands over what it
// would have taken anyway. Counters are read by listing rules (see inspect) and
// from /proc and netlink.
//
// A filter in the kernel lets through only what may belong to the flow, also
// inside VXLAN, Geneve and IPIP, so a busy node that carries other traffic costs
// next to nothing. What a packet is exactly is decided here, after that.
//
// The socket needs CAP_NET_RAW; listing the firewall's rules needs CAP_NET_ADMIN,
// and so does a receive buffer larger than net.core.rmem_max.
package capture
