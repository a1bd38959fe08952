"""A DuckDB with the extension loaded, driven by JSON lines on standard input.

Request:  {"connection": 0, "sql": "..."}
Answer:   {"columns": 2, "rows": [["1", "NULL"]]} or {"error": "..."}

Started by tests/sql.rs, one process per test file: `python session.py EXTENSION`.
"""

import json
import sys

import duckdb


def open_database(extension: str) -> duckdb.DuckDBPyConnection:
    database = duckdb.connect(config={"allow_unsigned_extensions": "true", "autoinstall_known_extensions": "false"})
    # A table name in a test must never find a Python variable of this file.
    database.execute("SET python_enable_replacements = false")
    database.execute(f"LOAD '{extension}'")
    return database


def shown(value: str | None) -> str:
    """As DuckDB's own test runner writes values."""
    if value is None:
        return "NULL"
    return value if value else "(empty)"


def run(connection: duckdb.DuckDBPyConnection, sql: str) -> dict:
    # DuckDB turns the values into text, not Python; around the query, as a relation over it would be planned twice.
    if sql.lstrip().lower().startswith(("select", "from", "with", "values", "(")):
        found = connection.execute(f"SELECT COLUMNS(*)::VARCHAR FROM (\n{sql.rstrip().rstrip(';')}\n)")
    else:
        relation = connection.sql(sql)
        if relation is None:
            return {"columns": 0, "rows": []}
        found = relation.project("COLUMNS(*)::VARCHAR")
    columns = len(found.description)
    return {"columns": columns, "rows": [[shown(value) for value in row] for row in found.fetchall()]}


def main() -> None:
    database = open_database(sys.argv[1])
    connections: dict[int, duckdb.DuckDBPyConnection] = {}
    for line in sys.stdin:
        request = json.loads(line)
        connection = connections.setdefault(request["connection"], database.cursor())
        try:
            answer = run(connection, request["sql"])
        except duckdb.Error as error:
            # Without the place in the query, which is not the text of the test.
            answer = {"error": str(error).split("\n\nLINE ")[0]}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
