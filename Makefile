# One word each; every word sets up what it needs. CI calls the same words.
PYTHON ?= python3
BIN := .venv/bin
WORKERS ?= 4
FILES ?= 10000
SEED ?= 25

.DEFAULT_GOAL := help
.PHONY: help setup stack browser victoria drill nightly test check fuzz soak bench settings

help:
	@echo "make setup    .venv with firedrill in it"
	@echo "make drill    set up, then one drill from YAML to verdict and report"
	@echo "make nightly  set up, then every experiment of experiments/"
	@echo "make test     set up, then the tests"
	@echo "make check    set up, then lint, types and docs"
	@echo "make fuzz     ten thousand experiments that nobody would write; FILES and SEED choose others"
	@echo "make soak     the shipped experiments five times in a row, and the kill trials"
	@echo "make bench    what measuring costs, beside what you would use instead"
	@echo "make settings what each setting of an alerting path costs, measured; writes docs/settings.md"

setup: .venv/.done

.venv/.done: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "firedrill needs Python 3.11 or newer: make PYTHON=python3.11 ...")'
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || sh setup/venv-package.sh $(PYTHON)
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --editable .
	@touch $@

stack: setup
	@$(BIN)/firedrill stack install

browser: setup
	@sh setup/browser.sh

victoria: setup
	@sh setup/victoria-metrics.sh $(BIN)/python

drill: stack
	@$(BIN)/firedrill run experiments/slow-bureau.yaml

nightly: stack
	@$(BIN)/firedrill run experiments --junit results/nightly.xml

test: stack browser victoria
	@$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal tests

check: setup
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/python docs/generate.py --check

soak: stack
	@$(BIN)/python -m pytest -p no:cacheprovider tests/soak --override-ini 'python_files=soak_*.py' -x -q -s

bench: stack
	@$(BIN)/python tests/bench/bench.py

settings: stack
	@$(BIN)/python tests/bench/settings.py docs/settings.md

# FILES=10000 and SEED=1 are read by the tests of the same name.
fuzz: setup
	@FIREDRILL_FUZZ_FILES=$(FILES) FIREDRILL_FUZZ_SEED=$(SEED) $(BIN)/python -m pytest -q -s -p no:cacheprovider tests/spec/test_spec_fuzz.py
