#!/usr/bin/env python3
"""Check that every function is described as it is, has examples that run, is tested and is in the documentation.

Usage: check_catalog.py EXTENSION

Parameters and results are compared with what DuckDB says of them: types with the catalog and with DESCRIBE of an
example, defaults by running each example a second time with all of them written out.
"""

import pathlib
import re
import sys
import time

import duckdb

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "scripts"))

import calls  # noqa: E402
import catalog  # noqa: E402

FIXTURE = ROOT / "tests" / "fixtures" / "example_tables.sql"
# Parameters of macros that are declared without a type: DuckDB casts no text to these.
UNTYPED = ("ANY", "DATE", "DATE[]", "TIMESTAMP")


def described(function: catalog.Function) -> list[str]:
    found = []
    if not function.description:
        found.append("has no description")
    if not function.examples:
        found.append("has no example")
    if not function.category:
        found.append("has no category")
    if not function.columns and function.returns is None:
        found.append("does not say what it returns")
    names = [field.name for field in function.parameters]
    if names != list(function.catalog_types):
        found.append(f"has the parameters {', '.join(function.catalog_types)}, but describes {', '.join(names)}")
    return found


def typed(function: catalog.Function) -> list[str]:
    found = []
    for field in function.parameters:
        actual = function.catalog_types.get(field.name)
        untyped = actual is None and "macro" in function.kind and field.sql_type in UNTYPED
        if not untyped and not same_type(field.sql_type, actual):
            found.append(f"says that its parameter {field.name} is {field.sql_type}, but it is {actual}")
    returned = function.catalog_return
    if function.returns and returned and not same_type(function.returns.sql_type, returned):
        found.append(f"says that it returns {function.returns.sql_type}, but it returns {returned}")
    return found


def same_type(documented: str, actual: str | None) -> bool:
    """Whether two types are the same; a documented STRUCT stands for one of any fields, which is declared as ANY."""
    if documented == "same as input":
        return True
    if actual is None:
        return False
    if "(" not in documented:
        # From the inside out, as fields may be structs.
        while (flat := re.sub(r"\([^()]*\)", "", actual)) != actual:
            actual = flat
    if documented == "STRUCT" and actual == "ANY":
        return True
    return documented.replace('"', "").upper() == actual.replace('"', "").upper()


def columns(database: duckdb.DuckDBPyConnection, function: catalog.Function) -> list[str]:
    """What differs between the documented columns and those of the first example that shows them all."""
    if not function.columns:
        return []
    if function.catalog_return is not None:
        # A list of structs, as users unnest it.
        shown = f"SELECT unnest(NULL::{function.catalog_return}, recursive := true)"
    else:
        queries = map(calls.query, function.examples)
        shown = next((query for query in queries if calls.shows_all(query, function.name)), None)
    if shown is None:
        return [f"has no example that ends in FROM {function.name}(...), which shows its columns"]
    actual = [row[:2] for row in database.execute(f"DESCRIBE {shown}").fetchall()]
    names = [field.name for field in function.columns]
    if names != [name for name, _ in actual]:
        return [f"returns {', '.join(name for name, _ in actual)}, but describes {', '.join(names)}"]
    return [
        f"says that its column {field.name} is {field.sql_type}, but it is {sql_type}"
        for field, (_, sql_type) in zip(function.columns, actual, strict=True)
        if not same_type(field.sql_type, sql_type)
    ]


def tested(function: catalog.Function) -> list[str]:
    path = ROOT / "tests" / "sql" / function.category / f"{function.name}.test"
    name = path.relative_to(ROOT)
    if not path.is_file():
        return [f"has no test {name}"]
    return [] if f"{function.name}(" in path.read_text() else [f"is never called in {name}"]


def listed(function: catalog.Function) -> list[str]:
    wanted = (
        ("README.md", f"| [`{function.name}`]("),
        ("docs/functions.md", f"### {function.name}\n"),
    )
    found = []
    for name, text in wanted:
        path = ROOT / name
        if not path.is_file() or text not in path.read_text():
            found.append(f"is not in {name}: run make docs")
    return found


def run(database: duckdb.DuckDBPyConnection, sql: str) -> list[str]:
    """The rows as texts, in an order of their own. Undone afterwards: no example may depend on another."""
    database.execute("BEGIN")
    try:
        return sorted(map(repr, database.execute(sql).fetchall()))
    finally:
        database.execute("ROLLBACK")


def run_examples(database: duckdb.DuckDBPyConnection, function: catalog.Function) -> list[str]:
    found = []
    for example in function.examples:
        try:
            rows = run(database, calls.query(example))
            explicit = calls.with_defaults(calls.query(example), function)
            if explicit and run(database, explicit) != rows:
                found.append(f"has other defaults than documented: {example} differs from\n    {explicit}")
        except duckdb.Error as error:
            found.append(f"has an example that fails: {example}\n    {error}")
    return found


def main() -> None:
    database = catalog.connect(sys.argv[1])
    functions = catalog.functions(database)
    database.execute(FIXTURE.read_text())
    problems = []
    started = time.monotonic()
    for function in functions:
        found = described(function) + typed(function) + run_examples(database, function)
        if not found:
            found += columns(database, function)
        if not function.name.startswith("__"):
            found += tested(function) + listed(function)
        problems += [f"{function.name} {problem}" for problem in found]
    if not functions:
        problems.append("the extension has no functions")
    if problems:
        sys.exit("\n".join(problems))
    print(f"catalog: {len(functions)} functions are in order ({time.monotonic() - started:.1f} s)")


if __name__ == "__main__":
    main()
