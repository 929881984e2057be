package facts

// Config is what a user asked for beyond the defaults, as the configuration file
// gave it. It is a part of what was observed: judging again needs it.
type Config struct {
	// Egress are targets outside the cluster that pods and hosts must reach.
	Egress []EgressTarget `json:"egress,omitempty"`
	// ExternalNames must resolve through the cluster DNS.
	ExternalNames []string `json:"externalNames,omitempty"`
	// Services ("namespace/name") whose ready endpoints must listen.
	Services []string `json:"services,omitempty"`
	// RuntimeClasses of which a probe pod is placed on every node.
	RuntimeClasses []string `json:"runtimeClasses,omitempty"`
	// SecuritySoftware extends the list of known host security agents.
	SecuritySoftware []SecuritySoftware `json:"securitySoftware,omitempty"`
}

// EgressTarget is a TCP service outside the cluster.
type EgressTarget struct {
	// Host is a name or an IP address.
	Host string `json:"host"`
	Port uint16 `json:"port"`
}

// SecuritySoftware is a host security agent that is known by its process.
type SecuritySoftware struct {
	// Process is the name as /proc/PID/comm shows it (15 bytes at most).
	Process string `json:"process"`
	// Product and Effect are said in the finding.
	Product string `json:"product"`
	Effect  string `json:"effect,omitempty"`
	// Stop is the command that stops it, where there is a usual one.
	Stop string `json:"stop,omitempty"`
}
