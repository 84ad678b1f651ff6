# Every command of the project. `make` alone lists them.
PYTHON ?=
SERVE ?= 1
QUICK ?=
PYTEST_ARGS ?=
BIN := .venv/bin
SETUP = python="$$(sh scripts/find_python.sh $(if $(PYTHON),"$(PYTHON)"))" && "$$python" scripts/setup_venv.py
NOTEBOOKS = find notebooks -name '*.ipynb' -not -path '*/.ipynb_checkpoints/*' -print0

.PHONY: help setup setup-test warm demo test check soak lab bench peers docs screenshot constraints clean
.DEFAULT_GOAL := help

help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/^([a-z-]+):.*## /\1\t/' | awk -F'\t' '{printf "  make %-12s %s\n", $$1, $$2}'

setup: ## make .venv with the pinned packages (quick when nothing changed)
	@$(SETUP)

setup-test: ## the same with the test tools, a Chromium, a Redis and compiled indicators
	@$(SETUP) --extra test
	@$(BIN)/python scripts/install_chromium.py >/dev/null
	@$(BIN)/python scripts/install_redis.py >/dev/null
	@$(BIN)/workbench warm

warm: setup ## compile all indicators ahead (a minute or two, once)
	@$(BIN)/workbench warm

demo: setup ## import the sample bars through the notebook, then serve the dashboard (SERVE=0: stop before)
	@$(BIN)/workbench run ingest_bars
	@$(BIN)/workbench status
ifneq ($(SERVE),0)
	@$(BIN)/workbench serve
endif

test: setup-test check ## everything: style, types, layers, notebooks, tests (PYTEST_ARGS=… for some)
	@echo "== pytest" && $(BIN)/python -m pytest -v -n 2 $(PYTEST_ARGS)

check: setup-test ## style, types, layers and notebooks only
	@echo "== ruff" && $(BIN)/ruff check . && $(BIN)/ruff format --check .
	@echo "== mypy" && $(BIN)/python -m mypy
	@echo "== layers" && PYTHONPATH=. $(BIN)/lint-imports
	@echo "== notebooks" && $(NOTEBOOKS) | xargs -0 $(BIN)/nbstripout --verify --keep-id

soak: setup-test ## prove a million reads fresh beside writers, kills and faults (READS=…, SEED=…)
	@$(BIN)/python -m tests.soak --reads $(or $(READS),1000000) --seed $(or $(SEED),1)

lab: warm ## open JupyterLab on notebooks/
	@$(BIN)/workbench lab

bench: setup-test ## time everything against its peers (QUICK=1: small sizes, CASE=name: one case)
	@$(BIN)/python -m benchmarks $(if $(filter-out 0,$(QUICK)),--quick) $(if $(CASE),--case "$(CASE)")

peers: setup-test ## install what `make bench` compares with, each in its own environment
	@$(BIN)/python -m benchmarks.remote

docs: setup-test ## write docs/reference/ and the README's tables afresh
	@$(BIN)/python scripts/make_reference.py
	@$(BIN)/python scripts/draw_indicators.py
	@$(BIN)/python -m benchmarks.render

screenshot: setup-test ## draw the dashboard's picture for the README
	@$(BIN)/python -m scripts.screenshot

constraints: ## resolve the pinned packages afresh (PYTHONS="python3.11 python3.12 …")
	@python="$$(sh scripts/find_python.sh $(if $(PYTHON),"$(PYTHON)"))" && "$$python" scripts/make_constraints.py $(PYTHONS)

clean: ## remove .venv and the tools' caches (data and reports stay)
	@rm -rf .venv .peers .setup.lock .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache build *.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
