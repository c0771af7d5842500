# lkmtools: every target works in a fresh clone with Python 3.11 (venv), make and a package index.

PYTHON ?= python3
VENV   ?= .venv
# Empty: the package is installed as a wheel, as a user's is.
EDITABLE ?= --editable
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed

.PHONY: all demo test test-long check pythons bench bench-objects bench-peers lint clean

all: $(STAMP)

# The environment: the package (in editable form, see EDITABLE), the development tools, and zig's C compiler
# where the host has none that can build modules for both machines.
$(STAMP): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet $(EDITABLE) . --group dev
	$(BIN)/lkmcc --check-compiler >/dev/null 2>&1 \
	  || $(BIN)/python -m pip install --quiet $(EDITABLE) '.[zig]'
	touch $@

demo: $(STAMP)
	PATH="$(CURDIR)/$(BIN):$$PATH" sh examples/demo.sh

test: $(STAMP)
	@echo "The whole suite: about 13 minutes on two processors, and 2 for each other Python of this host."
	$(BIN)/ruff check lkmtools tests bench
	$(BIN)/mypy
	$(BIN)/pytest -n 2
	$(MAKE) pythons

# More of what a seed decides: every kernel function is called 10 times and more, and 200 kernels die. 200 trees
# of calls are unwound, each with all flags. And Linux programs for i386 with a C library, which zig builds first.
test-long: $(STAMP)
	LKM_TEST_LONG=1 $(BIN)/pytest -n 2 tests/integration/test_kernel_calls.py tests/cli/test_deaths.py tests/crashes \
	  tests/integration/test_linux.py tests/integration/test_unwinding.py

check: $(STAMP)
	$(BIN)/ruff format --check lkmtools tests bench
	$(BIN)/ruff check lkmtools tests bench
	$(BIN)/mypy
	$(BIN)/pytest -n 2 tests/unit tests/property

# The fast half on each Python from 3.11 to 3.14 that the host has beside that of the environment.
pythons: $(STAMP)
	sh tests/pythons.sh $(BIN)/python -q -n 2 tests/unit tests/property

bench: $(STAMP)
	$(BIN)/python -m bench

# The modules of a distribution's kernel package, which apt-get fetches, against ld.
bench-objects: $(STAMP)
	$(BIN)/python -m bench objects

# Beside other linkers, readers of ELF files, emulators and kernels: writes docs/benchmarks.md and its plots. Uses
# what the host has (lld, mold, user-mode-linux, qemu-system-x86), and pip for the rest, into the user's cache.
bench-peers: $(STAMP)
	$(BIN)/python -m bench.peers

clean:
	rm -rf $(VENV) .venv-wheel build dist .mypy_cache .ruff_cache .pytest_cache
