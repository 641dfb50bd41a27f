# What people type. Each target sets up what it needs, so that `make play` is enough on a fresh machine.

# The Python that makes .venv, 3.11 or newer.
PYTHON ?= python3
# Where torch comes from, as in https://download.pytorch.org/whl/cpu; empty: where pip gets everything.
TORCH_INDEX ?=
# How many processes run the tests; 0: this one, for a debugger.
JOBS ?= 2
# More arguments for play, test and bench, as in make test ARGS="-k records".
ARGS ?=

BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
INSTALL := $(PIP) install -c constraints.txt -e

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SILENT:
.PHONY: help setup play run index test test-tools check answers bench clean

help:  ## list these targets
	awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

setup: .venv/ready  ## make .venv with everything in it (PYTHON=, TORCH_INDEX=)

play: index  ## try the bot in the browser, without a token
	$(BIN)/python -m bot playground $(ARGS)

run: index  ## run the bot on Discord; needs DISCORD_TOKEN
	$(BIN)/python -m bot run

index: setup  ## index the documents, where they have changed
	$(BIN)/python -m knowledge index

test: setup test-tools  ## run the tests (JOBS=, ARGS=)
	$(BIN)/python -m pytest -n $(JOBS) $(ARGS)

check: setup  ## lint, formatting, types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

answers: index  ## write docs/answers.md and docs/recommendations.md: what the bot says
	$(BIN)/python -m benchmarks.answers
	$(BIN)/python -m benchmarks.recommendations

bench: index .venv/bench-ready  ## measure beside the stack people would otherwise build
	$(BIN)/python -m benchmarks $(ARGS)

clean:  ## remove .venv and caches; data/ stays
	rm -rf .venv .pytest_cache .hypothesis .mypy_cache .ruff_cache build dist
	find bot knowledge tests benchmarks -name __pycache__ -prune -exec rm -rf {} +

.venv/ready: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Tunewise needs Python 3.11 or newer, which $(PYTHON) is not. Name another: make setup PYTHON=python3.12" >&2; \
		exit 1; }
	echo "Setting up .venv. The first time takes a few minutes."
	$(PYTHON) -m venv .venv
	$(if $(TORCH_INDEX),$(PIP) install --no-deps --index-url $(TORCH_INDEX) $$(grep '^torch==' constraints.txt))
	$(INSTALL) '.[playground,postgres,openai,anthropic,ollama,dev]'
	touch $@

# langchain-huggingface asks for an older huggingface-hub than sentence-transformers 6 does, and works with the newer one.
.venv/bench-ready: .venv/ready
	$(INSTALL) '.[bench]'
	$(PIP) install -c constraints.txt --no-deps langchain-huggingface
	touch $@

# Some tests need a browser or a database server. Where these cannot be installed, the tests skip and say so.
test-tools:
	set --; \
	{ command -v chromium || command -v chromium-browser; } >/dev/null || set -- "$$@" chromium; \
	{ command -v initdb || ls /usr/lib/postgresql/*/bin/initdb; } >/dev/null 2>&1 || set -- "$$@" postgresql; \
	if [ $$# -gt 0 ] && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "Installing $$* for the tests."; \
		{ apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "$$@"; } \
			>/dev/null || echo "$$* cannot be installed here; the tests that need them are skipped."; \
	fi
