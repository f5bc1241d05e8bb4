# Each target makes what it needs: a .venv in the checkout with pinned, hash-checked dependencies, nothing outside.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip --disable-pip-version-check --quiet
ARGS ?=

.PHONY: help demo init run test check audit format bench faults standbys soak rows abuse fuzz trials servers datasets docs picture screens lock clean

help:  ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 10

$(VENV)/pyvenv.cfg:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Polar needs Python 3.11 or newer; name it like this: make PYTHON=python3.12 …")'
	$(PYTHON) -m venv $(VENV)

# The command `.venv/bin/polar` runs this checkout from any folder.
$(BIN)/polar: | $(VENV)/pyvenv.cfg
	@$(BIN)/python -c 'import pathlib, site; pathlib.Path(site.getsitepackages()[0], "polar.pth").write_text("$(CURDIR)\n")'
	@printf '#!/bin/sh\nexec "%s" -P -m bot "$$@"\n' "$(CURDIR)/$(BIN)/python" > $@
	@chmod +x $@

# A lock is complete, so nothing is resolved: a release of tomorrow changes nothing. `pip check` says where it is not.
INSTALL := $(PIP) install --no-deps --require-hashes --requirement

$(VENV)/run.stamp: requirements/run.txt | $(BIN)/polar
	$(INSTALL) $<
	$(PIP) check
	@touch $@

$(VENV)/dev.stamp: requirements/dev.txt | $(BIN)/polar
	$(INSTALL) $<
	$(PIP) check
	@touch $@ $(VENV)/run.stamp

demo: $(VENV)/run.stamp  ## a scripted minute against an embedded Telegram: no token, no network
	$(BIN)/python -m bot demo $(ARGS)

init: $(VENV)/run.stamp  ## what a bot needs: asks for its token, checks it, writes .env
	$(BIN)/python -m bot init $(ARGS)

run: $(VENV)/run.stamp  ## the bot, with the token in .env
	$(BIN)/python -m bot run $(ARGS)

test: $(VENV)/dev.stamp  ## the whole test suite; ARGS="-m 'not slow'" leaves out what takes long
	$(BIN)/python -m pytest $(ARGS)

check: $(VENV)/dev.stamp  ## formatting, lint, types, import rules, keys that must not be published
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m tests.secret_scan

# It needs a registry, and its own needs are none of ours: so it has a lock and an environment of its own.
AUDIT := .venv-audit
$(AUDIT)/ready.stamp: requirements/audit/pip-audit.txt | $(VENV)/pyvenv.cfg
	$(BIN)/python -m venv --clear $(AUDIT)
	$(AUDIT)/bin/pip --disable-pip-version-check --quiet install --no-deps --require-hashes --requirement $<
	@touch $@

# Strict: what the registry knows nothing of is a failure, not a line that nobody reads.
audit: $(AUDIT)/ready.stamp  ## known vulnerabilities of what is locked; asks PyPI
	$(AUDIT)/bin/pip-audit --strict --disable-pip --require-hashes --progress-spinner off $(ARGS) \
	  --requirement requirements/run.txt --requirement requirements/dev.txt

format: $(VENV)/dev.stamp  ## format and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# What they need contradicts our own lock.
PEERS := .venv-peers
$(PEERS)/peers.stamp: requirements/peers.txt | $(VENV)/pyvenv.cfg
	$(BIN)/python -m venv --clear $(PEERS)
	$(PEERS)/bin/pip --disable-pip-version-check --quiet install --no-deps --require-hashes --requirement $<
	$(PEERS)/bin/pip --disable-pip-version-check --quiet check
	@touch $@

bench: $(VENV)/run.stamp $(PEERS)/peers.stamp  ## speed beside other bots, for docs/reference/performance.md; ARGS=--all for all of it
	$(BIN)/python -m benchmarks $(ARGS)

faults: $(VENV)/dev.stamp  ## random faults on the real bot, then what must hold; ARGS="--minutes 30 --seed 1 --only kills"
	$(BIN)/python -m tests.campaigns.faults $(ARGS)

standbys: $(VENV)/dev.stamp  ## two bots on one PostgreSQL, faults, then what must hold; ARGS="--rounds 100 --seed 1"
	$(BIN)/python -m tests.campaigns.standbys $(ARGS)

soak: $(VENV)/dev.stamp  ## 200,000 updates in a row, a day for each 10,000: what stays flat, what grows
	$(BIN)/python -m tests.campaigns.soak $(ARGS)

rows: $(VENV)/dev.stamp  ## the same updates in bursts, one by one and with nothing in memory: the same rows? ARGS="--seed 1"
	$(BIN)/python -m tests.campaigns.rows $(ARGS)

abuse: $(VENV)/dev.stamp  ## a few who try everything beside twenty honest people, who must not notice; ARGS="--minutes 4"
	$(BIN)/python -m tests.campaigns.abuse $(ARGS)

fuzz: $(VENV)/dev.stamp  ## a million inputs that were right once, for whatever reads what others send; ARGS="--seed 1 --jobs 2"
	$(BIN)/python -m tests.campaigns.fuzz $(ARGS)

trials: $(VENV)/dev.stamp  ## 2,000 experiments without a difference: how often one is seen all the same; ARGS="--seed 1"
	$(BIN)/python -m tests.campaigns.trials $(ARGS)

docs: $(VENV)/dev.stamp  ## make the reference pages, .env.example and what a model is told anew from the code
	$(BIN)/python -m bot.reference
	$(BIN)/python -m tests.docs.conversation

picture: $(VENV)/run.stamp  ## make docs/demo.svg anew: what the demo shows
	$(BIN)/python -m bot demo --exit --picture docs/demo.svg

screens: $(VENV)/dev.stamp  ## make the pictures in docs/screens anew; needs Chromium
	$(BIN)/python -m tests.web.browser.screens docs/screens
	$(BIN)/python -m tests.emulator.picture docs/screens/chat.png

# Other people's endpoints, each in an environment of its own: tests/servers/ speaks with those that are there.
SERVERS := .venv-servers
$(SERVERS)/%/ready.stamp: requirements/servers/%.txt | $(VENV)/pyvenv.cfg
	$(BIN)/python -m venv --clear $(SERVERS)/$*
	$(SERVERS)/$*/bin/pip --disable-pip-version-check --quiet install --no-deps --require-hashes --requirement $<
	@touch $@

$(SERVERS)/aimock/ready.stamp: requirements/servers/aimock/package-lock.json
	rm -rf $(SERVERS)/aimock && mkdir -p $(SERVERS)/aimock
	cp requirements/servers/aimock/package.json $< $(SERVERS)/aimock
	npm --prefix $(SERVERS)/aimock ci --omit=peer --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

servers: $(SERVERS)/litellm/ready.stamp $(SERVERS)/llmock/ready.stamp  ## endpoints of others that the model is tried with, for tests/servers
servers: $(SERVERS)/mockllm/ready.stamp $(SERVERS)/aimock/ready.stamp

# What reads the files of `polar feedback dataset`, in an environment of its own: without what would train, so that
# `pip check` has something to say of it.
DATASETS := .venv-datasets
PROMPTFOO := 0.121.20
$(DATASETS)/ready.stamp: requirements/datasets.txt | $(VENV)/pyvenv.cfg
	$(BIN)/python -m venv --clear $(DATASETS)
	$(DATASETS)/bin/pip --disable-pip-version-check --quiet install --no-deps --require-hashes --requirement $<
	@touch $@

datasets: $(DATASETS)/ready.stamp $(VENV)/dev.stamp  ## files of rated answers, read by datasets, TRL and promptfoo, which it gets
	PROMPTFOO=$(PROMPTFOO) $(BIN)/python -m pytest -n0 -rs tests/datasets $(ARGS)

COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-strip-extras \
  --no-header --no-annotate

lock: $(VENV)/dev.stamp  ## resolve the pins of pyproject.toml to hashes, for every Python and Unix at once
	$(COMPILE) --output-file requirements/run.txt $(ARGS) pyproject.toml
	$(COMPILE) --extra dev --output-file requirements/dev.txt $(ARGS) pyproject.toml
	$(COMPILE) --output-file requirements/peers.txt $(ARGS) requirements/peers.in
	$(COMPILE) --excludes requirements/datasets.excludes --output-file requirements/datasets.txt $(ARGS) requirements/datasets.in
	for server in litellm llmock mockllm; do \
	  $(COMPILE) --output-file requirements/servers/$$server.txt $(ARGS) requirements/servers/$$server.in; done
	$(COMPILE) --output-file requirements/audit/pip-audit.txt $(ARGS) requirements/audit/pip-audit.in
	cd requirements/servers/aimock && npm install --package-lock-only --omit-lockfile-registry-resolved

clean:  ## remove what the other targets made
	rm -rf $(VENV) $(PEERS) $(SERVERS) $(AUDIT) $(DATASETS) .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist polar.egg-info
