# The two commands: `make up` (all set-up, then the main job) and `make test`.
# Everything below is a thin line over `einklang`; `make help` lists it.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
VENV := .venv
UV_VERSION := 0.13.9
EINKLANG := $(VENV)/bin/einklang
export UV_NO_PROGRESS ?= 1

.PHONY: help up down clean test test-quick test-live rehearsal check lock golden schema bench env
.DEFAULT_GOAL := help

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

up: $(VENV)/.ready ## everything from a fresh clone to running tenants (TENANTS="olpe …" for some)
	@$(EINKLANG) up $(TENANTS)

down: $(VENV)/.ready ## stop the local cluster and remove what it started; data and caches stay
	@$(EINKLANG) local down

clean: $(VENV)/.ready ## show what data and caches would go; YES=1 removes them
	@$(EINKLANG) local down
	@$(EINKLANG) local clean --caches $(if $(YES),--yes)

test: ## every test but the rehearsals: the quick ones, then the live ones
	@$(MAKE) --no-print-directory --keep-going test-quick test-live

test-quick: $(VENV)/.ready ## the tests that need no cluster, one process a core
	@$(VENV)/bin/pytest -m "not live" --numprocesses auto $(ARGS)

test-live: $(VENV)/.ready ## the tests on a cluster; starts one of its own where none runs
	@$(VENV)/bin/pytest -m "live and not rehearsal" --durations=25 --durations-min=20 $(ARGS)

rehearsal: $(VENV)/.ready ## the long tests: drills, restores, the rebuild of everything, the story of a request
	@$(VENV)/bin/pytest -m rehearsal -s $(ARGS)

check: $(VENV)/.ready ## linters, types, import rules (part of `make test`)
	@$(VENV)/bin/pytest tests/architecture $(ARGS)

bench: $(VENV)/.ready ## the benchmarks of docs/operators/performance.md, on the running cluster
	@$(VENV)/bin/python -m tests.benchmarks $(ARGS)

golden: $(VENV)/.ready ## accept what the components declare now as golden
	@$(VENV)/bin/pytest tests/components --accept-golden

schema: $(VENV)/.ready ## write the tenant file's JSON Schema and its reference again
	@$(EINKLANG) schema

env: $(VENV)/.ready ## the environment for pulumi and kubectl by hand: eval "$$(make -s env)"
	@$(EINKLANG) env

lock: ## resolve the Python dependencies again (UPGRADE=1: each to its newest version)
	@$(call uv) pip compile -q --universal --generate-hashes --no-header $(if $(UPGRADE),--upgrade) --group dev pyproject.toml -o requirements.lock

# uv itself: the one on the PATH, else a pinned one in build/uv.
uv = $$(command -v uv || { test -x build/uv/bin/uv || { python3 -m venv build/uv && build/uv/bin/pip install -q uv==$(UV_VERSION); } >&2; echo build/uv/bin/uv; })

$(VENV)/.ready: requirements.lock pyproject.toml
	@uv=$(call uv); echo "Python environment: $(VENV) from requirements.lock"; \
	test -x $(VENV)/bin/python || $$uv venv -q $(VENV) --python '>=3.11' --no-python-downloads; \
	$$uv pip sync -q --python $(VENV)/bin/python --require-hashes requirements.lock; \
	$$uv pip install -q --python $(VENV)/bin/python --no-deps --no-build-isolation -e .; \
	touch $@
