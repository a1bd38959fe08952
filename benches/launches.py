#!/usr/bin/env python3
"""Accuracy of launch forecasts on public data, beside the category mean curve and LightGBM.

Usage: launches.py --data FOLDER [--extension FILE] [--threads N] [--tasks NAME ...] [ARCHITECTURE ...]

Without names of architectures: auto. `naive` is always the first row. FOLDER holds m5, online_retail_ii and
video_game_sales. Needs duckdb, numpy, pandas and lightgbm. Each task prints one table:

    m5             cold start: launches nobody has seen
    online_retail  the same by week, with descriptions
    video_games    attributes to size, one step
    m5_hand_over   the same two months forecast before the launch and 1 to 4 months into it
    m5_backtest    rolling origins
    m5_scale       time and memory of training at 1, 2, 4 and 8 times the launches

    launches.py --data FOLDER --tasks m5 online_retail naive bass analog auto
"""

import argparse
import math
import pathlib
import subprocess
import sys
import time

import duckdb
import lightgbm_reference
from launch_data import M5, ONLINE_RETAIL, VIDEO_GAMES, Task
from scale import ROOT, connect, measured

LEVEL = 0.8
AGES = (0, 1, 2, 3, 4)
# Ages 0 to 4 know at most steps 1 to 4, so these are to come for all of them.
HAND_OVER_STEPS = (6, 7)
SIZES = (1, 2, 4, 8)
# What is sold afterwards; steps whose period has not ended by the end of the data are not scored.
ACTUALS = """
CREATE OR REPLACE TABLE actuals AS
SELECT product_id, step, date, units
FROM launch_history('{sales}', 'candidates', frequency := '{frequency}', horizon := {horizon})
WHERE units IS NOT NULL AND step >= {first_step}
ORDER BY product_id, step
"""
# No launch is left out for LightGBM; launch_train by default leaves out those of the first period of the sales.
PAST = """
SELECT product_id, step, date, units
FROM launch_history('sales', 'products', frequency := '{frequency}', horizon := {horizon}, burn_in := 0)
WHERE units IS NOT NULL AND step >= {first_step}
ORDER BY product_id, step
"""
TRAIN = """
CREATE OR REPLACE TABLE model AS
FROM launch_train('sales', products := 'products', frequency := '{frequency}', horizon := {horizon},
    architecture := '{architecture}')
"""
FORECAST = f"""
CREATE OR REPLACE TABLE forecast AS
FROM launch_forecast('candidates', model := (SELECT model FROM model), level := {LEVEL})
"""
SCORE = """
SELECT
    launch_wape(units, yhat) AS wape, launch_rmsle(units, yhat) AS rmsle, launch_bias(units, yhat) AS bias,
    launch_coverage(units, yhat_lower, yhat_upper) AS coverage80
FROM actuals JOIN forecast USING (product_id, step)
"""


def values(task: Task, **more) -> dict:
    return {"frequency": task.frequency, "horizon": task.horizon, "first_step": task.first_step, **more}


def one_row(database: duckdb.DuckDBPyConnection, sql: str) -> dict:
    cursor = database.execute(sql)
    (row,) = cursor.fetchall()
    return dict(zip((d[0] for d in cursor.description), row, strict=True))


def table(columns: list[str], rows: list[dict]) -> None:
    """Prints rows as a Markdown table; an absent value is an empty cell."""

    def cell(value) -> str:
        if value is None or isinstance(value, float) and math.isnan(value):
            return ""
        return f"{value:.3f}" if isinstance(value, float) else str(value)

    print("| " + " | ".join(columns) + " |")
    print("| " + " | ".join("---" for _ in columns) + " |")
    for row in rows:
        print("| " + " | ".join(cell(row.get(c)) for c in columns) + " |")
    print(flush=True)


def with_naive(architectures: list[str]) -> list[str]:
    return ["naive", *(a for a in architectures if a != "naive")]


def prepare(database: duckdb.DuckDBPyConnection, task: Task, data: pathlib.Path) -> None:
    task.tables(database, data)
    database.execute(ACTUALS.format(sales="all_sales", **values(task)))


def lightgbm(database: duckdb.DuckDBPyConnection, task: Task) -> dict:
    """LightGBM on the tables products, sales and candidates, scored on actuals: the mean figures of several seeds."""
    past = database.execute(PAST.format(**values(task))).df()
    future = database.execute("FROM actuals ORDER BY product_id, step").df()
    figures = []
    for forecast in lightgbm_reference.forecasts(database, past, future):
        database.register("lightgbm_rows", future.assign(yhat=forecast))
        database.execute("""
            CREATE OR REPLACE TABLE forecast AS
            SELECT product_id, step, yhat, NULL::DOUBLE AS yhat_lower, NULL::DOUBLE AS yhat_upper FROM lightgbm_rows
        """)
        figures.append(one_row(database, SCORE))
    means = {c: sum(f[c] for f in figures) / len(figures) for c in ("wape", "rmsle", "bias")}
    return {"architecture": "LightGBM", **means}


def cold_start(task: Task, options: argparse.Namespace) -> None:
    """Trains at one origin, forecasts the launches after it."""
    database = connect(options)
    prepare(database, task, options.data)
    sizes = database.execute("""
        SELECT (SELECT count(*) FROM products), (SELECT count(*) FROM candidates), (SELECT count(*) FROM actuals)
    """).fetchall()[0]
    print(f"## {task.title}\n")
    print(f"{sizes[0]:,} launches to learn from, {sizes[1]:,} to forecast, {sizes[2]:,} steps of them scored\n")
    rows = []
    for architecture in with_naive(options.architectures):
        started = time.monotonic()
        database.execute(TRAIN.format(**values(task, architecture=architecture)))
        trained = time.monotonic()
        database.execute(FORECAST)
        rows.append({
            "architecture": architecture, **scored(database),
            "train seconds": trained - started, "forecast seconds": time.monotonic() - trained,
        })  # fmt: skip
    rows.append(lightgbm(database, task))
    table(["architecture", "wape", "rmsle", "bias", "coverage80", "train seconds", "forecast seconds"], rows)


def scored(database: duckdb.DuckDBPyConnection) -> dict:
    """The figures of the table forecast; every row of actuals must have a forecast."""
    missing = database.execute("""
        SELECT count(*) FROM actuals ANTI JOIN (FROM forecast WHERE yhat IS NOT NULL) USING (product_id, step)
    """).fetchall()[0][0]
    if missing:
        raise RuntimeError(f"{missing} steps to score have no forecast")
    return one_row(database, SCORE)


def hand_over(options: argparse.Namespace) -> None:
    """Forecasts of months 6 and 7 at each age: the number of months known, the part month of the launch among them.

    Each launch is forecast on the first day of a month, from the sales before it; launches of one month together.
    """
    database = connect(options)
    prepare(database, M5, options.data)
    steps = ", ".join(map(str, HAND_OVER_STEPS))
    database.execute(f"DELETE FROM actuals WHERE step NOT IN ({steps})")
    database.execute("ALTER TABLE candidates RENAME TO all_candidates")
    months = [m for (m,) in database.execute(
        "SELECT DISTINCT date_trunc('month', launch_date)::DATE FROM all_candidates ORDER BY ALL"
    ).fetchall()]  # fmt: skip
    print(f"## M5: hand-over, months {steps} forecast at each age\n")
    rows = [{"architecture": "last month known", "age": age, **one_row(database, last_month(age))} for age in AGES[1:]]
    for architecture in with_naive(options.architectures):
        database.execute(TRAIN.format(**values(M5, architecture=architecture)))
        for age in AGES:
            database.execute("CREATE OR REPLACE TABLE forecasts (product_id VARCHAR, step INTEGER, yhat DOUBLE, "
                             "yhat_lower DOUBLE, yhat_upper DOUBLE, own_weight DOUBLE)")  # fmt: skip
            for month in months:
                database.execute(forecast_of_month(month, age))
            database.execute("CREATE OR REPLACE TABLE forecast AS FROM forecasts")
            weight = one_row(database, f"SELECT avg(own_weight) AS own_weight FROM forecast WHERE step IN ({steps})")
            rows.append({"architecture": architecture, "age": age, **scored(database), **weight})
    table(["architecture", "age", "wape", "rmsle", "bias", "coverage80", "own_weight"], rows)


def forecast_of_month(month, age: int) -> str:
    """The launches of a month, with what they had sold `age` months after its first day; at age 0 nothing."""
    launched = f"date_trunc('month', launch_date) = DATE '{month}'"
    return f"""
        CREATE OR REPLACE TABLE candidates AS FROM all_candidates WHERE {launched};
        CREATE OR REPLACE TABLE so_far AS
        FROM all_sales SEMI JOIN candidates USING (product_id) WHERE date < DATE '{month}' + INTERVAL {age} MONTH;
        INSERT INTO forecasts
        SELECT product_id, step, yhat, yhat_lower, yhat_upper, own_weight
        FROM launch_forecast('candidates', model := (SELECT model FROM model), sales := 'so_far', level := {LEVEL})
    """


def last_month(age: int) -> str:
    """The reference at an age: what was sold in the last month known, the first one taken for a full month."""
    return f"""
        WITH forecast AS (
            SELECT
                product_id,
                units / CASE WHEN {age} = 1 THEN (last_day(launch_date) - launch_date + 1) / day(last_day(launch_date))
                ELSE 1 END AS yhat
            FROM launch_history('all_sales', 'all_candidates', frequency := '{M5.frequency}', horizon := {M5.horizon})
            WHERE step = {age}
        )
        SELECT launch_wape(units, yhat) AS wape, launch_rmsle(units, yhat) AS rmsle, launch_bias(units, yhat) AS bias
        FROM actuals JOIN forecast USING (product_id)
    """


def backtest(options: argparse.Namespace) -> None:
    """Rolling origins over the launches before 2014, all their sales; the five default cutoffs, pooled by launches."""
    database = connect(options)
    M5.tables(database, options.data)
    database.execute("""
        CREATE OR REPLACE TABLE products AS FROM all_products WHERE launch_date < DATE '2014-01-01';
        CREATE OR REPLACE TABLE sales AS FROM all_sales SEMI JOIN products USING (product_id);
    """)
    started = time.monotonic()
    database.execute(f"""
        CREATE TABLE origins AS
        FROM launch_backtest('sales', products := 'products', frequency := '{M5.frequency}', horizon := {M5.horizon},
            architectures := {with_naive(options.architectures)[1:]}, level := {LEVEL})
    """)
    took = time.monotonic() - started
    refused = database.execute("SELECT DISTINCT architecture, reason FROM origins WHERE status <> 'ok'").fetchall()
    if refused:
        raise RuntimeError(f"refused: {refused}")
    lightgbm_origins(database)
    pooled = "round(sum(launches * {0}) / sum(launches), 3) AS {0}"
    cursor = database.execute(f"""
        SELECT architecture, sum(launches)::INTEGER AS launches,
            {", ".join(pooled.format(c) for c in ("wape", "rmsle", "bias"))}, {pooled.format("coverage")}80
        FROM origins GROUP BY architecture ORDER BY architecture <> 'naive', architecture = 'LightGBM', architecture
    """)
    columns = [d[0] for d in cursor.description]
    print(f"## M5: rolling origins\n\nfive cutoffs, {took:.0f} s in all\n")
    table(columns, [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()])


def lightgbm_origins(database: duckdb.DuckDBPyConnection) -> None:
    """Adds LightGBM to the table origins: at each cutoff it learns from the sales before it."""
    database.execute("""
        CREATE TABLE every_product AS FROM products;
        CREATE TABLE every_sale AS FROM sales;
    """)
    cutoffs = [c for (c,) in database.execute("SELECT DISTINCT cutoff FROM origins ORDER BY cutoff").fetchall()]
    task = Task(M5.title, M5.tables, M5.frequency, M5.horizon)
    for cutoff, following in zip(cutoffs, [*cutoffs[1:], "2200-01-01"], strict=True):
        database.execute(f"""
            CREATE OR REPLACE TABLE products AS FROM every_product WHERE launch_date < DATE '{cutoff}';
            CREATE OR REPLACE TABLE sales AS
            FROM every_sale SEMI JOIN products USING (product_id) WHERE date < DATE '{cutoff}';
            CREATE OR REPLACE TABLE candidates AS
            FROM every_product WHERE launch_date >= DATE '{cutoff}' AND launch_date < DATE '{following}';
        """)
        database.execute(ACTUALS.format(sales="every_sale", **values(task)))
        row = lightgbm(database, task)
        launches = database.execute("SELECT count(*) FROM candidates").fetchall()[0][0]
        database.execute(
            "INSERT INTO origins BY NAME SELECT ? AS architecture, ?::DATE AS cutoff, ? AS launches, ? AS wape, "
            "? AS rmsle, ? AS bias",
            ["LightGBM", cutoff, launches, row["wape"], row["rmsle"], row["bias"]],
        )


def scale(options: argparse.Namespace) -> None:
    """Trains on 1, 2, 4 and 8 times the launches, each in a process of its own."""
    print("## M5: time and memory of training\n")
    print("| architecture | launches | rows of sales | seconds | MiB above | model MiB | validation wape |", flush=True)
    print("| --- | --- | --- | --- | --- | --- | --- |", flush=True)
    for architecture in options.architectures:
        for copies in SIZES:
            arguments = ["--data", options.data, "--extension", options.extension, "--threads", options.threads]
            command = [sys.executable, __file__, *arguments, "--copies", copies, architecture]
            subprocess.run(list(map(str, command)), check=True)
    print(flush=True)


def scale_once(options: argparse.Namespace) -> None:
    """Copies of the launches differ in price (up to 10 %), day of the launch month and, by a fifth, in units."""
    database = connect(options)
    M5.tables(database, options.data)
    database.execute(f"""
        CREATE TABLE copies AS SELECT unnest(range({options.copies})) AS copy;
        CREATE OR REPLACE TABLE sales AS
        SELECT
            product_id || ' ' || copy AS product_id, date,
            CASE WHEN copy = 0 THEN units
            ELSE round(units * (0.8 + 0.4 * (hash(product_id, date, copy) % 1000) / 1000)) END AS units
        FROM sales, copies ORDER BY ALL;
        CREATE OR REPLACE TABLE products AS
        SELECT * EXCLUDE copy REPLACE (
            product_id || ' ' || copy AS product_id,
            price * CASE WHEN copy = 0 THEN 1 ELSE 0.9 + 0.2 * (hash(product_id, copy) % 1000) / 1000 END AS price,
            CASE WHEN copy = 0 THEN launch_date
            ELSE date_trunc('month', launch_date)::DATE + (hash(copy, product_id) % 28)::INTEGER END AS launch_date
        )
        FROM products, copies ORDER BY ALL;
        DROP TABLE all_sales;
        DROP TABLE priced;
    """)
    (architecture,) = options.architectures
    rows_of_sales = database.execute("SELECT count(*) FROM sales").fetchall()[0][0]
    training = TRAIN.format(**values(M5, architecture=architecture)).split(" AS\n", 1)[1]
    (row,), seconds, above = measured(database, training)
    model, _, _, _, _, launches, _, validation_wape, _, _, status, reason = row
    if status != "ok":
        raise RuntimeError(f"{architecture}: {reason}")
    print(
        f"| {architecture} | {launches:,} | {rows_of_sales:,} | {seconds:.1f} | {above:.0f} "
        f"| {len(model) / 2**20:.1f} | {validation_wape:.3f} |",
        flush=True,
    )


TASKS = {
    "m5": lambda options: cold_start(M5, options),
    "online_retail": lambda options: cold_start(ONLINE_RETAIL, options),
    "video_games": lambda options: cold_start(VIDEO_GAMES, options),
    "m5_hand_over": hand_over,
    "m5_backtest": backtest,
    "m5_scale": scale,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("architectures", nargs="*", metavar="ARCHITECTURE", help="default: auto")
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--extension", type=pathlib.Path, default=ROOT / "build/release/launchpad.duckdb_extension")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=list(TASKS))
    parser.add_argument("--copies", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.architectures = options.architectures or ["auto"]
    if options.copies:
        scale_once(options)
        return
    for task in options.tasks:
        TASKS[task](options)


if __name__ == "__main__":
    main()
