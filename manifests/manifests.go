// Package manifests holds the objects that a run creates in the cluster, as the
// YAML files a reviewer can read before allowing it.
package manifests

import "embed"

// Agents are the objects of one run: node.yaml (the node agents), probe.yaml
// (the probe pods) and service.yaml (the Service that they stand behind).
// The run sets namespace, labels, image, tolerations and node selection.
//
//go:embed agents/*.yaml
var Agents embed.FS
