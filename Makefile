# One word each; every word sets up what it needs. CI calls the same words.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
WORKERS ?= 3
TESTS ?= tests --ignore=tests/drills --ignore=tests/paths
TRIALS ?= 100
FILES ?= 10000
SEED ?= 25

.DEFAULT_GOAL := help
.PHONY: help setup stack browser victoria network faketime drill nightly test test-drills test-pythons check fuzz soak trials bench settings

help:
	@echo "make setup    .venv with firedrill in it"
	@echo "make drill    set up, then one drill from YAML to verdict and report"
	@echo "make nightly  set up, then every experiment of experiments/"
	@echo "make test     set up, then the tests; some five minutes"
	@echo "make test-drills    a hundred whole drills, sound and broken on purpose; some fourteen minutes"
	@echo "make test-pythons   the tests on Python 3.12 and 3.13 too, where they are found; TESTS=tests/chaos for a part"
	@echo "make check    set up, then lint, types and docs"
	@echo "make fuzz     ten thousand experiments that nobody would write, and as many journals that no drill has left; FILES and SEED choose others"
	@echo "make soak     the shipped experiments five times in a row, and the kill trials"
	@echo "make trials   TRIALS=100 kill trials by SEED: signals at random moments, then a look at what is left; WRITE=docs/trials.md keeps it"
	@echo "make bench    what measuring costs, beside what you would use instead"
	@echo "make settings what each setting of an alerting path costs, measured; writes docs/settings.md"

setup: $(VENV)/.done

$(VENV)/.done: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "firedrill needs Python 3.11 or newer: make PYTHON=python3.11 ...")'
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || sh setup/venv-package.sh $(PYTHON)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --editable .
	@touch $@

stack: setup
	@$(BIN)/firedrill stack install

browser: setup
	@sh setup/browser.sh

victoria: setup
	@sh setup/victoria-metrics.sh $(BIN)/python

network:
	@sh setup/network.sh

faketime:
	@sh setup/faketime.sh

drill: stack
	@$(BIN)/firedrill run experiments/slow-bureau.yaml

nightly: stack
	@$(BIN)/firedrill run experiments --junit results/nightly.xml

test: stack browser victoria network faketime
	@$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(TESTS)

# Two at a time: a drill that waits for a processor sees too little.
test-drills: stack browser victoria network faketime
	@$(BIN)/python -m pytest -n 2 --dist worksteal tests/drills tests/paths

test-pythons:
	@pythons=$$(sh setup/pythons.sh); [ -n "$$pythons" ] || { echo "neither python3.12 nor python3.13 was found: nothing to run" >&2; exit 0; }; \
	for python in $$pythons; do \
	    echo "== $$($$python --version), with the Chaos Toolkit of its line"; \
	    $(MAKE) --no-print-directory test PYTHON=$$python VENV=.venv-$$($$python -c 'import sys; print("%d.%d" % sys.version_info[:2])') || exit 1; \
	done

check: setup
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/python docs/generate.py --check

soak: stack
	@$(BIN)/python -m pytest -p no:cacheprovider --reruns 0 tests/soak --override-ini 'python_files=soak_*.py' -x -q -s

trials: stack
	@cd tests && ../$(BIN)/python -m trials $(TRIALS) --seed $(SEED) $(if $(WRITE),--write $(abspath $(WRITE)))

bench: stack
	@$(BIN)/python tests/bench/bench.py
	@$(BIN)/python tests/bench/judging.py
	@sh setup/bench.sh $(BIN)/python
	@$(BIN)/python tests/bench/proxy.py docs/benchmarks.md

settings: stack
	@$(BIN)/python tests/bench/settings.py docs/settings.md

# FILES=10000 and SEED=1 are read by the tests of the same name.
fuzz: setup
	@FIREDRILL_FUZZ_FILES=$(FILES) FIREDRILL_FUZZ_SEED=$(SEED) $(BIN)/python -m pytest -q -s -p no:cacheprovider tests/spec/test_spec_fuzz.py tests/cli/test_cli_journal_fuzz.py tests/cli/test_cli_validate_fuzz.py
