# The targets that users of DuckDB extensions know. Needs cargo, python3 and make.
.PHONY: all configure release debug test test_build test_rust test_core test_sql test_catalog demo lint format docs \
	docs_check bench check clean
.DEFAULT_GOAL := release

PYTHON := .venv/bin/python
EXTENSION := build/release/launchpad.duckdb_extension
STAMP := .venv/.installed

all: release

configure: $(STAMP)

$(STAMP): scripts/requirements.txt
	python3 -m venv .venv
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --no-deps -r scripts/requirements.txt
	touch $@

release:
	cargo build --release --locked --lib
	python3 scripts/package_extension.py --target target/release --output build/release

debug:
	cargo build --locked --lib
	python3 scripts/package_extension.py --target target/debug --output build/debug

test: test_rust test_catalog

# Cargo builds the library for the tests too. Taking that one, instead of the one of `release`, saves a second build
# of the dependencies: the test tools switch on other features in them.
test_build: configure
	cargo test --release --locked --no-run
	python3 scripts/package_extension.py --target target/release/deps --output build/release

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

demo: configure release
	$(PYTHON) scripts/demo.py $(EXTENSION)

format:
	cargo fmt

lint:
	cargo fmt --check
	cargo clippy --release --locked --all-targets -- -D warnings
	cargo clippy --release --locked --all-targets --no-default-features -- -D warnings
	python3 scripts/check_layers.py

docs: test_build
	$(PYTHON) scripts/generate_docs.py $(EXTENSION)

docs_check: test_build
	$(PYTHON) scripts/generate_docs.py $(EXTENSION) --check

# Time and memory at growing sizes.
bench: configure release
	$(PYTHON) benches/scale.py --extension $(EXTENSION)

# What a change must pass.
check: test test_core lint docs_check

clean:
	cargo clean
	rm -rf build .venv
