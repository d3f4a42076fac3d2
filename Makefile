# make run    set up, then run the main job          make test   set up, then lint, types and tests
# make bench  print measured ratios beside goals     make clean  remove what make made
# make docs   run the tutorials and every code block of README and docs/
# make rtl    exported networks in simulators and synthesis, minutes
# make test-photonic  optical netlists and layouts in sax and gdsfactory, in .venv-photonic (1.2 GB)
# make test-slow  full enumerations, statistics over seeds (pictures in build/statistics)
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PHOTONIC := .venv-photonic

.PHONY: run test docs rtl test-slow test-photonic lint type unit bench clean help
.DEFAULT_GOAL := help

help:
	@sed -n '1,6s/^# //p' Makefile

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "hwsim needs Python 3.11 or newer; name one with make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check -q -c constraints.txt -e ".[dev]"
	@touch $(READY)

$(PHOTONIC)/.ready: pyproject.toml constraints-photonic.txt
	$(PYTHON) -m venv $(PHOTONIC)
	$(PHOTONIC)/bin/python -m pip install --disable-pip-version-check -q -c constraints-photonic.txt -e ".[photonic]" \
	  hypothesis pytest
	@touch $(PHOTONIC)/.ready

run: $(READY)
	$(BIN)/hwsim run scenarios/digits-fpga-laperm.toml

test: lint type unit

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

type: $(READY)
	$(BIN)/mypy

unit: $(READY)
	$(BIN)/python -m pytest -n 2 --dist worksteal

docs: $(READY)
	$(BIN)/python -m pytest -m docs -n 2 --dist worksteal

rtl: $(READY)
	$(BIN)/python -m pytest -m rtl -n 2 --dist worksteal

test-slow: $(READY)
	$(BIN)/python -m pytest -m slow -n 2 --dist worksteal

test-photonic: $(PHOTONIC)/.ready
	$(PHOTONIC)/bin/python -m pytest -m photonic tests/export/photonic

bench: $(READY)
	$(BIN)/python tests/bench/bench.py
	$(BIN)/python tests/bench/inference.py --threads 1
	$(BIN)/python tests/bench/inference.py --threads 2
	$(BIN)/python -m tests.bench.network
	$(BIN)/python -m tests.bench.exports
	$(BIN)/python -m tests.bench.timeline
	$(BIN)/python -m tests.bench.requests

clean:
	rm -rf $(VENV) $(PHOTONIC) .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist
