#!/usr/bin/env python3
"""Check that every function is described, has an example that runs, is tested and is in the documentation.

Usage: check_catalog.py EXTENSION
"""

import pathlib
import sys
import time

import duckdb

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "scripts"))

import catalog  # noqa: E402

FIXTURE = ROOT / "tests" / "fixtures" / "example_tables.sql"
STATEMENTS = ("SELECT", "FROM", "WITH", "COPY", "CREATE", "EXECUTE", "PREPARE")


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
    documented = {field.name for field in function.parameters}
    for name in function.catalog_parameters:
        if name not in documented:
            found.append(f"does not describe its parameter {name}")
    return found


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


def run_examples(database: duckdb.DuckDBPyConnection, function: catalog.Function) -> list[str]:
    found = []
    for example in function.examples:
        sql = example if example.upper().startswith(STATEMENTS) else f"SELECT {example}"
        # Undone afterwards: no example may depend on another.
        database.execute("BEGIN")
        try:
            database.execute(sql).fetchall()
        except duckdb.Error as error:
            found.append(f"has an example that fails: {example}\n    {error}")
        finally:
            database.execute("ROLLBACK")
    return found


def main() -> None:
    database = catalog.connect(sys.argv[1])
    functions = catalog.functions(database)
    database.execute(FIXTURE.read_text())
    problems = []
    started = time.monotonic()
    for function in functions:
        found = described(function) + run_examples(database, function)
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
