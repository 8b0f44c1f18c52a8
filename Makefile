# Everything a person does with this tree. `make help` tells the words.
# A fresh Debian needs python3 (3.11 or newer), git and make; the rest is fetched here, once.
# A stamp file marks each finished step, so a second run costs nothing.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$p" -c 'import sys; raise SystemExit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$p"; break; }; done)

# uv keeps what it fetched in the home folder; a machine without one gets the environment's own folder.
ifeq ($(strip $(HOME)),)
export UV_CACHE_DIR := $(CURDIR)/$(VENV)/cache
export PIP_CACHE_DIR := $(CURDIR)/$(VENV)/cache
endif
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export UV_NO_PROGRESS := 1

.PHONY: help setup system test check lock run demo bench pictures secrecy

help: ## these words
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1|\2/p' Makefile | column -t -s '|' 2>/dev/null \
		|| sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1: \2/p' Makefile

setup: $(VENV)/.ready ## Greenroom and everything it is built on, in .venv

demo: setup ## the whole line on this machine, no account needed: a page of phones at 127.0.0.1:8080
	@$(BIN)/greenroom rehearse

run: setup ## serve the line that config.toml describes (make one with: .venv/bin/greenroom init)
	@$(BIN)/greenroom run

# Half of a test's time is waiting, so there is one worker more than cores; past eight they only cost memory. Each has
# its own PostgreSQL server, nurseries and browser. Whoever has done his share takes from the others'.
WORKERS ?= $(shell n=$$(nproc 2>/dev/null || echo 2); echo $$((n < 7 ? n + 1 : 8)))

test: setup system ## every test, on SQLite and on PostgreSQL
	@$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

check: setup ## style, types and floors
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/python -m pytest tests/test_floors.py

bench: setup system ## messages a second, and what one costs, against a plain pipeline of 100 lines
	@$(BIN)/python -m bench

secrecy: setup system ## what somebody might try who wants to know, how often, and how much got through: a table
	@$(BIN)/python -m tests.secrecy

pictures: setup system ## the README's pictures, taken anew
	@$(BIN)/python -m tests.page.pictures

lock: setup ## pin everything anew, with hashes
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --extra dev --generate-hashes \
		--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
		--output-file requirements.lock pyproject.toml
	@echo "requirements.lock is fresh; the next make installs it."

# -- the steps -------------------------------------------------------------------------------------

$(VENV)/.uv:
	@[ -n "$(PYTHON)" ] || { echo "Greenroom needs Python 3.11 or newer (apt-get install python3)." >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || $(call install,python3-venv,Python's venv)
	@echo "Setting up $(VENV) with $$($(PYTHON) --version)…"
	@$(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip install --quiet 'uv>=0.9,<1'
	@touch $@

# The lock first, checked hash by hash; then Greenroom itself, built with what the lock brought.
$(VENV)/.ready: $(VENV)/.uv requirements.lock pyproject.toml
	@echo "Installing what requirements.lock names…"
	@VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/uv pip install --quiet --require-hashes -r requirements.lock
	@VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/uv pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

# The tests start their own PostgreSQL server in a temporary folder, look at the page in a real browser, and at the
# calendars in a real calendar program: the programs must be there, nothing else. Without the emoji font the marks on the pictures would be empty boxes.
system:
	@[ -x /usr/bin/chromium ] || $(call install,chromium,a browser: the tests look at the page of phones)
	@[ -e /usr/share/fonts/truetype/noto/NotoColorEmoji.ttf ] || $(call install,fonts-noto-color-emoji,a font)
	@[ -x /usr/bin/khal ] || $(call install,khal,a calendar program: the tests read the calendars with it)
	@compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || command -v initdb >/dev/null \
		|| $(call install,postgresql,PostgreSQL's programs: the tests start a server of their own)

# $(call install,PACKAGE,WHAT IT IS): says what is missing; installs it when it may.
define install
{ echo "Missing: $(2) (Debian package $(1))."; \
if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	echo "Installing $(1)…"; export DEBIAN_FRONTEND=noninteractive; \
	apt-get update -qq && apt-get install -y -qq --no-install-recommends $(1) >/dev/null; \
else echo "Please run: sudo apt-get install $(1)  - and then make again." >&2; exit 1; fi; }
endef
