# `make demo` and `make test` each do all that they need on a machine with Python >= 3.11, Rust and a C compiler.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PROVER := prover/target/release/zkapex-prover
RUST   := prover/Cargo.toml prover/Cargo.lock $(shell find prover/src -name '*.rs' 2>/dev/null)
JOBS   ?= 2
STUDIES := digits glyphs code membership ablations
# nothing of these targets stays outside of the checkout
export ZKAPEX_CACHE := $(CURDIR)/runs/cache

.PHONY: adversary service-test service-load fuzz demo demo-hard test test-python test-rust test-slow cluster interop explore bench vectors golden semantics performance performance-scale performance-ezkl experiments experiments-quick clean help

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit("zkapex needs Python 3.11 or newer; set PYTHON=/path/to/python3.11") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test,service,audit-fast,cluster,experiments]'
	touch $@

$(PROVER): $(RUST)
	cargo build --release --locked --manifest-path prover/Cargo.toml --target-dir prover/target

demo: $(VENV)/.installed $(PROVER) ## train, unlearn, prove, verify on real data; writes runs/demo
	$(BIN)/zkapex demo --force

demo-hard: $(VENV)/.installed $(PROVER) ## the harder personal task, where masking costs accuracy
	$(BIN)/zkapex demo --task hard --out runs/demo-hard --force

test: test-rust test-python ## everything that CI runs

test-rust: $(PROVER)
	cargo test --release --locked --manifest-path prover/Cargo.toml

test-python: $(VENV)/.installed $(PROVER)
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile

test-slow: $(VENV)/.installed $(PROVER) ## the checks that take minutes
	$(BIN)/python -m pytest -m slow

cluster: $(VENV)/.installed $(PROVER) ## proving and verifying on a local Ray cluster, workers killed on the way
	$(BIN)/python -m pytest -m 'slow or not slow' tests/cluster tests/workflow/test_resume.py

explore: $(VENV)/.installed $(PROVER) ## the property tests with new random examples
	HYPOTHESIS_PROFILE=explore $(BIN)/python -m pytest -n $(JOBS) --dist loadfile $(if $(ONLY),-k "$(ONLY)")

interop: $(VENV)/.installed $(PROVER) ## proofs of both programs, judged by both; writes runs/interop.json
	ZKAPEX_INTEROP=runs/interop.json $(BIN)/python -m pytest tests/interop -m "slow or not slow"

bench: $(VENV)/.installed $(PROVER) ## time a full chunk at the default preset
	$(BIN)/zkapex bench

performance: $(VENV)/.installed $(PROVER) ## tables and figures of docs/performance.md; on a quiet machine
	$(BIN)/python -m experiments.performance

performance-scale: $(VENV)/.installed $(PROVER) ## ViT-B/16 and OPT-125M whole
	$(BIN)/python -m experiments.performance scale

performance-ezkl: $(VENV)/.installed ## the same KKT block with ezkl, in an environment of its own
	$(BIN)/python -m experiments.ezkl --quiet-only
	$(BIN)/python -m experiments.performance draw

experiments: $(VENV)/.installed $(PROVER) ## does it forget? every study of docs/results.md over five seeds, hours; goes on where it stopped
	for study in $(STUDIES); do $(BIN)/python -m experiments.$$study || exit $$?; done
	$(BIN)/python -m experiments.report

experiments-quick: $(VENV)/.installed $(PROVER) ## the same on small settings, minutes; writes runs/experiments-quick
	for study in $(STUDIES); do $(BIN)/python -m experiments.$$study --quick || exit $$?; done
	$(BIN)/python -m experiments.report --quick

vectors: $(VENV)/.installed ## regenerate the shared vectors (leaves no diff)
	$(BIN)/python -m reference_prover.vectors

golden: $(VENV)/.installed ## regenerate golden cost sheets and table digests
	$(BIN)/python -m zkapex_jax.circuit.golden

semantics: $(VENV)/.installed $(PROVER) ## the property tests of circuits, twenty times as many examples, all slow ones too; ends with their counts
	ZKAPEX_SEMANTICS_EFFORT=20 HYPOTHESIS_PROFILE=explore $(BIN)/python -m pytest -n $(JOBS) -m "slow or not slow" tests/semantics

adversary: $(VENV)/.installed $(PROVER) ## every cheat of docs/threat-model.md against both verifiers, and every check of the verifier left out once
	$(BIN)/python -m pytest -n $(JOBS) -m "slow or not slow" tests/adversary

.PHONY: faults
faults: $(VENV)/.installed $(PROVER) ## commands killed, the power cut, the disk full; goes on where it stopped; FAULTS="--trials 600 --seed 1"
	$(BIN)/python tests/faults/fault_long.py $(FAULTS)

fuzz: $(VENV)/.installed ## hostile bytes for every reader, Rust and Python; goes on where it stopped; FUZZ="--minutes 60 --sides rust"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[fuzz]'
	$(BIN)/python tests/fuzz/fuzz_long.py $(FUZZ)

.PHONY: dashboard
dashboard: $(VENV)/.installed ## time the dashboard's pages with 10,000 clients; draw its pictures in docs/img again
	$(BIN)/python tests/dashboard/measure.py --clients 10000 --json runs/dashboard.json
	$(BIN)/python tests/dashboard/pictures.py

service-test: $(VENV)/.installed $(PROVER) ## the provider's service under load, with processes killed; on SQLite and PostgreSQL
	$(BIN)/python -m pytest -m "slow or not slow" tests/service tests/dashboard

service-load: $(VENV)/.installed $(PROVER) ## the long form: 10,000 clients, 50 honest uploads at once; writes runs/service-load
	rm -rf runs/service-load
	$(BIN)/python tests/service/service_load.py runs/service-load --clients 10000 --honest 50

clean: ## remove everything that these targets made, what is in runs/ included
	rm -rf $(VENV) prover/target prover/fuzz/target runs build dist *.egg-info .mypy_cache .pytest_cache .hypothesis

.PHONY: types notebook
types: $(VENV)/.installed ## type-check the rooms that others import
	$(BIN)/python -m mypy

notebook: $(VENV)/.installed $(PROVER) ## run docs/notebooks/unlearn.ipynb and keep what it prints
	$(BIN)/jupyter execute --inplace --NotebookClient.record_timing=False docs/notebooks/unlearn.ipynb

.PHONY: secrets
secrets: $(VENV)/.installed $(PROVER) ## zero-knowledge smoke tests over some thousand proofs, modes of files by their system calls, silence of every output
	$(BIN)/python -m pytest -n $(JOBS) -m "slow or not slow" tests/secrets

.PHONY: docs wheel
docs: $(VENV)/.installed ## the site over docs/, strict, without outside assets; writes runs/site
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[docs]'
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict
	@echo 'read runs/site/index.html; to search in it, serve it: $(BIN)/python -m http.server --bind 127.0.0.1 --directory runs/site'

wheel: $(VENV)/.installed ## a wheel that holds the Rust prover; writes dist
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir dist .

.PHONY: licences
licences: ## what is linked into the Rust prover, and under which licences; writes prover/THIRD-PARTY.txt
	$(PYTHON) tests/packaging/third_party.py

.PHONY: network small-machine
network: $(VENV)/.installed $(PROVER) ## as root: clients on hosts of their own behind bad links, through a proxy that ends TLS; needs runs/demo, nginx, faketime
	$(BIN)/python -m experiments.network journeys --out runs/network.json

small-machine: $(VENV)/.installed $(PROVER) ## as root: the memory that each command of a client takes, and the least that it works in; needs runs/demo
	$(BIN)/python -m experiments.network memory --out runs/memory.json
