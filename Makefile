# Every target works on a fresh clone: the first that needs it makes .venv and installs archc there.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory
export PIP_DISABLE_PIP_VERSION_CHECK := 1

VENV := .venv
BIN := $(VENV)/bin

# The first interpreter on PATH that runs, is of a supported version, and can make environments:
# a shim of a version manager may stand for a Python that is not there.
SUPPORTED := import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))
PYTHON ?= $(shell type -ap python3.11 python3.12 python3.13 python3 | while read -r candidate; do \
	if "$$candidate" -c '$(SUPPORTED)' </dev/null >/dev/null 2>&1; then echo "$$candidate"; break; fi; done)

# Labelled photos, and the network that the trained weights of tests come from. All that these
# packages depend on is left out: nothing of the first is run, and the second needs PyTorch alone.
TEST_DATA := foolbox==3.3.4 efficientnet-lite-pytorch==0.1.0

# What VS Code and others check YAML with, the newest that asks for no version of Node.js.
EDITOR_SERVER := yaml-language-server@1.25.0

# What pytest gets besides: `make test ARGS='-k resnet -m "not slow"'`
ARGS ?=

# How many tests run at a time. The largest networks take 5 GB each.
JOBS ?= 2

.PHONY: help
help: ## Show this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: demo
demo: $(VENV)/installed ## Build ResNet-50 from its spec into build/resnet50.keras
	$(BIN)/archc build specs/resnet50.yaml -o build/resnet50.keras

.PHONY: check
check: test lint types ## Run what CI runs: test, lint, types

.PHONY: test
test: $(VENV)/installed-dev ## Run the tests (ARGS='-k resnet' chooses)
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal $(ARGS)

.PHONY: torch
torch: $(VENV)/installed-dev ## Install PyTorch (CPU) too, for the tests of what is emitted for it
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[torch]'

.PHONY: oracle
oracle: $(VENV)/installed-dev ## Install timm and torchvision too, for the tests that hold the zoo against them
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[oracle]'

.PHONY: editor
editor: $(VENV)/created ## Install yaml-language-server too (npm), for the tests of the schema in an editor
	npm install --prefix $(VENV) --no-audit --no-fund --no-save --loglevel=error $(EDITOR_SERVER)

.PHONY: fuzz
fuzz: $(VENV)/installed-dev ## Try changed specs, kills while writing, and emissions of random specs
	$(BIN)/python -m tests.mutation --count 50000
	$(BIN)/python -m tests.kills --count 200 --slow
	$(BIN)/python -m tests.fuzz --count 2000 --numeric-every 20

.PHONY: verify
verify: torch ## Emit every shipped spec, run it at its own size, compare with the model that archc builds
	$(BIN)/python -m tests.verify_zoo

.PHONY: lint
lint: $(VENV)/installed-dev ## Check style and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

.PHONY: types
types: $(VENV)/installed-dev ## Check types
	$(BIN)/mypy

.PHONY: format
format: $(VENV)/installed-dev ## Format the code and mend what can be mended by itself
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.PHONY: bench
bench: $(VENV)/installed-dev ## Run the benchmarks
	@for benchmark in benchmarks/*.py; do echo "== $$benchmark"; $(BIN)/python "$$benchmark"; done

.PHONY: wheel
wheel: $(VENV)/installed ## Make the wheel in dist/
	$(BIN)/pip wheel --quiet --no-deps --wheel-dir dist .

.PHONY: clean
clean: ## Remove everything that make made
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find archc tests benchmarks -name __pycache__ -prune -exec rm -rf {} +

# Without compiled files an import of TensorFlow takes seconds longer. pip compiles what it
# installs; archc itself stays in the checkout, and the environment may forbid to write them.
define install
	$(BIN)/pip install --quiet --editable '$(1)'
	$(BIN)/python -m compileall -q archc
	@touch $@
endef

$(VENV)/created:
	@[ -n '$(PYTHON)' ] || { echo 'archc needs Python 3.11, 3.12 or 3.13: say make PYTHON=/path/to/python' >&2; exit 1; }
	'$(PYTHON)' -m venv --clear $(VENV)
	@touch $@

$(VENV)/installed: $(VENV)/created pyproject.toml
	@echo 'Installing archc with Keras and TensorFlow into $(VENV): 2 GB, once, a few minutes'
	$(call install,.)

$(VENV)/installed-dev: $(VENV)/created pyproject.toml
	@echo 'Installing archc with Keras, TensorFlow and the tests into $(VENV): 2 GB, once, a few minutes'
	$(call install,.[dev])
	$(BIN)/pip install --quiet --no-deps $(TEST_DATA)
	@touch $(VENV)/installed
