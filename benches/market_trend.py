#!/usr/bin/env python3
"""Accuracy, speed and memory of launch_trend on public series.

Usage: market_trend.py --data FOLDER [--extension FILE] [--threads N] [--tasks NAME ...] [METHOD ...]

Without names of methods: auto, beside naive, seasonal_naive and naive2 where a task needs them. FOLDER holds m5, m4 and
tourism. Needs duckdb and numpy. Each task prints one line per method:

    m5        6 months of 2,000 monthly item-store series (56 months known)
    m5_scale  all 30,490 of them, and 1/8, 1/4 and 1/2: time and memory
    m4        weekly (13 steps) and hourly (48 steps) series of the M4 competition, as the competition scores them
    tourism   monthly (24 steps) series of the tourism competition
    short     6 months of the latest 18 to 45 months alone: M5 items and departments by store and tourism, from four origins inside
              what the tasks above learn from, and made-up series with a season of 30 %, growth, or neither
"""

import argparse
import pathlib
import subprocess
import sys
import time

import duckdb
import numpy
from scale import ROOT, connect, measured

# Published: Makridakis, Spiliotis, Assimakopoulos 2020, The M4 competition (its score file).
PUBLISHED = {
    "weekly": {"Naive2": (9.161, 2.777), "Theta": (9.093, 2.637), "best of all entries": (6.582, 2.107)},
    "hourly": {"Naive2": (18.383, 2.395), "Theta": (18.138, 2.455), "best of all entries": (8.913, 0.801)},
}
SHARES = (1 / 8, 1 / 4, 1 / 2, 1)


def monthly(database: duckdb.DuckDBPyConnection, data: pathlib.Path) -> None:
    database.execute(f"""
        CREATE TABLE monthly AS
        SELECT item_id || '_' || store_id AS series, month::DATE AS date, sales::DOUBLE AS value
        FROM '{data}/m5/monthly_sales_2011-01_2016-04.parquet'
        WHERE month >= DATE '2011-02-01' AND month < DATE '2016-04-01'
    """)


def scored(database: duckdb.DuckDBPyConnection, name: str, method: str, horizon: int, frequency: str, season: int) -> None:
    """Forecast the table train and compare with the table test; both have series, date, value."""
    started = time.monotonic()
    database.execute(f"""
        CREATE OR REPLACE TABLE forecast AS
        FROM launch_trend('train', series := 'series', value := 'value', frequency := '{frequency}', horizon := {horizon},
            method := '{method}', season := {season}, aggregate := 'sum')
    """)
    seconds = time.monotonic() - started
    rows = database.sql("""
        SELECT
            launch_wape(value, yhat) AS wape, launch_smape(value, yhat) AS smape,
            launch_coverage(value, yhat_lower, yhat_upper) AS coverage, count(yhat) AS n, count(DISTINCT series) AS series
        FROM test JOIN forecast USING (series, date)
    """).fetchall()[0]
    wape, smape, coverage, count, series = rows
    print(
        f"{name:32} {method:16} WAPE {wape:.4f}  sMAPE {100 * smape:.3f}  coverage80 {coverage:.3f}  {count:,} values  "
        f"{series / seconds:,.0f} series/s",
        flush=True,
    )


def m5(options: argparse.Namespace) -> None:
    database = connect(options)
    monthly(database, options.data)
    database.execute("""
        CREATE TABLE chosen AS SELECT DISTINCT series FROM monthly ORDER BY md5(series) LIMIT 2000;
        CREATE TABLE train AS FROM monthly JOIN chosen USING (series) WHERE date < DATE '2015-10-01' ORDER BY ALL;
        CREATE TABLE test AS FROM monthly JOIN chosen USING (series) WHERE date >= DATE '2015-10-01' ORDER BY ALL;
    """)
    for method in options.methods or ("auto", "ets", "theta", "seasonal_naive"):
        scored(database, "m5", method, 6, "month", 12)


def m5_scale(options: argparse.Namespace) -> None:
    if options.share is None:
        for share in SHARES:
            subprocess.run([sys.executable, __file__, "--share", str(share), *sys.argv[1:]], check=True)
        return
    database = connect(options)
    monthly(database, options.data)
    database.execute(f"""
        CREATE TABLE chosen AS
        SELECT series FROM (SELECT DISTINCT series FROM monthly) ORDER BY md5(series) LIMIT {round(30_490 * options.share)};
        CREATE TABLE train AS FROM monthly JOIN chosen USING (series) WHERE date < DATE '2015-10-01' ORDER BY ALL;
    """)
    method = (options.methods or ["auto"])[0]
    sql = f"""
        SELECT count(DISTINCT series), count(yhat)
        FROM launch_trend('train', series := 'series', value := 'value', frequency := 'month', horizon := 6, method := '{method}')
    """
    ((series, forecasts),), seconds, above = measured(database, sql)
    print(f"{series:>7,} series  {forecasts:>8,} forecasts  {seconds:5.1f} s  {series / seconds:,.0f} series/s  {above:,.0f} MiB above", flush=True)


def m4(options: argparse.Namespace) -> None:
    """MASE and sMAPE by series, then their means; scaled by the in-sample error of (seasonal) naive with m = 1 and 24."""
    database = connect(options)
    for name, horizon, scale, seasons in (("weekly", 13, 1, {52: "week"}), ("hourly", 48, 24, {24: "day"})):
        for entry, (smape, mase) in PUBLISHED[name].items():
            print(f"m4 {name:7} {entry:26} sMAPE {smape:7.3f}  MASE {mase:6.3f}  (published)")
        database.execute(f"CREATE OR REPLACE TABLE raw AS FROM '{options.data}/m4/{name}.parquet'")
        lengths = dict(database.sql("SELECT series, count(*) FROM raw WHERE split = 'train' GROUP BY series").fetchall())
        series = database.sql(
            "SELECT series, list(value ORDER BY split DESC, t) FROM raw GROUP BY series ORDER BY series"
        ).fetchall()
        for season, frequency in seasons.items():
            # All series end together: launch_trend forecasts from the end of the table on.
            step = "7 * " if frequency == "week" else ""
            database.execute(f"""
                CREATE OR REPLACE TABLE train AS
                SELECT series, DATE '2100-01-04' + ({step}(t - max(t) OVER (PARTITION BY series)))::INTEGER AS date, value
                FROM raw WHERE split = 'train'
            """)
            for method in options.methods or ("naive2", "theta", "auto"):
                started = time.monotonic()
                found = dict(database.sql(f"""
                    SELECT series, list(yhat ORDER BY step)
                    FROM launch_trend('train', series := 'series', value := 'value', frequency := '{frequency}',
                        horizon := {horizon}, method := '{method}', season := {season}, aggregate := 'sum')
                    GROUP BY series
                """).fetchall())
                seconds = time.monotonic() - started
                smape, mase = [], []
                for key, values in series:
                    n = lengths[key]
                    past, actual = numpy.array(values[:n]), numpy.array(values[n:])
                    forecast = numpy.array(found[key])
                    error = numpy.abs(actual - forecast)
                    smape.append(200 * numpy.mean(error / (numpy.abs(actual) + numpy.abs(forecast))))
                    mase.append(numpy.mean(error) / numpy.mean(numpy.abs(past[scale:] - past[:-scale])))
                label = f"{method}, season {season}"
                print(
                    f"m4 {name:7} {label:26} sMAPE {numpy.mean(smape):7.3f}  MASE {numpy.mean(mase):6.3f}  "
                    f"{len(series) / seconds:,.0f} series/s",
                    flush=True,
                )


def tourism(options: argparse.Namespace) -> None:
    database = connect(options)
    database.execute(f"""
        CREATE TABLE raw AS
        SELECT series, value, split, t,
            DATE '2000-01-01' + to_months((t - max(t) FILTER (split = 'train') OVER (PARTITION BY series))::INTEGER) AS date
        FROM '{options.data}/tourism/tourism.parquet' SEMI JOIN (
            FROM '{options.data}/tourism/tourism_meta.parquet' WHERE period = 'MONTHLY'
        ) USING (series);
        CREATE TABLE train AS SELECT series, date::DATE AS date, value FROM raw WHERE split = 'train';
        CREATE TABLE test AS SELECT series, date::DATE AS date, value FROM raw WHERE split = 'test';
    """)
    for method in options.methods or ("auto", "ets", "theta", "seasonal_naive"):
        scored(database, "tourism", method, 24, "month", 12)


def planted(kind: str) -> list[numpy.ndarray]:
    """80 series of 51 months: what is wrong where growth or chance is taken for a season, or hides one."""
    found, months = [], numpy.arange(51)
    for seed in range(80):
        random = numpy.random.default_rng([seed, len(kind)])
        noise = random.normal(0, 0.08 if kind == "random walk" else 0.06, len(months))
        season = 1 + 0.3 * numpy.sin(2 * numpy.pi * (months + seed) / 12)
        found.append({
            "season": 400 * season * numpy.exp(noise),
            "season, 1 % a month": 400 * 1.01**months * season * numpy.exp(noise),
            "season, 2 % a month": 400 * 1.02**months * season * numpy.exp(noise),
            "season, -2 % a month": 4000 * 0.98**months * season * numpy.exp(noise),
            "random walk": 400 * numpy.exp(numpy.cumsum(noise)),
            "noise": 400 * numpy.exp(3 * noise),
        }[kind].round())
    return found


PLANTED = ("season", "season, 1 % a month", "season, 2 % a month", "season, -2 % a month", "random walk", "noise")


def short(options: argparse.Namespace) -> None:
    database = connect(options)
    monthly(database, options.data)
    real = {
        "m5 items": "FROM monthly WHERE date < DATE '2015-10-01' AND series IN (SELECT DISTINCT series FROM monthly ORDER BY md5(series) LIMIT 300)",
        "m5 departments": """SELECT regexp_extract(series, '^([A-Z]+_[0-9])', 1) || right(series, 5) AS series, date, sum(value) AS value
            FROM monthly WHERE date < DATE '2015-10-01' GROUP BY ALL""",
        "tourism": f"""SELECT series, t AS date, value FROM '{options.data}/tourism/tourism.parquet' SEMI JOIN (
            FROM '{options.data}/tourism/tourism_meta.parquet' WHERE period = 'MONTHLY' ORDER BY md5(series) LIMIT 150
            ) USING (series) WHERE split = 'train'""",
    }
    values = {name: [numpy.array(row[1]) for row in database.sql(
        f"SELECT series, list(value ORDER BY date) FROM ({sql}) GROUP BY series ORDER BY series").fetchall()] for name, sql in real.items()}
    values |= {kind: planted(kind) for kind in PLANTED}
    horizon = 6
    for name, all_series in values.items():
        for length in (18, 24, 30, 36, 45):
            train, test = [], []
            for number, series in enumerate(all_series):
                for back in (0, 3, 6, 9) if name in real else (51 - length - horizon,):
                    known = series[: len(series) - back][-(length + horizon):]
                    if len(known) == length + horizon:
                        key = f"{number} {back}"
                        train += [(key, month, value) for month, value in enumerate(known[:length])]
                        test += [(key, length + month, value) for month, value in enumerate(known[length:])]
            for table, rows in (("train", train), ("test", test)):
                keys, months, numbers = zip(*rows)
                database.register("rows_", {"series": numpy.array(keys), "month": numpy.array(months), "value": numpy.array(numbers, float)})
                database.execute(f"""
                    CREATE OR REPLACE TABLE {table} AS
                    SELECT series, (DATE '2015-01-01' + to_months(month::INTEGER))::DATE AS date, value FROM rows_
                """)
            for method in options.methods or ["auto"]:
                scored(database, f"{name}, {length} months", method, horizon, "month", 12)


TASKS = {"m5": m5, "m5_scale": m5_scale, "m4": m4, "tourism": tourism, "short": short}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--extension", type=pathlib.Path, default=ROOT / "build/release/launchpad.duckdb_extension")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=["m5", "m4", "tourism"])
    parser.add_argument("--share", type=float, help=argparse.SUPPRESS)
    parser.add_argument("methods", nargs="*", metavar="METHOD")
    options = parser.parse_args()
    for task in options.tasks if options.share is None else ["m5_scale"]:
        TASKS[task](options)


if __name__ == "__main__":
    main()
