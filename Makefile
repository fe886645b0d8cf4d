# anling: `make demo` and `make test` are all that a fresh machine needs; `make help` lists the rest.
# Setting up is the work of ./demo, which does nothing when nothing changed.

.DEFAULT_GOAL := help
.PHONY: help demo test check drill bench serve install lock advisories sbom clean

BIN := .venv/bin
ARGS ?=
LOGS ?=
# How many tests at once: one more than there are processors, because those that play whole days mostly wait.
JOBS ?= $(shell n=$$(getconf _NPROCESSORS_ONLN) && echo $$((n + 1)) || echo auto)
UV ?= uv
UPGRADE ?= --upgrade
AUDIT ?= $(UV) tool run pip-audit
LOCK_OPTIONS := --no-config --universal --python-version 3.11 --only-binary :all: --generate-hashes \
                --no-emit-index-url --no-header --no-annotate -q

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 16

demo: ## a fictional district with a pretend radio gateway, on this machine only
	@sh ./demo $(ARGS)

test: ## the whole test suite; names what it left out and why (ANLING_TEST_ALL=1: leaving out is failing)
	@sh ./demo --set-up test
	@$(BIN)/python -m pytest -n $(JOBS) --dist worksteal -q $(ARGS)

check: ## format, lint, types, import contracts, lock guard
	@sh ./demo --set-up test
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python -m pytest -n $(JOBS) -q tests/architecture

drill: ## the long fault drills
	@sh ./demo --set-up test
	@$(BIN)/python -m pytest -m drill -q $(ARGS)

bench: ## the figures, as ratios against a floor measured in the same run
	@sh ./demo --set-up test
	@$(BIN)/python -m tests.bench $(ARGS)

serve: ## the service itself; settings in ANLING_CONFIG=FILE, further arguments in ARGS=
	@sh ./demo --set-up run
	@$(BIN)/anling serve $(ARGS)

install: ## user, folders, systemd units and udev rules on this machine, as root; LOGS=https://HOST:PORT sends the log there
	@sh ./demo --set-up run
	@LOGS='$(LOGS)' sh config/systemd/install.sh

lock: ## resolve pyproject.toml anew into both locks, with the newest of everything; UPGRADE= keeps what is there
	@head=$$(if [ -n "$(UPGRADE)" ]; then date -u '+# resolved %F'; else sed -n '/^# resolved/p' requirements.lock; fi) && \
	$(UV) pip compile pyproject.toml $(UPGRADE) $(LOCK_OPTIONS) -o requirements.lock && \
	$(UV) pip compile pyproject.toml --extra dev -c requirements.lock $(UPGRADE) $(LOCK_OPTIONS) -o requirements-dev.lock && \
	{ printf '%s\n' "$$head"; cat requirements.lock; } >requirements.lock.new && mv requirements.lock.new requirements.lock

advisories: ## known holes in the parts of this release, by pip-audit (needs uv, and a network; sends names and versions)
	@$(AUDIT) --require-hashes --disable-pip -r requirements.lock

sbom: ## the list of parts of this release, CycloneDX, from the lock
	@$(BIN)/python -m config.sbom > sbom.json && echo sbom.json

clean: ## take away what was made here: environment, caches, the demo's data; never var/
	@rm -rf .venv .peers .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage build dist *.egg-info demo-data
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
