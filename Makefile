# Two commands: "make demo" shows what hostha does, "make test" tests all of it. Both make what they need first.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test lint unit functional integration system clean

# the main job on SQLite and a simulated cloud; KEEP=1 leaves it running
demo: $(VENV)/.installed
	$(BIN)/hostha demo $(if $(KEEP),--keep) $(if $(SPEED),--speed $(SPEED))

test: lint unit functional integration

lint: $(VENV)/.tested
	$(BIN)/ruff check hostha tests benchmarks
	$(BIN)/lint-imports --config tox.ini
	$(BIN)/mypy --config-file tox.ini hostha

unit: $(VENV)/.tested system
	$(BIN)/python -m pytest -q tests/unit tests/contract

functional: $(VENV)/.tested
	$(BIN)/python -m pytest -q tests/functional

integration: $(VENV)/.tested system
	$(BIN)/python -m pytest -q tests/integration

# system packages of bindep.txt: installed where they may be, said plainly where not
system:
	$(PYTHON) tests/system_packages.py test

$(BIN)/python:
	$(PYTHON) tests/system_packages.py
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: setup.cfg pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	touch $@

$(VENV)/.tested: setup.cfg pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[test,lint]'
	touch $@ $(VENV)/.installed

clean:
	rm -rf $(VENV) .tox build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
