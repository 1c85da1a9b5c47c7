# Everything stands on `setup`, which redoes its work only when the locked requirements change.
# The newest Python that runs: a shim of pyenv may exist and only print an error.
NAMES = python3.14 python3.13 python3.12 python3.11 python3 python
PYTHON ?= $(shell for name in $(NAMES); do \
	$$name -c 'import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' \
	>/dev/null 2>&1 && echo $$name && break; done)
BIN := .venv/bin/python -m
STAMP := .venv/.requirements
LOCK := env UV_CUSTOM_COMPILE_COMMAND="make lock" ../$(BIN) uv pip compile --quiet \
	--universal --python-version 3.11 --generate-hashes --no-emit-index-url
PACKAGES = accounts affiliates api background brand_admin config core edge integrations notices notifications offers payouts portal tracking webhooks
# Without tests, whose secrets are made up, and without package hashes, pictures, translations, migrations.
MAY_HOLD_SECRETS = . ':!tests' ':!static' ':!locale' ':!requirements/*.txt' ':!*/migrations/*'
TEMPLATES = $(shell find templates -name '*.html')

# All tests run in one process more than there are cores, as some tests mostly wait, or in PROCESSES.
# A few tests run in one, as starting more would take longer than the tests.
PROCESSES = $(shell echo $$(( $$(getconf _NPROCESSORS_ONLN) + 1 )))
WORKERS = $(if $(filter tests% -k%,$(ARGS)),-n 0,-n $(PROCESSES) --dist worksteal)

# Cache compiled modules even if the environment turns that off.
unexport PYTHONDONTWRITEBYTECODE
.DEFAULT_GOAL := help
.PHONY: help setup run dev test pythons check types others format browser screens messages bench soak drill lock audit

help: ## Show this
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(firstword $(MAKEFILE_LIST))

setup: $(STAMP) ## Make .venv from the locked requirements (done by the others as needed)

$(STAMP): requirements/development.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12, 3.13 or 3.14 is needed: none is on the PATH."; exit 1; }
	@test -x .venv/bin/pip || { echo "Making .venv ..."; $(PYTHON) -m venv --clear .venv; }
	@echo "Installing the locked requirements ..."
	@$(BIN) pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

run: $(STAMP) ## Start everything on this machine and print the addresses to open
	@exec $(BIN) config.local.run

dev: $(STAMP) ## The same, started again whenever the code changes, with pages that explain errors
	@exec $(BIN) config.local.run --dev

test: $(STAMP) ## Run all tests, or those that ARGS="tests/core -k money" names
	@exec $(BIN) pytest -q -rs $(WORKERS) $(ARGS)

pythons: $(STAMP) ## Run the tests of core and offers on every other Python from 3.11 to 3.14 that is here
	@exec $(BIN) config.local.pythons

check: $(STAMP) ## Lint, security, types, package layers, templates, translations, migrations, deployment settings
	@$(MAKE) --no-print-directory --jobs 2 types others

# To check types takes one core as long as everything else.
types:
	@$(BIN) config.local.throwaway -m mypy --no-error-summary .

others:
	@$(BIN) ruff check --quiet .
	@$(BIN) ruff format --check --quiet .
	@$(BIN) bandit --quiet --configfile pyproject.toml --recursive $(PACKAGES)
	@git ls-files -z -- $(MAY_HOLD_SECRETS) | xargs -0 -P 2 -n 120 .venv/bin/detect-secrets-hook --no-verify
	@.venv/bin/python .venv/bin/lint-imports --no-logo
	@.venv/bin/djade --check --target-version 5.2 $(TEMPLATES)
	@$(BIN) config.local.messages check
	@.venv/bin/python manage.py makemigrations --check --dry-run
	@$(BIN) config.local.throwaway manage.py check --deploy --fail-level WARNING

format: $(STAMP) ## Put code and templates into the shape that check asks for
	@$(BIN) ruff check --quiet --fix .
	@$(BIN) ruff format --quiet .
	@.venv/bin/djade --target-version 5.2 $(TEMPLATES)

browser: $(STAMP) ## Install the Chromium of Playwright, where the system has none
	@exec $(BIN) playwright install chromium

screens: $(STAMP) ## Draw every page, phone and desktop, light and dark, full and empty, into .local/screens
	@exec $(BIN) pytest -q -n 2 tests/journeys/screens.py $(ARGS)

messages: $(STAMP) ## Gather the texts to translate into locale/ and compile the catalogues
	@$(BIN) config.local.messages

bench: $(STAMP) ## Measure
	@exec $(BIN) benchmarks

soak: $(STAMP) ## Kill and freeze servers for SOAK_MINUTES (30), also while webhooks fail; shuffle SOAK_EVENTS deliveries, migrate in two ways, call SOAK_CHAINS chains of the API, forge SOAK_FORGED click ids, try much where the tests try little, try the laws of the ledger SOAK_LAWS times
	@exec $(BIN) tests.faults.soak

drill: $(STAMP) ## Dump a live database, restore it on a second server and check the copy
	@exec $(BIN) config.local.drill

lock: $(STAMP) ## Resolve requirements/*.in into hashed requirements/*.txt
	@cd requirements && $(LOCK) production.in -o production.txt
	@cd requirements && $(LOCK) development.in -o development.txt

audit: $(STAMP) ## Look the locked requirements up among known vulnerabilities
	@$(BIN) pip_audit --disable-pip --require-hashes -r requirements/development.txt
