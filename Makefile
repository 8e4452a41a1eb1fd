# Every target sets up what it needs in a virtual environment of its own: only Python 3.11+ and make are assumed.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
STAMP = $(VENV)/.installed
PYTEST_ARGS ?=

TURTLE = $(shell find ontology shapes data examples tests -name '*.ttl')

.PHONY: demo test servers test-servers mutants agree edits canonical check format bench clean

demo: $(STAMP)  ## validate the model, ask an impact and a trace question, write an export
	@mkdir -p build
	@$(BIN)/qe-kg demo -o build/quantum-energy.ttl

# In the order of the files: by default those that have to stay on one worker and are few, but long, come last.
test: $(STAMP)  ## run all tests but those that need a server from elsewhere than the package index
	$(BIN)/python -m pytest -n auto --dist loadgroup --no-loadscope-reorder -m "not servers" $(PYTEST_ARGS)

servers: $(STAMP)  ## install Fuseki, RDF4J and Virtuoso, each pinned and checked, for make test-servers
	$(BIN)/python tests/servers/installation.py

test-servers: servers  ## run the tests that need Fuseki, RDF4J or Virtuoso
	$(BIN)/python -m pytest -n auto --dist loadgroup -m servers $(PYTEST_ARGS)

mutants: $(STAMP)  ## change the target state in every way that the mutation test knows, one at a time (minutes)
	MUTANTS=all $(BIN)/python -m pytest -s -q -n 0 tests/mutation/test_mutation.py

agree: $(STAMP)  ## compare both our evaluators and pySHACL on shapes and data made at random, thousands of times
	QE_KG_EXAMPLES=1500 $(BIN)/python -m pytest -s -q -n 0 tests/conformance/test_engines_agree.py

edits: $(STAMP)  ## change data at random and compare validation of what changed with a full run, thousands of times
	QE_KG_EDITS=600 $(BIN)/python -m pytest -s -q -n 0 tests/conformance/test_edits.py tests/validation/test_since.py
	QE_KG_EDITS=60 $(BIN)/python -m pytest -s -q -n 0 tests/rules/test_paths.py tests/rules/test_live_conduits.py

canonical: $(STAMP)  ## name blank nodes of graphs made at random beside PyLD and rdflib, thousands of times
	QE_KG_EXAMPLES=5000 $(BIN)/python -m pytest -s -q -n 0 tests/store/test_canonical.py

check: $(STAMP)  ## formatting, lint, types, and the model by its own command
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/turtlefmt --check $(TURTLE)
	$(BIN)/qe-kg check --model data/quantum-energy --shipped --format table

format: $(STAMP)  ## format Python and Turtle
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/turtlefmt $(TURTLE)

bench: $(STAMP)  ## measure; see benchmarks/README.md
	$(BIN)/python benchmarks/cold_start.py

$(STAMP): pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed; set PYTHON=…" if sys.version_info < (3, 11) else 0)'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

clean:  ## remove what the targets made
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
