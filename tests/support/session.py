"""DuckDBs with the extension loaded, one for each client of a socket, driven by JSON lines.

Request:  {"connection": 0, "sql": "..."}
Answer:   {"columns": 2, "rows": [["1", "NULL"]]} or {"error": "..."}

Started by tests/sql.rs: `python session.py EXTENSION SOCKET`. The extension is loaded once: each client gets a fork of
the process that loaded it, so that a test file costs no LOAD and yet has a database of its own. Ends with its standard
input.
"""

import json
import os
import select
import signal
import socket
import sys
import traceback

import duckdb

# A fork takes no threads with it, so there are none before: each database starts its own.
NO_THREADS = {"threads": 1, "async_threads": 0}


def open_database(extension: str) -> duckdb.DuckDBPyConnection:
    unsigned = {"allow_unsigned_extensions": "true", "autoinstall_known_extensions": "false"}
    database = duckdb.connect(config=unsigned | NO_THREADS)
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


def serve(database: duckdb.DuckDBPyConnection, client: socket.socket) -> None:
    for setting in NO_THREADS:
        database.execute(f"RESET {setting}")
    connections: dict[int, duckdb.DuckDBPyConnection] = {}
    stream = client.makefile("rw", encoding="utf-8", newline="\n")
    for line in stream:
        request = json.loads(line)
        connection = connections.setdefault(request["connection"], database.cursor())
        try:
            answer = run(connection, request["sql"])
        except duckdb.Error as error:
            # Without the place in the query, which is not the text of the test.
            answer = {"error": str(error).split("\n\nLINE ")[0]}
        print(json.dumps(answer), file=stream, flush=True)


def main() -> None:
    database = open_database(sys.argv[1])
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(sys.argv[2])
    listener.listen()
    # No one waits for the forks.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    print("ready", flush=True)
    while True:
        ready, _, _ = select.select([listener, sys.stdin], [], [])
        if sys.stdin in ready:
            os.unlink(sys.argv[2])
            return
        client, _ = listener.accept()
        if os.fork() == 0:
            listener.close()
            try:
                serve(database, client)
            except BaseException:
                traceback.print_exc()
            finally:
                # Without taking down what only the process that was forked set up.
                sys.stderr.flush()
                os._exit(0)
        client.close()


if __name__ == "__main__":
    main()
