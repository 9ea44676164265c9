# One command each; `make` alone explains them. Everything lives in .venv, which the first target that needs it sets up.

VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
JOBS ?= $(shell nproc 2>/dev/null || echo 2)
ARGS ?=

# The first Python >= 3.11 that can make a virtual environment; PYTHON=... chooses another one.
PYTHON ?= $(shell for p in python3.11 python3.12 python3 python3.13 python; do \
	$$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo $$p && break; done)

.DEFAULT_GOAL := help
.PHONY: help setup demo test check format notebooks proof pins clean

help: ## show this list
	@echo "gan_zoo: make <target>   (the first one run sets up $(VENV): about 6 GB, one to five minutes)"
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "Options: ARGS='...' is handed on (make demo ARGS='trainer.max_steps=100', make test ARGS='-k pool'), JOBS=n, PYTHON=python3.12"

setup: $(STAMP) ## make the virtual environment in .venv and install the zoo and its tools with pinned versions

$(STAMP): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "gan_zoo needs Python 3.11 or newer with the venv module; install it, or say make PYTHON=/path/to/python" >&2; exit 1; }
	@test -x $(BIN)/python || { echo "Setting up $(VENV) with $(PYTHON)"; $(PYTHON) -m venv $(VENV); }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

demo: $(STAMP) ## train the default model on the photos that ship with the zoo: under four minutes of training, on a GPU if there is one
	$(BIN)/python train.py $(ARGS)

test: $(STAMP) ## run every test
	$(BIN)/python -m pytest -n $(JOBS) $(ARGS)

check: $(STAMP) ## lint, format, types, and the test that imports point down the floors
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/test_architecture.py

format: $(STAMP) ## put the code into the house's format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

notebooks: $(STAMP) ## run every notebook from top to bottom, leaving the stored ones untouched
	$(BIN)/python notebooks/run.py

proof: $(STAMP) ## train every model where the truth is known and write docs/proof.md: an hour or two on two CPU cores
	$(BIN)/gan-zoo proof $(ARGS)

pins: $(STAMP) ## rewrite constraints.txt from what is installed in .venv
	$(BIN)/python -m pip freeze --disable-pip-version-check --exclude-editable --exclude gan-zoo --all \
		| grep -E '^[A-Za-z0-9_.-]+==' | grep -viE '^pip==' | sort -f > $(VENV)/pins.txt
	@{ sed -n '/^#/p' constraints.txt; cat $(VENV)/pins.txt; } > $(VENV)/constraints.txt && mv $(VENV)/constraints.txt constraints.txt

clean: ## remove .venv and all caches; runs, data sets and checkpoints stay
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
