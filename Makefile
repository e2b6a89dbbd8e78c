# Every target says what it does in its ## comment; `make help` prints them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --warn-undefined-variables --no-builtin-rules
.DEFAULT_GOAL := help

UV_VERSION := 0.13.9
PYTHON ?= python3
ARGS ?=
DETECTOR_TEST_SHARED ?= ../shared
export UV_PYTHON_DOWNLOADS := never
# The tests and the demo start hundreds of processes: compiled modules save each of them one to two seconds.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help setup demo test lint bench bench-replay bench-judging model drift-reference deploy-files sbom kill-test clean

help:  ## Show the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: .venv/.complete  ## Create the environment .venv from the lock file (brings uv when it is absent)

demo: setup  ## Show the whole way from articles to alerts; Ctrl-C ends it
	@.venv/bin/detector demo $(ARGS)

test: setup  ## Run every test, those on a real Kafka too
	@.venv/bin/pytest $(ARGS)

lint: setup  ## Check style (ruff) and types (mypy, strict)
	@.venv/bin/ruff format --check
	@.venv/bin/ruff check
	@.venv/bin/mypy

bench: setup  ## Measure articles a second: one worker and two, a plain loop, the job of a tutorial; writes deploy/SPEED.md
	@.venv/bin/python -m tests.bench --page deploy/SPEED.md $(ARGS)

bench-replay: setup  ## Measure a replay: speed against the bare core, memory, edges, a live worker beside it
	@.venv/bin/python -m tests.bench.replay_bench $(ARGS)

bench-judging: setup  ## Measure the judging of kept runs: wall time and memory
	@.venv/bin/python -m tests.bench.judging_bench $(ARGS)

model: setup  ## Rebuild the shipped model (needs the labelled news; DETECTOR_TEST_SHARED says where)
	@.venv/bin/detector train --gold $(DETECTOR_TEST_SHARED)/gold/train.jsonl --gold seeds/judged/pool.jsonl \
		--texts $(DETECTOR_TEST_SHARED)/news/pool.jsonl.gz -o detector/models/default.npz $(ARGS)
	@$(MAKE) --no-print-directory drift-reference

drift-reference: setup  ## Count how the shipped model answers about the news pool, for the drift metrics of workers
	@folder=$$(mktemp -d); trap 'rm -rf "$$folder"' EXIT; \
	.venv/bin/detector replay --archive $(DETECTOR_TEST_SHARED)/news/pool.jsonl.gz --run-folder "$$folder/run"; \
	.venv/bin/detector reports reference "$$folder/run" -o detector/data/drift_reference.json

deploy-files: setup  ## Write again what is generated: dashboards, the page of metrics, rules and dashboards of k8s/
	@.venv/bin/python -m deploy.metrics_page
	@.venv/bin/python -m deploy.grafana.build
	@.venv/bin/python -m k8s.build

sbom: setup  ## Write the software bill of materials, sbom.cdx.json (CycloneDX), from the lock file
	@uv=$$(command -v uv || echo .uv/bin/uv); \
	"$$uv" export --quiet --locked --no-default-groups --format cyclonedx1.5 --output-file sbom.cdx.json
	@echo "sbom.cdx.json"

kill-test: setup  ## The full kill test: 20,000 articles, two workers, ten kills, three times
	@DETECTOR_TEST_KILL_ARTICLES=20000 DETECTOR_TEST_KILLS=10 DETECTOR_TEST_KILL_REPETITIONS=3 \
		.venv/bin/pytest tests/acceptance/test_kill.py -s $(ARGS)

clean:  ## Remove the environment and caches
	rm -rf .venv .uv .mypy_cache .ruff_cache .pytest_cache .hypothesis

.venv/.complete: pyproject.toml uv.lock
	@uv=$$(command -v uv || true); \
	if [ -z "$$uv" ]; then \
		test -x .uv/bin/uv || { echo "Bringing uv $(UV_VERSION) into .uv"; $(PYTHON) -m venv .uv; .uv/bin/pip install --quiet uv==$(UV_VERSION); }; \
		uv=.uv/bin/uv; \
	fi; \
	echo "Creating .venv from uv.lock"; \
	"$$uv" sync --locked --compile-bytecode --extra broker --extra report --python "$$($(PYTHON) -c 'import sys; print(sys.executable)')"
	@touch $@
