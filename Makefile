# make demo: the example, on SQLite, with GraphiQL, debugging. make test: the whole suite. Both need Python 3.11 or newer and make.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PORT ?= 8000

.PHONY: demo test torture lint bench format schema clean

demo: $(VENV)/.demo
	BOOKSHOP_DEBUG=1 $(BIN)/gqlcrud serve example.app:app --port $(PORT)

test: $(VENV)/.dev
	$(BIN)/python -m pytest --numprocesses auto

# What is put into every place of a schema, and random documents: TIMES as many as the suite tries.
TIMES ?= 100
torture: $(VENV)/.dev
	GQLCRUD_TORTURE=$(TIMES) $(BIN)/python -m pytest --numprocesses auto $(wildcard tests/test_torture*.py)

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# What requests cost, on a PostgreSQL server of its own: a table for docs/performance.md.
bench: $(VENV)/.dev
	$(BIN)/python -m tests.benchmarks
	$(BIN)/python -m tests.benchmarks.writes

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# The second one needs the sample databases (GQLCRUD_SAMPLES: their folder).
schema: $(VENV)/.dev
	$(BIN)/gqlcrud sdl example.app:api > schema/bookshop.graphql
	chinook=$$($(BIN)/python -m tests.samples chinook/Chinook_Sqlite.sqlite) && \
	$(BIN)/gqlcrud sdl "sqlite:///$$chinook" > schema/chinook.graphql

clean:
	rm -rf $(VENV) dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit("gqlcrud needs Python 3.11 or newer: make PYTHON=python3.13 ..." if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'

$(VENV)/.demo: pyproject.toml gqlcrud/graphiql/package-lock.json $(wildcard gqlcrud/graphiql/src/*) | $(BIN)/python
	@echo "Installing gqlcrud and building GraphiQL; this takes a minute or two the first time."
	$(BIN)/python -m pip install --quiet --editable '.[serve,example]'
	@touch $@

$(VENV)/.dev: $(VENV)/.demo
	$(BIN)/python -m pip install --quiet --group dev
	@touch $@
