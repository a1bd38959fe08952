# The targets that users of DuckDB extensions know. Needs cargo, python3 and make.
# `make release DUCKDB=v2.0.0` and the like package and test for another release than the newest one supported.
.PHONY: all configure release debug test test_build test_rust test_core test_sql test_catalog test_packaging \
	test_memory test_report test_release test_releases test_older_releases demo lint format docs docs_check bench check clean
.DEFAULT_GOAL := release

RELEASES := $(shell python3 scripts/package_extension.py --releases)
NEWEST := $(firstword $(RELEASES))
DUCKDB ?= $(NEWEST)
ifneq ($(RELEASES),)
ifeq ($(filter $(DUCKDB),$(RELEASES)),)
$(error DuckDB $(DUCKDB) is not supported, only $(RELEASES): CONTRIBUTING.md says how to add a release)
endif
endif

# The newest release has the plain folders, each other one its own.
SUFFIX := $(if $(filter $(NEWEST),$(DUCKDB)),,-$(DUCKDB))
VENV := .venv$(SUFFIX)
PYTHON := $(VENV)/bin/python
STAMP := $(VENV)/.duckdb-$(DUCKDB)
BUILD := build/release$(SUFFIX)
EXTENSION := $(BUILD)/launchpad.duckdb_extension

# For scripts/package_extension.py.
export LAUNCHPAD_DUCKDB := $(DUCKDB)
# For tests/sql.rs.
export LAUNCHPAD_PYTHON := $(PYTHON)
export LAUNCHPAD_EXTENSION := $(EXTENSION)

all: release

configure: $(STAMP)

$(STAMP): scripts/requirements.txt
	python3 -m venv $(VENV)
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --no-deps duckdb==$(DUCKDB:v%=%) \
		-r scripts/requirements.txt
	touch $@

release:
	cargo build --release --locked --lib
	python3 scripts/package_extension.py --target target/release --output $(BUILD)

debug:
	cargo build --locked --lib
	python3 scripts/package_extension.py --target target/debug --output build/debug$(SUFFIX)

test: test_rust test_catalog test_packaging test_memory

# Cargo builds the library for the tests too. Taking that one, instead of the one of `release`, saves a second build
# of the dependencies: the test tools switch on other features in them.
test_build: configure
	cargo test --release --locked --no-run
	python3 scripts/package_extension.py --target target/release/deps --output $(BUILD)

# Unit tests, and the SQL tests against the packaged extension.
test_rust: test_build
	cargo test --release --locked

# The models without DuckDB.
test_core:
	cargo test --release --locked --no-default-features

# Only SQL tests: `make test_sql ONLY=data/launch_doctor` runs those whose path contains that text.
test_sql: test_build
	cargo test --release --locked --test sql -- $(ONLY)

test_catalog: test_build
	$(PYTHON) tests/catalog/check_catalog.py $(EXTENSION)

test_packaging: test_build
	$(PYTHON) tests/packaging/check_packaging.py $(EXTENSION)

test_memory: test_build
	$(PYTHON) tests/memory/check_memory.py $(EXTENSION)

# Report pages in a browser. Not a part of `test`, which needs none: without one it says that it is skipped.
test_report: test_build
	$(PYTHON) -m pip install --quiet --disable-pip-version-check playwright || true
	$(PYTHON) tests/report/check_report.py $(EXTENSION)

# What differs between releases of DuckDB: the extension in SQL. Nothing is built again. ONLY as in test_sql.
test_release: test_build
	cargo test --release --locked --test sql -- $(ONLY)
	$(PYTHON) tests/packaging/check_packaging.py $(EXTENSION)

# On every release supported.
test_releases:
	set -e; for release in $(RELEASES); do $(MAKE) test_release DUCKDB=$$release; done

# On all but the newest one, which `make test` tests.
test_older_releases:
	set -e; for release in $(filter-out $(NEWEST),$(RELEASES)); do $(MAKE) test_release DUCKDB=$$release; done

demo: configure release
	$(PYTHON) scripts/demo.py $(EXTENSION)

format:
	cargo fmt

lint:
	cargo fmt --check
	cargo clippy --release --locked --all-targets -- -D warnings
	cargo clippy --release --locked --lib --test conformance --no-default-features -- -D warnings
	python3 scripts/check_layers.py

docs: test_build
	$(PYTHON) scripts/generate_docs.py $(EXTENSION)

docs_check: test_build
	$(PYTHON) scripts/generate_docs.py $(EXTENSION) --check

# Time and memory at growing sizes.
bench: configure release
	$(PYTHON) benches/scale.py --extension $(EXTENSION)

# What a change must pass. That the models build without DuckDB is seen by `lint`; their tests are the same there.
check: test lint docs_check

clean:
	cargo clean
	rm -rf build .venv .venv-*
