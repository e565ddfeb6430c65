# Only Python 3.11+ and make are assumed. Everything else comes from requirements.lock (pinned, with hashes) into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
ARGS ?=
MORE_BENCHES := "bench/outbound.py --api sinch_conversation" "bench/inbound.py --callbacks 20000" \
	"bench/inbound.py --rate 3300 --sends 1000"

.PHONY: help setup demo test check format bench chaos lock clean

help: ## What you can do here
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

setup: $(READY) ## Make the virtual environment (done by the others when needed)

$(READY): requirements.lock pyproject.toml
	@command -v $(PYTHON) > /dev/null \
		|| { echo "There is no $(PYTHON) on this machine. Parley needs Python 3.11 or newer. Say: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Parley needs Python 3.11 or newer; $(PYTHON) is older. Say: make PYTHON=python3.12"; exit 1; }
	@echo "Setting up $(VENV) (a few minutes the first time) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(READY)

demo: $(READY) ## Play a shop and its customer on a local Sinch, then keep serving (ARGS=--exit: stop after the loop)
	@$(BIN)/parley demo $(ARGS)

test: check ## Check style, types and import directions, then run all tests, two at a time
	@$(BIN)/pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder $(ARGS)

check: $(READY) ## Style, types, import directions
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

format: $(READY) ## Put the code in its usual shape
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: $(READY) ## Measure the promised figures (bench/)
	@for bench in bench/[a-z]*.py $(MORE_BENCHES); do echo "== $$bench"; $(BIN)/python $$bench || exit 1; done

chaos: $(READY) ## Kill everything at random while 100,000 messages leave, by both APIs (ARGS="--messages 2000 --kills 20")
	@for api in sinch_conversation sinch_legacy; do echo "== $$api"; $(BIN)/python -m chaos --api $$api $(ARGS) || exit 1; done
	@echo "== a minute without a database"; $(BIN)/python bench/outage.py --seconds 60 --rate 500

lock: $(READY) ## Pin what pyproject.toml allows, with hashes and without addresses
	@$(BIN)/uv pip compile pyproject.toml --quiet --extra dev --universal --generate-hashes \
		--no-emit-index-url --no-emit-find-links --no-header --upgrade -o requirements.lock

clean: ## Remove the virtual environment and caches
	@rm -rf $(VENV) .cache .mypy_cache .ruff_cache .pytest_cache
