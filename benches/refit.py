#!/usr/bin/env python3
"""What refitting is worth on M5: a model never refitted, one always trained anew, and one decided by launch_refit.

Usage: refit.py --data FOLDER [--extension FILE] [--threads N] [--every MONTHS] [--cold] [ARCHITECTURE ...]

Without names: analog and gbm. FOLDER holds m5. The first model is trained on the sales before 2012-07-01. At each later
cutoff, three months apart, each model forecasts the launches from there to the next one, which none has seen:

    never    the first model
    always   launch_train on all sales before the cutoff
    decided  launch_refit of the last decided model with the same sales

--cold refits without a warm start, which matters to networks.

One table per architecture: WAPE of the forecasts by cutoff and of all, what was decided, and the seconds of both trainings.
"""

import argparse
import datetime
import pathlib
import sys
import time

import duckdb
from launch_data import M5
from scale import ROOT, connect

FIRST, LAST = datetime.date(2012, 7, 1), datetime.date(2015, 7, 1)
BEFORE = "(FROM all_sales WHERE date < DATE ''{0}'')", "(FROM all_products WHERE launch_date < DATE ''{0}'')"


def month(start: datetime.date, months: int) -> datetime.date:
    number = start.year * 12 + start.month - 1 + months
    return datetime.date(number // 12, number % 12 + 1, 1)


def train(database: duckdb.DuckDBPyConnection, name: str, architecture: str, cutoff: datetime.date) -> float:
    sales, products = (table.format(cutoff) for table in BEFORE)
    started = time.monotonic()
    database.execute(f"""
        CREATE OR REPLACE TABLE {name} AS FROM launch_train('{sales}', products := '{products}',
            frequency := '{M5.frequency}', horizon := {M5.horizon}, architecture := '{architecture}')
    """)
    return time.monotonic() - started


def refit(database: duckdb.DuckDBPyConnection, cutoff: datetime.date, cold: bool) -> tuple[float, dict]:
    sales, products = (table.format(cutoff) for table in BEFORE)
    started = time.monotonic()
    database.execute(f"""
        CREATE OR REPLACE TABLE refitted AS
        FROM launch_refit((SELECT model FROM decided), '{sales}', products := '{products}', warm_start := {not cold})
    """)
    seconds = time.monotonic() - started
    database.execute("CREATE OR REPLACE TABLE decided AS FROM refitted")
    cursor = database.execute("SELECT * EXCLUDE (model) FROM refitted")
    return seconds, dict(zip((d[0] for d in cursor.description), cursor.fetchall()[0], strict=True))


def errors(database: duckdb.DuckDBPyConnection, name: str, start: datetime.date, end: datetime.date) -> tuple[float, float]:
    """Sum of absolute errors, and of units, of the launches from a day to another."""
    database.execute(f"CREATE OR REPLACE TABLE next AS FROM all_products WHERE launch_date >= '{start}' AND launch_date < '{end}'")
    return database.execute(f"""
        SELECT coalesce(sum(abs(units - yhat)), 0), coalesce(sum(units), 0) FROM (
            SELECT product_id, step, units
            FROM launch_history('all_sales', 'next', frequency := '{M5.frequency}', horizon := {M5.horizon})
            WHERE units IS NOT NULL
        ) JOIN launch_forecast('next', model := (SELECT model FROM {name})) USING (product_id, step)
    """).fetchall()[0]


def compare(database: duckdb.DuckDBPyConnection, architecture: str, every: int, cold: bool) -> None:
    cutoffs = [FIRST]
    while cutoffs[-1] < LAST:
        cutoffs.append(month(cutoffs[-1], every))
    train(database, "never", architecture, cutoffs[0])
    database.execute("CREATE OR REPLACE TABLE decided AS FROM never")
    print(f"## {architecture}\n")
    print("| cutoff | launches after | decision | judged | margin | never | always | decided | train s | refit s |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    total = dict.fromkeys(("never", "always", "decided"), 0.0)
    sold = seconds = refit_seconds = 0.0
    for start, end in zip(cutoffs[1:], [*cutoffs[2:], month(cutoffs[-1], every)], strict=True):
        of_train = train(database, "always", architecture, start)
        of_refit, row = refit(database, start, cold)
        of_cutoff = {name: errors(database, name, start, end) for name in total}
        units = of_cutoff["never"][1]
        launches = database.execute("SELECT count(*) FROM next").fetchall()[0][0]
        if not units:
            continue
        sold, seconds, refit_seconds = sold + units, seconds + of_train, refit_seconds + of_refit
        for name in total:
            total[name] += of_cutoff[name][0]
        wapes = " | ".join(f"{of_cutoff[name][0] / units:.3f}" for name in total)
        margin = "" if row["margin"] is None else f"{row['margin']:.3f}"
        print(f"| {start} | {launches} | {row['decision']} | {row['launches']} | {margin} | {wapes} | {of_train:.1f} | {of_refit:.1f} |", flush=True)
    wapes = " | ".join(f"{total[name] / sold:.4f}" for name in total)
    print(f"| all | | | | | {wapes} | {seconds:.1f} | {refit_seconds:.1f} |\n", flush=True)
    print(f"decided / never {total['decided'] / total['never']:.4f}, decided / always {total['decided'] / total['always']:.4f}\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("architectures", nargs="*")
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--extension", type=pathlib.Path, default=ROOT / "build/release/launchpad.duckdb_extension")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--every", type=int, default=3)
    parser.add_argument("--cold", action="store_true")
    options = parser.parse_args()
    database = connect(options)
    M5.tables(database, options.data)
    for architecture in options.architectures or ["analog", "gbm"]:
        compare(database, architecture, options.every, options.cold)


if __name__ == "__main__":
    sys.exit(main())
