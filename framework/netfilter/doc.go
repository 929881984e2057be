// Package netfilter reads what the firewall tools of a host printed
// (iptables-save, nft --json list ruleset) and says what would become of a
// packet on the forward path. It is pure: no host is asked, nothing is run.
//
// A match depends on things a dump does not hold (a set, a port, an interface
// not known yet), so every match has three answers, and only what is certain
// is called certain.
package netfilter
