# `make demo` and `make test` set up everything they need.
.DEFAULT_GOAL := help
PYTHON ?= python3
CACHE := .cache
DEMO := $(CACHE)/demo-venv
VENV := .venv
BIN := $(VENV)/bin
# Another PYTHON makes the environments anew.
READY := done-python$(shell "$(PYTHON)" -c 'import platform; print(platform.python_version())' 2>/dev/null)
EXAMPLE := examples/svsm/calendar.toml
# Disk access dominates the tests' time: their files are in memory if there is enough of it.
MEMORY := $(shell [ -w /dev/shm ] && [ "$$(df -Pk /dev/shm | awk 'END { print $$4 }')" -gt 2000000 ] && echo TMPDIR=/dev/shm)
# The tests of `make check`: without servers and other programs, on every Python.
QUICK := -m "not soak and not slow" $(addprefix tests/,app cli config core docs ical itip minutes render store)
DEMO_NOW := 2025-03-05T17:00Z
# For example: make mutants MUTANTS="-n 50 --rooms core"; tests/mutants/run.py --help lists the options.
MUTANTS ?= -n 300 --seed 1

.PHONY: help demo check test lint types quick bench soak mutants readers format lock clean

help: ## List the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

demo: $(DEMO)/$(READY) ## Set up, build the example's site, and show its next calls, shifts and deadlines
	@echo "The example on $(DEMO_NOW): the Wednesday before the US changes its clocks, three weeks ahead of Europe."
	@set -e; for command in "next --tz America/New_York" "when 2025-03-12" "shifts --until 2025-12-31" "deadlines --within 8w" \
	    "build demo-site"; do \
	    echo; echo "\$$ svsm-cal -c $(EXAMPLE) --now $(DEMO_NOW) $$command"; \
	    $(DEMO)/bin/svsm-cal -c $(EXAMPLE) --now $(DEMO_NOW) $$command; \
	done
	@echo; echo "Open demo-site/index.html in a browser; import demo-site/calendar.ics into a calendar program."

check: $(VENV)/$(READY) ## Set up, then check style and types and run the quick tests: a minute
	@$(MAKE) --no-print-directory --jobs lint types quick

test: lint types readers ## Set up, then run all checks and tests, and the quick tests on the other Pythons
	$(MEMORY) $(BIN)/python -m pytest -m "not soak" -n 3 --dist loadfile
	$(MEMORY) $(BIN)/python tests/pythons.py $(CACHE) $(QUICK)

lint: $(VENV)/$(READY) ## Check style and the layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache

types: $(VENV)/$(READY)
	$(BIN)/mypy

quick: $(VENV)/$(READY)
	$(MEMORY) $(BIN)/python -m pytest -q -n 2 --dist worksteal $(QUICK)

bench: readers ## Measure against other programs, side by side
	sh tests/bench/setup.sh "$(PYTHON)" $(CACHE)
	$(BIN)/python tests/bench/run.py

soak: readers ## Run the long tests
	sh tests/tzdata/setup.sh $(BIN)/python $(CACHE) all
	$(MEMORY) $(BIN)/python -m pytest -m soak --hypothesis-profile=soak --timeout=7200

mutants: readers ## Change the program a little, 300 times over, and see whether the tests notice
	$(MEMORY) $(BIN)/python tests/mutants/run.py $(MUTANTS)

format: $(VENV)/$(READY) ## Format the code
	$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

lock: $(VENV)/$(READY) ## Resolve and pin all dependencies again (needs uv)
	sh tests/lock.sh

readers: $(VENV)/$(READY)
	sh tests/readers/setup.sh "$(PYTHON)" $(CACHE)
	sh tests/apart.sh "$(PYTHON)" $(CACHE)/sync tests/sync/requirements.lock "the clients (Radicale, vdirsyncer)"
	sh tests/apart.sh "$(PYTHON)" $(CACHE)/chat tests/chat/requirements.lock "the Matrix server (Synapse)"
	sh tests/apart.sh "$(PYTHON)" $(CACHE)/web tests/web/requirements.lock "schemathesis and an S3 server (SeaweedFS)"
	sh tests/servers/setup.sh $(CACHE)
	sh tests/site/setup.sh $(CACHE)
	sh tests/itip/setup.sh $(CACHE)
	sh tests/tzdata/setup.sh $(BIN)/python $(CACHE) 2020.1 2022.5 2022.6 2022.7 2024.2

clean: ## Remove all generated files
	rm -rf $(VENV) $(CACHE) demo-site

# An environment with the runtime dependencies only.
$(DEMO)/$(READY): requirements.lock pyproject.toml
	@sh tests/environment.sh "$(PYTHON)" $(DEMO) requirements.lock
	@touch $@

$(VENV)/$(READY): tests/requirements.lock pyproject.toml
	@sh tests/environment.sh "$(PYTHON)" $(VENV) tests/requirements.lock
	@touch $@
