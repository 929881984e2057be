package main

import (
	"fmt"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/config"
	"github.com/plumbline-net/plumbline/framework/topology"
)

// configure reads the configuration file and takes from it what no flag says;
// given tells of a flag whether it stands on the command line.
func (f *runFlags) configure(given func(flag string) bool) error {
	f.config = &config.File{}
	if f.configPath == "" {
		return nil
	}
	file, err := config.Load(f.configPath)
	if err != nil {
		return usageError{says: "--config: " + oneLine(err), hint: "docs/configuration.md explains the file"}
	}
	f.config = file
	take := func(flag string, set bool, do func()) {
		if set && !given(flag) {
			do()
			f.fromFile = append(f.fromFile, flag)
		}
	}
	take("profile", file.Profile != "", func() { f.profile = file.Profile })
	take("checks", len(file.Checks) > 0, func() { f.checks = file.Checks })
	take("ignore-checks", len(file.IgnoreChecks) > 0, func() { f.ignore = file.IgnoreChecks })
	take("exclude-nodes", len(file.ExcludeNodes) > 0, func() { f.excludeNodes = file.ExcludeNodes })
	take("node-selector", file.NodeSelector != "", func() { f.nodeSelector = file.NodeSelector })
	take("taints", file.Taints != "", func() { f.taints = file.Taints })
	take("image", file.Image != "", func() { f.image = file.Image })
	take("fail-on", file.FailOn != "", func() { f.failOn = file.FailOn })
	take("timeout", file.Timeout > 0, func() { f.timeout = file.Timeout })
	return nil
}

// told adds to an error about a flag that its value stands in the file.
func (f *runFlags) told(err error) error {
	if err == nil {
		return nil
	}
	for _, flag := range f.fromFile {
		if strings.HasPrefix(err.Error(), "--"+flag+" ") || strings.HasPrefix(err.Error(), "--"+flag+":") {
			return fmt.Errorf("%w (it stands in %s)", err, f.configPath)
		}
	}
	return err
}

// scope is that of a cluster which has not been asked yet, with what is configured.
func (f *runFlags) scope() check.Scope {
	scope := topology.Presumed(f.inCluster != "true")
	if c := f.config.Facts(); c != nil {
		scope.Config = *c
	}
	return scope
}
