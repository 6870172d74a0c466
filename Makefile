# Everything runs in a virtual environment inside the checkout, from pinned packages.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SHARED ?= ../shared

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint fmt docs lock bench parity integration interop smoke-online wheel clean

help: ## list these targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

setup: $(VENV)/.ready ## make the virtual environment from requirements.lock

$(VENV)/.ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("assaymark needs Python 3.11 or newer, this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
	  echo "python3 lacks venv; install it and run make again:"; echo "    sudo apt-get install -y python3-venv"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: setup ## scan, record, sign, attach, verify and tamper, end to end on an image made here
	@$(BIN)/python scripts/demo.py

test: setup lint ## lint, types, import contracts and all tests that need nothing but this machine
	$(BIN)/python -m pytest -n 2 --dist worksteal

lint: setup ## format, lint, types, import contracts, file lengths
	$(BIN)/ruff format --check src tests scripts
	$(BIN)/ruff check src tests scripts
	$(BIN)/python scripts/check_lengths.py
	$(BIN)/python scripts/make_docs.py --check
	$(BIN)/mypy
	$(BIN)/lint-imports

fmt: setup ## format the code
	$(BIN)/ruff format src tests scripts
	$(BIN)/ruff check --fix src tests scripts

docs: setup ## write the generated tables of docs/
	$(BIN)/python scripts/make_docs.py

lock: setup ## resolve the dependencies again (needs pip-tools in the environment)
	$(BIN)/python -m piptools compile --quiet --generate-hashes --extra dev --strip-extras --allow-unsafe \
	  --no-emit-index-url --no-emit-find-links --no-emit-trusted-host -o requirements.lock pyproject.toml

bench: setup ## whole processes in pairs against trivy and cosign where they are on PATH
	@$(BIN)/python scripts/bench.py $(BENCH)

parity: setup ## the recorded cases that this version covers, where $(SHARED) holds them
	@$(BIN)/python scripts/parity.py --shared $(SHARED)

integration: setup ## tests against real parts found on the machine; says what it skipped
	$(BIN)/python -m pytest tests/integration -m integration -rs

interop: setup ## measure who verifies whose attestations and write docs/interoperability.md
	$(BIN)/python -m pytest tests/integration/test_interop_matrix.py -m integration -rs --write-interoperability

smoke-online: setup ## the tutorial's commands against public services, where there is a network
	@$(BIN)/python scripts/smoke_online.py

wheel: setup ## build the wheel into dist/
	$(BIN)/python -m build --wheel --no-isolation --outdir dist .

clean: ## remove the environment and everything built
	rm -rf $(VENV) dist build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis demo-out
