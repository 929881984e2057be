# Plumbline. `make help` says what there is.
SHELL       := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
IMAGE   ?= plumbline:dev
LAB     ?= demo
CONFIG  ?= kind-configs/three-node.yaml
OUT     ?= out/report
LDFLAGS := -s -w -X main.version=$(VERSION)
GOFLAGS += -buildvcs=false
export GOFLAGS

# A few faults of different kinds, for every change; `make faults` injects all.
FEW_FAULTS = ip-forward-off,vxlan-blocked-both,kube-proxy-priority,fdb-wrong,nat-flushed

KUBECONFIG_OF = out/$(LAB).kubeconfig

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## bin/plumbline, bin/plumbline-agent and bin/lab
	@mkdir -p bin out
	CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)' -o bin/ ./cmd/plumbline ./cmd/plumbline-agent ./fixtures/lab/cmd/lab

# The image has one name on nodes of every architecture. Of the machine's own there are programs in bin.
ARCHES ?= amd64 arm64
OTHER_ARCHES = $(filter-out $(shell go env GOARCH),$(ARCHES))
.PHONY: image programs-other
programs-other:
	@for a in $(OTHER_ARCHES); do mkdir -p out/bin/$$a; \
	  CGO_ENABLED=0 GOARCH=$$a go build -trimpath -ldflags '$(LDFLAGS)' -o out/bin/$$a/ ./cmd/plumbline ./cmd/plumbline-agent; done
image: build programs-other packages-lab ## out/plumbline-image.tar, for kind, docker, ctr and the lab (ARCHES="amd64 arm64")
	bin/lab image --out out/plumbline-image.tar --tag $(IMAGE) \
	  $(foreach d,bin $(addprefix out/bin/,$(OTHER_ARCHES)),--binary $(d)/plumbline --binary $(d)/plumbline-agent)

.PHONY: packages-lab packages-qemu packages-test
packages-lab: build
	@.ci/packages $$(bin/lab check --packages)
packages-qemu: packages-lab # runs the programs of the image's other architecture
	@.ci/packages qemu-aarch64-static:qemu-user-static
packages-test: packages-lab
	@.ci/packages node:nodejs npm:npm chromium:chromium xmllint:libxml2-utils fonts-dejavu-core

.PHONY: lab
lab: build image ## the lab is up and has the image (LAB=name CONFIG=file)
	bin/lab up --name $(LAB) --config $(CONFIG)
	bin/lab load --name $(LAB) out/plumbline-image.tar
	@mkdir -p out && bin/lab kubeconfig --name $(LAB) > $(KUBECONFIG_OF)

.PHONY: demo
demo: lab ## a real cluster on this machine, the suite run on it, and where the reports are
	bin/plumbline run --kubeconfig $(KUBECONFIG_OF) --image $(IMAGE) --out $(OUT)
	@ls -l $(OUT)

.PHONY: demo-down
demo-down: build ## remove the demo's lab
	bin/lab down --name $(LAB)

KIND_CONFIG ?= $(CONFIG)
.PHONY: kindlab packages-kind
kindlab: build
	CGO_ENABLED=0 go build -trimpath -o bin/ ./fixtures/kind/cmd/kindlab
packages-kind: packages-lab
	@.ci/packages mmdebstrap:mmdebstrap

.PHONY: kind-image
kind-image: kindlab packages-kind ## a node image for kind from source, kept in the lab's cache
	bin/kindlab image

.PHONY: kind
kind: kindlab packages-kind image ## a real kind cluster from source, the image loaded, the suite run on it (KIND_CONFIG=file)
	bin/kindlab up --config $(KIND_CONFIG)
	bin/kindlab load out/plumbline-image.tar
	bin/kindlab run -- bin/plumbline run --image $(IMAGE) --out out/kind-report
	@ls -l out/kind-report

.PHONY: kind-down
kind-down: kindlab ## remove the kind clusters made here, and their Docker engine if it is our own
	bin/kindlab down

.PHONY: test-kind
test-kind: kind-image image ## end to end on a real kind cluster; skipped, with the reason, where no Docker engine can run
	go test -tags kind -count 1 -timeout 45m -v -run 'Real|Killed' ./fixtures/kind

.PHONY: test
test: packages-test test-unit test-lab test-networks test-kind ## everything: unit, namespaces, reports in a browser, end to end on labs and on kind

.PHONY: test-unit
test-unit: ## pure tests, tests in network namespaces, reports in real parsers and a real browser
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { echo "gofmt these:"; gofmt -l $$(git ls-files '*.go'); exit 1; }
	go vet ./...
	go test ./...

.PHONY: test-lab
test-lab: image packages-qemu ## end to end on a lab of its own, with a few faults (FAULTS=id,id… chooses)
	FAULTS="$${FAULTS-$(FEW_FAULTS)}" go test -tags lab -count 1 -p 1 -timeout 75m -v ./fixtures/e2e ./fixtures/lab ./fixtures/lab/image

# Two networks beside flannel, in short form; `make networks` has all networks and all faults.
.PHONY: test-networks
test-networks: ## end to end on kindnet's shape and on kube-router
	$(MAKE) networks NETWORKS=ptp,kube-router FAULTS=route-missing,policy-in-the-way

.PHONY: faults
faults: image ## inject every fault on a lab, print what was found, write docs/faults.md (FAULTS=id,id… chooses)
	FAULTS_PAGE=$(if $(FAULTS),,$(CURDIR)/docs/faults.md) go test -tags lab -count 1 -timeout 120m -v -run TestFaults ./fixtures/e2e

.PHONY: pairs
pairs: image ## two faults at a time, each named; writes docs/pairs.md (FAULTS=id+id,… chooses)
	PAIRS_PAGE=$(if $(FAULTS),,$(CURDIR)/docs/pairs.md) go test -tags lab,pairs -count 1 -timeout 90m -v -run TestPairs ./fixtures/e2e

.PHONY: cases
cases: image ## meet the field reports again on a lab, and write docs/cases.md
	CASES_PAGE=$(CURDIR)/docs/cases.md go test -tags lab,cases -count 1 -timeout 30m -v -run TestCases ./fixtures/e2e

.PHONY: noise
noise: image ## thirty healthy runs, half of them under load; writes docs/noise.md (NOISE=n chooses)
	NOISE_PAGE=$(CURDIR)/docs/noise.md go test -tags lab,noise -count 1 -timeout 60m -v -run TestNoise ./fixtures/e2e

.PHONY: variants
variants: image ## healthy clusters of other kinds: single node, nftables, dual stack, ten nodes
	E2E_LAB=- go test -tags lab,variants -count 1 -timeout 60m -v -run "TestVariants|TestOrdinary" ./fixtures/e2e

# The networks of `make networks`; two labs at a time, since a run waits more than it works.
NETWORKS     ?= three-node,host-gw,ptp,bridge,routed,kube-router,cilium
NETWORK_JOBS ?= 2
.PHONY: networks
networks: image ## other pod networks: healthy, and the faults that every network has; writes docs/networks.md (NETWORKS=, FAULTS= choose)
	@rm -rf out/networks && mkdir -p out/networks
	go test -tags lab,networks -c -o out/networks.test ./fixtures/e2e
	@status=0; tr , '\n' <<< '$(NETWORKS)' | xargs -P $(NETWORK_JOBS) -I NETWORK .ci/network NETWORK || status=$$?; \
	$(if $(FAULTS),,.ci/network --page docs/networks.md || status=$$?;) exit $$status

.PHONY: versions
versions: image ## the healthy suite on the oldest and the newest Kubernetes that the lab runs; builds them from source
	E2E_LAB=- go test -tags lab,versions -count 1 -timeout 90m -v -run TestVersions ./fixtures/e2e

.PHONY: bench
bench: ## benchmarks, printed
	go test -run '^$$' -bench . -benchmem ./...

FUZZTIME ?= 60s
.PHONY: fuzz
fuzz: ## every fuzz test, for FUZZTIME each
	@grep -rl --include='*_test.go' '^func Fuzz' . | sort | while read -r file; do \
	  sed -n 's/^func \(Fuzz[A-Za-z0-9]*\)(.*/\1/p' "$$file" | while read -r name; do \
	    echo "$$name in $$(dirname "$$file")"; \
	    go test -run '^$$' -fuzz "^$$name$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 5s "$$(dirname "$$file")" | tail -2; \
	  done; \
	done

.PHONY: lint
lint: ## the linters of .golangci.yml
	@mkdir -p bin
	cd .ci/lint && go build -o ../../bin/golangci-lint github.com/golangci/golangci-lint/v2/cmd/golangci-lint
	bin/golangci-lint run ./...

.PHONY: generate
generate: ## docs and goldens that are made from code
	go generate ./...

.PHONY: clean
clean: ## remove what was built here (not the lab's cache)
	rm -rf bin out
