# The targets are one line each around `reprise` (harness/cmd/reprise) and the go command.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# Which versions of the products run; the fixtures know the defaults.
ifdef NOMAD_VERSION
export NOMAD_VERSION
endif
ifdef CONSUL_VERSION
export CONSUL_VERSION
endif

# What somebody typed is text. Make would otherwise evaluate it when it hands it on to a command's environment.
$(foreach name,$(.VARIABLES),$(if $(findstring command line,$(origin $(name))),$(eval export override $(name) := $$(value $(name)))))

reprise := .bin/reprise
lint := go tool -modfile=.ci/lint/go.mod golangci-lint
lint_workflows := go tool -modfile=.ci/workflows/go.mod actionlint

# One word for the shell, whatever is in the variable; nothing when it is empty.
option = $(if $(value $(2)),--$(1)='$(subst ','\'',$(value $(2)))')

# The same without an option's name; two quotes when it is empty.
quoted = '$(subst ','\'',$(value $(1)))'

##@ Drills

.PHONY: chaos
chaos: $(reprise) ## run drills and leave a report (LABELS= FOCUS= SEED= REPEAT= PHASE=1; KEEP=1 keeps a failed lab, and skips the rest)
	@$(reprise) chaos $(call option,labels,LABELS) $(call option,focus,FOCUS) $(call option,seed,SEED) $(call option,repeat,REPEAT) $(call option,phase,PHASE) $(call option,keep,KEEP)

.PHONY: repro
repro: $(reprise) ## replay one postmortem (ID=2020-01-20-ip-renumbering)
	@$(reprise) repro $(call option,id,ID)

.PHONY: controls
controls: $(reprise) ## run every scenario without its fault and without its runbook: both must go red (LABELS= FOCUS= SEED=)
	@$(reprise) controls $(call option,labels,LABELS) $(call option,focus,FOCUS) $(call option,seed,SEED)

.PHONY: verdicts
verdicts: $(reprise) ## judge 50 seeded drills whose outcome is known, half of them broken on purpose (FOCUS= SEED=)
	@$(reprise) verdicts $(call option,focus,FOCUS) $(call option,seed,SEED)

.PHONY: contracts
contracts: LABELS ?= !large
contracts: $(reprise) ## hold what drills are made of against its contract on real labs (LABELS=large: on slow ones; FOCUS= SEED=)
	@$(reprise) chaos $(call option,labels,LABELS) $(call option,focus,FOCUS) $(call option,seed,SEED) ./harness/selftest/contracts

.PHONY: survive
survive: $(reprise) ## break runs off at 40 moments and prove that nothing outlives them (SEED= MOMENTS= ONLY='repair: SIGHUP')
	@$(reprise) survive $(call option,seed,SEED) $(call option,moments,MOMENTS) $(call option,only,ONLY)

.PHONY: calibrate
calibrate: $(reprise) ## measure the error of the measurement: 1,000 outages of known length (SEED= OUTAGES=)
	@$(reprise) calibrate $(call option,seed,SEED) $(call option,outages,OUTAGES)

.PHONY: bench
bench: $(reprise) ## measure the harness itself: lab start, fault latency, skew, fingerprints
	@$(reprise) bench

##@ Development

# What vet finds is check's to tell.
.PHONY: test
test: ## run every test that needs no container engine, with the race detector where there is a C compiler
	@go test -tags=bench -vet=off $(race) $(unit_tests)

.PHONY: check
check: ## format, lint, vet, module files, workflows, published holes and what others import
	@for module in . $(importer); do \
		go -C $$module mod tidy -diff || { echo "go.mod or go.sum of $$module is not tidy: run make fix" >&2; exit 1; }; \
	done
	@go vet -tags=bench ./...
	@go -C $(importer) vet ./...
	@$(lint) run ./...
	@$(lint_workflows) -shellcheck= -pyflakes=
	@.ci/vulnerabilities
	@$(MAKE) api

.PHONY: api
api: ## compare what others import with the commit that .github/VERSIONING.md names
	@.ci/api

.PHONY: fuzz
fuzz: ## look for inputs that a reader of foreign text does not bear, a minute for each (FUZZTIME=10m)
	@FUZZTIME=$(call quoted,FUZZTIME) .ci/fuzz

.PHONY: fix
fix: ## format, and apply what check can correct by itself
	@go mod tidy
	@go -C $(importer) mod tidy
	@$(lint) run --fix ./...

.PHONY: readme
readme: $(reprise) ## put the figures of the newest runs into reports/TRACK_RECORD.md (RUN= chooses whose drills)
	@$(reprise) readme $(call option,run,RUN)

##@ Machine

.PHONY: images
images: $(reprise) ## pull or build every image that drills use (NOMAD_VERSION= CONSUL_VERSION=)
	@$(reprise) images

.PHONY: doctor
doctor: $(reprise) ## say what this machine lacks for drills, and what to do about it
	@$(reprise) doctor

.PHONY: clean
clean: $(reprise) ## remove what labs, runs and builds have left (IMAGES=1: built images, REPORTS=1: reports too)
	@$(reprise) clean $(call option,images,IMAGES) $(call option,reports,REPORTS)

.PHONY: help
help: ## show this
	@awk 'BEGIN { FS = ":.*## "; print "make TARGET [VARIABLE=value ...]" } \
		/^##@ / { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z-]+:.*## / { printf "  %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# Always asked, quickly answered: the go command knows what has changed. The flags are those of the suites and of the
# images' programs, which so need no second standard library. The tag adds the command bench, which measures the harness itself.
.PHONY: $(reprise)
$(reprise):
	@CGO_ENABLED=0 go build -tags=bench -gcflags=all=-dwarf=false -ldflags='-s -w' -o $@ ./harness/cmd/reprise

# A module of its own, which drills a system that is not ours: see .ci/importer.
importer = harness/suite/testdata/importer

# Everything but the scenarios, which are drills.
unit_tests = $(shell go list ./... | grep -v '/scenarios/')
# The race detector is in C: where there is no compiler, the go command says CGO_ENABLED=0.
race = $(shell test "$$(go env CGO_ENABLED)" = 1 && echo -race)
