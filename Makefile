# Two commands: `make run` and `make test`. Both set up what they need first; a second time that takes no time.

VENV = .venv
BIN = $(VENV)/bin
DEMO_DAY = 2024-11-25
TEST_ARGS = -n auto --dist worksteal

LOCK = $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header

export PIP_DISABLE_PIP_VERSION_CHECK = 1

# An environment knows its folder by name: in a copied or moved checkout it is made anew.
ifneq ($(wildcard $(VENV)/.installed),)
ifneq ($(shell cat $(VENV)/.installed),$(CURDIR))
$(shell rm -rf $(VENV))
endif
endif

.DEFAULT_GOAL = help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help setup setup-dev run test api-fuzz check lint types floors schema messages format lock assets sbom audit clean

help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

run: setup ## Start Duban with the five plans and a demonstration, at http://127.0.0.1:8000
	@exec env DUBAN_TODAY="$${DUBAN_TODAY:-$(DEMO_DAY)}" $(BIN)/duban run --demo

setup: $(VENV)/.installed app/static/vendor/htmx.min.js ## Environment and front-end assets only
	@$(if $(filter setup,$(MAKECMDGOALS)),echo "Set up. Start with: make run",:)

setup-dev: setup $(VENV)/.installed-dev ## The same with everything that tests and checks need

test: setup-dev ## All tests, on SQLite and on PostgreSQL, with a real browser where there is one
	@$(BIN)/python -m tools.ready_for_tests
	@scratch=$$($(BIN)/python -m tools.scratch_folder) && trap 'rm -rf "$$scratch"' EXIT INT TERM \
		&& TMPDIR="$$scratch" $(BIN)/python -m pytest $(TEST_ARGS)

check: lint types floors schema test ## All that CI runs

api-fuzz: setup-dev ## Try the JSON API with many more made-up requests than the tests do
	API_FUZZ_EXAMPLES=$${API_FUZZ_EXAMPLES:-40} API_FUZZ_SEED=$${API_FUZZ_SEED:-$$(date +%s)} \
		$(BIN)/python -m pytest -v tests/routers/api/test_fuzzing.py

lint: setup-dev ## Style of code and templates
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/djlint app/templates --lint --quiet

types: setup-dev ## mypy, strict
	$(BIN)/mypy

floors: setup-dev ## Who may import whom
	$(BIN)/lint-imports

schema: setup-dev ## Do the migrations make the tables that the models describe?
	@scratch=$$(mktemp -d) && trap 'rm -rf "$$scratch"' EXIT && export DUBAN_VAR_DIR="$$scratch" \
		&& $(BIN)/alembic upgrade head && $(BIN)/alembic check

messages: setup-dev ## Bring the English catalogue up to date, and list what it lacks
	@$(BIN)/python -m tools.messages

format: setup-dev ## Bring the code into the one format
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

assets: ## Fetch the front-end assets again
	@rm -f app/static/vendor/htmx.min.js
	@$(MAKE) --no-print-directory app/static/vendor/htmx.min.js

lock: ## Resolve the pins of pyproject.toml and package.json into the lock files
	$(LOCK) pyproject.toml -o requirements.txt
	$(LOCK) pyproject.toml --extra dev -c requirements.txt -o requirements-dev.txt
	$(LOCK) --group node -o requirements-node.txt
	npm install --package-lock-only

sbom: setup-dev ## List what a running Duban consists of (CycloneDX, build/sbom.cdx.json)
	@$(BIN)/python -m tools.sbom

audit: setup-dev ## Ask the advisory services whether anything is known against the pinned packages
	@$(BIN)/python -m tools.audit

clean: ## Remove everything that can be made again; var/ with the data stays
	rm -rf $(VENV) node_modules app/static/vendor build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis \
		.import_linter_cache
	find . -name __pycache__ -prune -exec rm -rf {} +

# What was installed is remembered by a file beside it: without the environment there is no memory of it either.

$(BIN)/python:
	@sh tools/make_venv.sh $(VENV)

$(VENV)/.installed: $(BIN)/python requirements.txt pyproject.toml
	@echo "== Installing the pinned packages (about a minute the first time)"
	@$(BIN)/pip install --require-hashes -r requirements.txt
	@$(BIN)/pip install --no-deps -e .
	@echo "$(CURDIR)" > $@

$(VENV)/.installed-dev: $(VENV)/.installed app/static/vendor/htmx.min.js requirements-dev.txt
	@echo "== Installing what tests and checks need"
	@$(BIN)/pip install --require-hashes -r requirements-dev.txt
	@$(BIN)/python -m tools.fetch_assets --dev
	@touch $@

app/static/vendor/htmx.min.js: $(VENV)/.installed package.json package-lock.json tools/fetch_assets.py
	@$(BIN)/python -m tools.fetch_assets
