# Everything that is made lies under target/ and .venv. See CONTRIBUTING.md.

HARNESS ?= ../shared
JOBS ?= $(shell nproc)
BENCH_WORKLOADS ?=

SHELL := /bin/sh
.SHELLFLAGS := -eu -c
.DELETE_ON_ERROR:
.SUFFIXES:

# A Cargo or Python environment of the caller's must not decide what is built, or where.
export CARGO_TARGET_DIR := $(CURDIR)/target
export PYTHON
unexport VIRTUAL_ENV PYTHONPATH PYTHONHOME

B := target/build
BINARY := target/release/fastrapi-server
VENV := .venv
PIP := -m pip --disable-pip-version-check --quiet

PACKAGE := $(shell find py/fastrapi -type f -not -name '*.pyc' -not -name '*.so')
RUST := Cargo.toml Cargo.lock $(shell find crates -type f -not -name '*.pyc')

.PHONY: help build binary wheel venv run test lint format bench micro instructions parallel conformance hardening chroot-test image-test clean

help:
	@echo 'make build        the binary $(BINARY), the wheel target/wheels/, the environment $(VENV)'
	@echo 'make run          serve examples/search on http://127.0.0.1:8000'
	@echo 'make test         all tests but the ones below'
	@echo 'make lint         formatting, lints, types, licences'
	@echo 'make format       put the sources into the form that lint wants'
	@echo 'make chroot-test  the binary alone in a chroot (root)'
	@echo 'make image-test   the container image (root)'
	@echo 'make micro        cargo bench: what single steps cost; make instructions: the same and whole requests, counted'
	@echo 'make parallel     what goes on while a handler holds the interpreter'
	@echo 'make bench | conformance | hardening   the harnesses in HARNESS=$(HARNESS); results under target/'

# --- building ---------------------------------------------------------------------------------------------------

build: binary wheel venv

# NEEDS is what a target wants besides a compiler and Python. As a variable of the target it holds for all that the
# target depends on, so what is missing is named at once and before anything is built.
$(B)/python: FORCE
	@TARGET="$(MAKECMDGOALS)" scripts/require.sh build $(NEEDS)
	@mkdir -p $(B)
	@scripts/python.sh > $@.new
	@if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

# In every recipe below: the Python that the binary is built for.
python = $$(cat $(B)/python)

$(B)/link.stamp: $(B)/python packaging/link.py
	@$(python) packaging/link.py $(B)
	@touch $@

$(B)/tools.stamp: $(B)/python requirements/build.txt
	@$(python) -m venv --clear $(B)/tools
	@$(B)/tools/bin/python $(PIP) install --require-hashes -r requirements/build.txt
	@touch $@

$(B)/packages.stamp: $(B)/tools.stamp requirements/carried.txt
	@rm -rf $(B)/packages
	@$(B)/tools/bin/python $(PIP) install --require-hashes --only-binary :all: --no-compile \
	  --target $(B)/packages -r requirements/carried.txt
	@touch $@

$(B)/carried.stamp: $(B)/packages.stamp $(wildcard packaging/carry/*.py crates/pybridge/src/interpreter/*.py) $(PACKAGE) Cargo.toml
	@PYTHONPATH=packaging PYTHONDONTWRITEBYTECODE=1 $(python) -m carry --packages $(B)/packages --source py \
	  --version "$$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -1)" \
	  --importer crates/pybridge/src/interpreter --output $(B)/carried.bin
	@touch $@

$(B)/licenses.stamp: $(B)/packages.stamp $(B)/link.stamp packaging/carry/licenses.py Cargo.lock
	@PYTHONPATH=packaging PYTHONDONTWRITEBYTECODE=1 $(python) -m carry.licenses --manifest Cargo.toml \
	  --package fastrapi-cli --packages $(B)/packages --source py --linked $(B)/link-args --output $(B)/licenses.z
	@touch $@

# The binary and the extension module are one compilation: PyO3 leaves linking to crates/cli/build.rs for both. Its own
# switch for extension modules is set for both, too, as maturin does: a change of it compiles everything again.
CARGO_FOR_PYTHON = PYO3_BUILD_EXTENSION_MODULE=1 PYO3_CONFIG_FILE=$(CURDIR)/$(B)/pyo3.cfg PYO3_PYTHON=$(python) \
  FASTRAPI_LINK_ARGS=$(CURDIR)/$(B)/link-args FASTRAPI_CARRIED=$(CURDIR)/$(B)/carried.bin \
  FASTRAPI_LICENSES=$(CURDIR)/$(B)/licenses.z

binary: $(B)/link.stamp $(B)/carried.stamp $(B)/licenses.stamp
	$(CARGO_FOR_PYTHON) cargo build --release --locked -p fastrapi-cli --bin fastrapi-server

wheel: $(B)/wheel.stamp

$(B)/wheel.stamp: $(B)/link.stamp $(B)/tools.stamp $(B)/carried.stamp $(B)/licenses.stamp $(RUST) $(PACKAGE) pyproject.toml README.md LICENSE
	@rm -rf target/wheels
	$(CARGO_FOR_PYTHON) $(B)/tools/bin/maturin build --release --locked --quiet --out target/wheels \
	  --interpreter $(python) --compatibility linux --auditwheel skip
	@touch $@

venv: $(B)/venv.stamp

$(B)/venv.stamp: $(B)/wheel.stamp examples/search/requirements.txt
	@test -x $(VENV)/bin/python && test "$$($(VENV)/bin/python -V)" = "$$($(python) -V)" || $(python) -m venv --clear $(VENV)
	@$(VENV)/bin/python $(PIP) install target/wheels/*.whl uvloop -r examples/search/requirements.txt
	@$(VENV)/bin/python $(PIP) install --force-reinstall --no-deps target/wheels/*.whl
	@$(VENV)/bin/python $(PIP) check
	@touch $@

FORCE:

# --- using ------------------------------------------------------------------------------------------------------

run: build
	@echo "Try: curl 'http://127.0.0.1:8000/search?q=python'"
	@exec $(BINARY) --venv $(VENV) --app-dir examples/search --app app:app --host 127.0.0.1 --port 8000

# --- checking ---------------------------------------------------------------------------------------------------

test: NEEDS := redis
test: build $(B)/test.stamp $(B)/dropin.stamp $(B)/openapi.stamp
	PYO3_PYTHON=$(python) cargo test --locked --workspace
	$(VENV)/bin/python -m pytest tests/unit tests/property
	FASTRAPI_SERVER=$(CURDIR)/$(BINARY) $(VENV)/bin/python -m pytest tests/live
	FASTRAPI_SERVER=$(CURDIR)/$(BINARY) $(VENV)/bin/python -m pytest tests/differential
	FASTRAPI_SERVER=$(CURDIR)/$(BINARY) FASTRAPI_DROPIN=$(CURDIR)/$(DROPIN) FASTRAPI_OPENAPI=$(CURDIR)/$(OPENAPI) \
	  $(VENV)/bin/python -m pytest tests/dropin tests/openapi
	cd examples/search && FASTRAPI_SERVER=$(CURDIR)/$(BINARY) $(CURDIR)/$(VENV)/bin/python -m pytest tests

$(B)/test.stamp: $(B)/venv.stamp requirements/test.txt
	@$(VENV)/bin/python $(PIP) install --require-hashes -r requirements/test.txt
	@touch $@

# Without FastAPI and Starlette, which the packages in it require.
DROPIN := target/venvs/dropin

$(B)/dropin.stamp: $(B)/wheel.stamp requirements/dropin.txt
	@$(python) -m venv --clear $(DROPIN)
	@$(DROPIN)/bin/python $(PIP) install --no-deps --require-hashes -r requirements/dropin.txt
	@$(DROPIN)/bin/python $(PIP) install --no-deps target/wheels/*.whl
	@touch $@

OPENAPI := target/venvs/openapi

$(B)/openapi.stamp: $(B)/python requirements/openapi.txt
	@$(python) -m venv --clear $(OPENAPI)
	@$(OPENAPI)/bin/python $(PIP) install --require-hashes -r requirements/openapi.txt
	@touch $@

LINT := target/venvs/lint

$(B)/lint.stamp: $(B)/python requirements/lint.txt requirements/carried.txt
	@$(python) -m venv --clear $(LINT)
	@$(LINT)/bin/python $(PIP) install --require-hashes -r requirements/lint.txt
	@$(LINT)/bin/python $(PIP) install --require-hashes -r requirements/carried.txt
	@touch $@

lint: $(B)/lint.stamp
	cargo fmt --all --check
	PYO3_PYTHON=$(python) cargo clippy --locked --workspace --all-targets -- -D warnings
	$(LINT)/bin/ruff check
	$(LINT)/bin/ruff format --check
	$(LINT)/bin/mypy
	$(LINT)/bin/basedpyright --project pyproject.toml
	PYTHONPATH=py $(LINT)/bin/python -m pytest tests/typing
	PATH="$(CURDIR)/$(LINT)/bin:$$PATH" cargo deny --locked check licenses bans sources

format: $(B)/lint.stamp
	cargo fmt --all
	$(LINT)/bin/ruff check --fix
	$(LINT)/bin/ruff format

chroot-test: NEEDS := root curl
chroot-test: build
	tests/delivery/chroot.sh $(BINARY) $(VENV)

image-test: NEEDS := root image systemd curl
image-test: build
	tests/delivery/unit.sh
	tests/delivery/image.sh

# --- the harnesses ----------------------------------------------------------------------------------------------

# They are read-only where they are and write beside their sources, so a copy is run.
target/harness/%: FORCE
	@if [ ! -f $(HARNESS)/$*/README.md ]; then \
	  echo "error: there is no harness at $(HARNESS)/$*" >&2; \
	  echo "hint: make $* HARNESS=/path/to/the/harnesses" >&2; exit 1; fi
	@mkdir -p $@
	@cp -r --no-preserve=mode,ownership $(HARNESS)/$*/. $@

# Servers that may not keep their byte code would compile it at every start that is measured.
HARNESS_ENV := env -u CARGO_TARGET_DIR -u PYTHON -u PYTHONDONTWRITEBYTECODE

SUITE = cd target/harness/bench && $(HARNESS_ENV) PYTHONPATH="$$PWD:$(CURDIR)/benches" $(CURDIR)/$(VENV)/bin/python -m suite
SUITE_FOLDERS = --venvs $(CURDIR)/target/bench/venvs --work $(CURDIR)/target/bench/work

# All rows of benches/table.toml, or the ones in BENCH_WORKLOADS. BENCH_OPTIONS are webbench's own.
bench: NEEDS := bench redis
bench: target/harness/bench build
	$(SUITE) setup $(SUITE_FOLDERS) --python "$$(cat $(CURDIR)/$(B)/python)" $(BENCH_SETUP_OPTIONS)
	$(SUITE) run $(SUITE_FOLDERS) --server $(CURDIR)/$(BINARY) --out $(CURDIR)/target/bench \
	  $(if $(BENCH_WORKLOADS),--rows $(BENCH_WORKLOADS)) $(BENCH_RUN_OPTIONS) $(if $(BENCH_OPTIONS),-- $(BENCH_OPTIONS))

# Single steps: their times, and with `make instructions` what they and whole requests cost in instructions.
MICRO = PYTHONPATH="$(CURDIR)/py:$$(echo $(CURDIR)/$(VENV)/lib/python3.*/site-packages)" PYO3_PYTHON=$(python) \
  cargo bench --locked -p fastrapi-server-core -p fastrapi-pybridge --bench routing --bench framing --bench direct
COUNT = PYTHONPATH="$(CURDIR)/benches:$(CURDIR)/py:$$(echo $(CURDIR)/$(VENV)/lib/python3.*/site-packages)" \
  PYTHONDONTWRITEBYTECODE=1 $(VENV)/bin/python -m instructions

micro: venv
	$(MICRO)

instructions: NEEDS := valgrind
instructions: build
	$(COUNT) micro $$($(MICRO) --no-run 2>&1 | sed -n 's/^ *Executable .*(\(.*\))/\1/p') $(COUNT_OPTIONS)
	$(COUNT) requests $(BINARY) --venv $(VENV) $(COUNT_OPTIONS)

parallel: build
	$(VENV)/bin/python benches/parallel.py $(BINARY) --venv $(VENV)

# Each suite on both lanes; what fails in one run does not keep the others from running.
conformance: target/harness/conformance build
	@test -x target/venvs/conformance/bin/python || $(python) -m venv target/venvs/conformance
	@target/venvs/conformance/bin/python $(PIP) install -r target/harness/conformance/requirements/suites.txt
	@target/venvs/conformance/bin/python $(PIP) install --force-reinstall --no-deps target/wheels/*.whl
	@mkdir -p target/conformance
	cd target/harness/conformance && export CONFORMANCE_CACHE=$(CURDIR)/target/conformance/cache && \
	  python=$(CURDIR)/target/venvs/conformance/bin/python && \
	  $$python $(CURDIR)/scripts/conformance_fetch.py && \
	  for lane in direct general; do for suite in fastapi starlette; do \
	    FASTRAPI_TEST_LANE=$$lane $$python -m conformance run --suite $$suite --impl fastrapi -j $(JOBS) \
	      --json $(CURDIR)/target/conformance/$$suite-$$lane.json $(CONFORMANCE_OPTIONS) || test $$? -eq 1; \
	  done; done
	@$(python) scripts/conformance_share.py $(foreach lane,direct general,$(foreach suite,fastapi starlette,\
	  target/conformance/$(suite)-$(lane).json))

hardening: target/harness/hardening build
	@test -x target/venvs/hardening/bin/python || $(python) -m venv target/venvs/hardening
	@target/venvs/hardening/bin/python $(PIP) install 'pyjwt[crypto]' pydantic uvloop
	@mkdir -p target/hardening
	cd target/harness/hardening && status=0 && export VIRTUAL_ENV=$(CURDIR)/target/venvs/hardening && \
	  for kind in corpus drills; do \
	    $(CURDIR)/$(VENV)/bin/python -m hardening $$kind --target targets/fastrapi.toml --set server=$(CURDIR)/$(BINARY) \
	      --json $(CURDIR)/target/hardening/$$kind.json $(HARDENING_OPTIONS) || status=1; \
	  done; exit $$status

clean:
	rm -rf target $(VENV)
