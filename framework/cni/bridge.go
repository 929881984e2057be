package cni

// bridge is the general plugin of containernetworking/plugins with routes that
// somebody else sets (static ones, a cloud's controller). It has no agent.
func bridge() Plugin {
	return Plugin{
		Word: "bridge", Display: "the bridge plugin",
		Devices: []Device{{Stem: "cni0", Role: Bridge}},
		Chains:  []string{"CNI-*"}, Tables: []string{"cni_*", "cni-*"},
		Models:  []Model{NodeDirect},
		Gateway: OfBridge, Policy: PolicyCompanion, Beside: true,
		Words: Words{
			Range:   "cat /etc/cni/net.d/*; ip -br address show type bridge",
			Hairpin: "\"hairpinMode\": true in the CNI configuration",
		},
	}
}
