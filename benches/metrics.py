#!/usr/bin/env python3
"""The metrics beside the same formulas in plain SQL: CPU time of each, and their ratio.

Usage: metrics.py [--extension FILE] [--rows N] [--threads N] [METRIC ...]

Two DOUBLE columns of generated actuals and forecasts, a probability and a label, in memory. Each query runs five times,
in turns with its plain formula; the shortest time of each counts. The plain formulas add up doubles, so their last digits
depend on the threads; the metrics do not. Needs duckdb.
"""

import argparse
import pathlib
import resource

import duckdb

ROOT = pathlib.Path(__file__).resolve().parent.parent
ROUNDS = 5
TABLE = """
CREATE TABLE t AS
SELECT
    round(exp((hash(i) % 1000) / 150.0), 2) AS y, exp((hash(i, 1) % 1000) / 150.0) * 0.97 AS f,
    (hash(i, 4) % 100003) / 100003 AS p, hash(i, 3) % 2 = 0 AS happened
FROM range({}) t(i)
"""
# Metric: the plain formula, the call.
FORMULAS = {
    "wape": ("sum(abs(y - f)) / sum(abs(y))", "launch_wape(y, f)"),
    "mae": ("avg(abs(y - f))", "launch_mae(y, f)"),
    "rmse": ("sqrt(avg((y - f) * (y - f)))", "launch_rmse(y, f)"),
    "bias": ("sum(f - y) / sum(y)", "launch_bias(y, f)"),
    "smape": ("avg(2 * abs(y - f) / (abs(y) + abs(f)))", "launch_smape(y, f)"),
    "rmsle": ("sqrt(avg(power(ln(1 + f) - ln(1 + y), 2)))", "launch_rmsle(y, f)"),
    "log_loss": (
        "-avg(ln(least(greatest(CASE WHEN happened THEN p ELSE 1 - p END, 1e-15), 1 - 1e-15)))",
        "launch_log_loss(happened, p)",
    ),
    "brier": ("avg((happened::INTEGER - p) * (happened::INTEGER - p))", "launch_brier(happened, p)"),
    "pinball": ("avg(CASE WHEN y >= f THEN 0.9 * (y - f) ELSE 0.1 * (f - y) END)", "launch_pinball(y, f, 0.9)"),
    "coverage": ("avg((y BETWEEN p AND f)::INTEGER)", "launch_coverage(y, p, f)"),
}


def cpu(database: duckdb.DuckDBPyConnection, expression: str) -> float:
    before = resource.getrusage(resource.RUSAGE_SELF)
    database.execute(f"SELECT {expression} FROM t").fetchall()
    after = resource.getrusage(resource.RUSAGE_SELF)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--extension", default=ROOT / "build/release/launchpad.duckdb_extension")
    parser.add_argument("--rows", type=int, default=20_000_000)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("metrics", nargs="*", metavar="METRIC")
    arguments = parser.parse_args()
    database = duckdb.connect(config={"allow_unsigned_extensions": "true"})
    database.execute(f"LOAD '{pathlib.Path(arguments.extension).resolve()}'")
    database.execute(f"SET threads = {arguments.threads}")
    database.execute(TABLE.format(arguments.rows))
    for metric in arguments.metrics or FORMULAS:
        plain, call = FORMULAS[metric]
        times = [(cpu(database, plain), cpu(database, call)) for _ in range(ROUNDS)]
        plain_time, call_time = (min(column) for column in zip(*times))
        ratio = call_time / plain_time
        print(f"{metric:9} plain {plain_time:6.2f} s  launch_{metric} {call_time:6.2f} s  ratio {ratio:.2f}", flush=True)


if __name__ == "__main__":
    main()
