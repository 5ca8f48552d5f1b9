# The centre's commands. A target's comment after ## is its line in `make help`.

SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(shell command -v uv 2>/dev/null)
COMPILE = $(UV) pip compile pyproject.toml --generate-hashes --no-emit-index-url --no-annotate --universal \
	--python-version 3.11 --custom-compile-command "make lock" --quiet

# Everything is pinned with hashes, so that resolving is needless; the three ways give the same result.
ifneq ($(UV),)
install = $(UV) pip install --quiet --python $(BIN)/python --no-deps --require-hashes -r $(1)
else
install = if $(BIN)/python -m pip --version >/dev/null 2>&1; \
	then $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --no-deps --require-hashes -r $(1); \
	else $(PYTHON) -m pip --python $(BIN)/python install --quiet --disable-pip-version-check --no-compile --no-deps --require-hashes -r $(1); fi
endif

.PHONY: help run test check bench prove prove-webhooks prove-routing prove-numbers prove-callers prove-heard prove-promises prove-api format lock
.DEFAULT_GOAL := help

help: ## Say what can be made
	@sed -n 's/^\([a-z][a-z-]*\):.*## \(.*\)/\1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "  make %-8s %s\n", $$1, $$2}'

run: $(VENV)/.run ## Run a whole centre with simulated telephones; no account needed, nobody is dialled
	@$(BIN)/callcenter demo

test: $(VENV)/.dev ## Run the whole test suite, with a PostgreSQL and a Valkey of its own
	@$(BIN)/python -m pytest -q -n auto $(ARGS)

check: $(VENV)/.dev ## Lint, types, floors and house rules
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python -m pytest -q tests/house

bench: $(VENV)/.dev ## Measure, each figure beside the one it is compared with
	@$(BIN)/python -m tests.bench $(ARGS)

prove-api: $(VENV)/.dev
	@$(BIN)/python -m pytest -q -n auto tests/web/api/test_contract.py --hypothesis-profile=thorough $(ARGS)

PROOFS := prove-webhooks prove-routing prove-numbers prove-callers prove-heard prove-promises

prove: $(PROOFS) prove-api ## Put every promise of docs/proofs.md to the test, full size

$(PROOFS): prove-%: $(VENV)/.dev
	@$(BIN)/python -m tests.prove $* $(ARGS)

format: $(VENV)/.dev ## Put the code into its one shape
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

lock: ## Pin the requirements anew (needs uv)
	@test -n "$(UV)" || { echo "make lock needs uv." >&2; exit 1; }
	@$(COMPILE) --extra dev -o requirements-dev.txt
	@$(COMPILE) -c requirements-dev.txt -o requirements.txt

# The environment: Python, then what the lock names, then a path file that leads to this folder. Nothing is built.
$(BIN)/python:
	@command -v $(PYTHON) >/dev/null 2>&1 || { echo "$(PYTHON) was not found; name yours: make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Python 3.11 or newer is needed, $(PYTHON) is $$($(PYTHON) -V 2>&1); name another: make PYTHON=python3.12 ..." >&2; exit 1; }
	@echo "Making $(VENV) ..."
ifneq ($(UV),)
	@$(UV) venv --quiet --python "$$(command -v $(PYTHON))" $(VENV)
else
	@$(PYTHON) -m venv $(VENV) >/dev/null 2>&1 || $(PYTHON) -m venv --clear --without-pip $(VENV)
endif

$(VENV)/.run: requirements.txt | $(BIN)/python
	@echo "Installing what requirements.txt names ..."
	@$(call install,requirements.txt)
	@$(BIN)/python -c 'import pathlib, sys, sysconfig; \
	  pathlib.Path(sysconfig.get_path("purelib"), "callcenter.pth").write_text(sys.argv[1] + "\n"); \
	  command = pathlib.Path("$(BIN)/callcenter"); \
	  command.write_text(f"#!{sys.argv[1]}/$(BIN)/python\nfrom callcenter.cli import main\n\nmain()\n"); \
	  command.chmod(0o755)' "$(CURDIR)"
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.run
	@echo "Installing what requirements-dev.txt names ..."
	@$(call install,requirements-dev.txt)
	@touch $@
