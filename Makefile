# Checks of a checkout. .ci/run, pre-commit and the workflows call them too.
#   make env        make the environment .venv with everything they need
#   make format     rewrite the code in the house style
#   make lint       style, import contracts, docstrings, words, mirror of tests
#   make types      mypy over the package, the tools and the tests' toolbox
#   make test-fast  unit and parity tests that are not marked slow
#   make test       every test, and the examples in docstrings
#   make docs       rewrite the file tree of the docs, run their examples
#   make demo       make the models and videos that come with the package
#   make ci         everything from nothing
# The programs are those of .venv, or $CLIPBERT_VENV, or else those on $PATH.
CLIPBERT_VENV ?= .venv
export PATH := $(abspath $(CLIPBERT_VENV))/bin:$(PATH)
export OMP_NUM_THREADS ?= 1
PYTEST = pytest -n auto --maxprocesses 4 --dist worksteal

.PHONY: env format lint types test test-fast docs demo ci

env:
	tools/setup_env.sh dev

format:
	ruff check --fix-only --quiet .
	ruff format .

lint:
	ruff check .
	ruff format --check .
	lint-imports --no-logo
	pydoclint --quiet clipbert_mm tools tests/toolbox
	codespell
	python -m tools.checks.words
	python -m tools.checks.docstrings
	python -m tools.checks.mirror

types:
	mypy

test-fast:
	$(PYTEST) -m 'not slow' tests/unit tests/parity

test: # with a process more than there are cores, because some tests wait
	$(PYTEST) -n $$(python -c \
		'import os; print(min(len(os.sched_getaffinity(0)) + 1, 4))')

docs:
	python -m tools.checks.docs_tree
	$(PYTEST) tests/docs

demo:
	tools/quickstart.sh
	tools/quickstart.sh --task qa
	rm -rf clipbert_mm/demo
	python -m clipbert_mm.quickstart.demo work_dirs/quickstart clipbert_mm/demo

ci:
	.ci/run
