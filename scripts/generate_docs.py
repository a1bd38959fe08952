#!/usr/bin/env python3
"""Write docs/functions.md and the function table of README.md from the catalog.

`generate_docs.py EXTENSION` writes them; with `--check` it fails when they are not up to date.
"""

import argparse
import difflib
import itertools
import sys

import catalog

REFERENCE = catalog.ROOT / "docs" / "functions.md"
README = catalog.ROOT / "README.md"
# What holds for all functions.
GENERAL = (
    "**Tables** are given as text, which may be whatever can stand after `FROM`: a table, a view, a CTE of the query, "
    'a name in quotes or with its schema (`\'"my db"."sales"\'`), a table with a condition (`\'sales WHERE store = 7\'`) or a '
    "query in parentheses (`'(SELECT * FROM sales JOIN stores USING (store))'`).",
    "**Columns** are found under their usual names. A column with another name is named by the parameter of the "
    "usual one: `units := 'qty'`. The tables that most functions share, such as sales and products, then have it under that "
    "name, or are given as a query that renames it.",
    "**Views** over one function are tables for all others: after `CREATE VIEW clean AS FROM launch_clean('sales')`, "
    "`launch_train('clean')` cleans and trains. Only a view over a function in a call of the same function is refused by "
    "DuckDB, as `infinite recursion`: make a table of it first. DuckDB plans a view anew wherever it is read, so a view "
    "over a view, or one that `launch_doctor` looks at, takes seconds to plan: a table of it does not, and "
    "`SET disabled_optimizers = 'projection_pullup'` more than halves them.",
)
START, END = "<!-- functions:start -->", "<!-- functions:end -->"


def cell(text: str) -> str:
    return text.replace("|", "\\|")


def table(header: list[str], rows: list[list[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def section(function: catalog.Function) -> str:
    parts = [f"### {function.name}", f"```sql\n{function.signature}\n```", function.description]
    if function.parameters:
        rows = [
            [f"`{f.name}`", f.sql_type, "" if f.default is None else f"`{cell(f.default)}`", cell(f.text)]
            for f in function.parameters
        ]
        parts.append(table(["parameter", "type", "default", "what it is"], rows))
    if function.columns:
        rows = [[f"`{f.name}`", f.sql_type, cell(f.text)] for f in function.columns]
        parts.append(table(["column", "type", "what it is"], rows))
    if function.returns is not None:
        parts.append(f"Returns {function.returns.sql_type}: {function.returns.text}")
    for example in function.examples:
        parts.append(f"```sql\n{example.rstrip(';')};\n```")
    return "\n\n".join(parts)


def reference(functions: list[catalog.Function]) -> str:
    parts = [
        "# Functions",
        "Generated from `duckdb_functions()` by `make docs`. Parameters with a default are given by name: "
        "`horizon := 26`.",
        *GENERAL,
    ]
    for category, members in itertools.groupby(functions, key=lambda function: function.category):
        parts.append(f"## {category.capitalize()}")
        parts.extend(section(function) for function in members)
    return "\n\n".join(parts) + "\n"


def readme_table(functions: list[catalog.Function]) -> str:
    rows = [
        [f"[`{f.name}`](docs/functions.md#{f.name})", f.category, cell(f.summary)] for f in functions
    ]
    return table(["function", "family", "what it does"], rows)


def readme(functions: list[catalog.Function]) -> str:
    text = README.read_text()
    before, start, rest = text.partition(START)
    _, end, after = rest.partition(END)
    if not start or not end:
        sys.exit(f"README.md needs the lines {START} and {END}")
    return f"{before}{START}\n{readme_table(functions)}\n{END}{after}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("extension")
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()

    functions = [
        function
        for function in catalog.functions(catalog.connect(arguments.extension))
        if not function.name.startswith("__")
    ]
    stale = False
    for path, text in ((REFERENCE, reference(functions)), (README, readme(functions))):
        old = path.read_text() if path.exists() else ""
        if old == text:
            continue
        stale = True
        if arguments.check:
            name = str(path.relative_to(catalog.ROOT))
            changes = difflib.unified_diff(old.splitlines(), text.splitlines(), name, f"{name} (catalog)", lineterm="")
            print("\n".join(changes))
        else:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
            print(f"wrote {path.relative_to(catalog.ROOT)}")
    if arguments.check and stale:
        sys.exit("the documentation does not match the catalog: run make docs")


if __name__ == "__main__":
    main()
