#!/usr/bin/env python3
"""Time and memory of training and forecasting at scale, on generated sales.

Usage: scale.py [--extension FILE] [--rows N ...] [--architecture NAME] [--threads N] [--memory-limit SIZE] [--forecast]

Without options: trains on 1.25, 2.5, 5, 10 and 20 million sales rows, then forecasts 100,000 candidates from 1,000
launches. Nine tenths of the rows are of products that sell all the time; a fifth as many products are launched inside
the data (20,000 of them in 10 million rows). The sales lie in memory before the measurement begins; `above` is how far
the process's memory rises above that while it trains (Linux: VmHWM). Each size runs in a process of its own.
"""

import argparse
import pathlib
import subprocess
import sys
import time

import duckdb

ROOT = pathlib.Path(__file__).resolve().parent.parent
SIZES = (1_250_000, 2_500_000, 5_000_000, 10_000_000, 20_000_000)
WEEKS = 100
TARGET_MIB = 1024
TARGET_SECONDS = 10

# A launch sells 200 * size of its category * brand * (price / 10) ^ -0.8, 5 % less each week, with noise by product.
PRODUCTS = """
CREATE TABLE products AS
SELECT
    'P' || lpad(i::VARCHAR, 8, '0') AS product_id, i, i % 11 < 2 AS launched,
    CASE WHEN i % 11 < 2 THEN 4 + (i * 7919) % 92 ELSE 0 END AS start,
    'category ' || (i * 31) % 20 AS category, 'brand ' || (i * 17) % 100 AS brand, (i * 13) % 3 = 0 AS organic,
    5 + ((i * 101) % 2000) / 100 AS price
FROM range($products) t(i)
"""
SALES = f"""
CREATE TABLE sales AS
SELECT
    product_id, DATE '2022-01-03' + (7 * week)::INTEGER AS date,
    round(200 * (1 + (i * 31) % 20) / 10 * (1 + (i * 17) % 100 / 200) * pow(price / 10, -0.8)
        * pow(0.95, least(week - start, 40)) * (0.7 + ((i * 7 + week * 3) % 61) / 100)) AS units,
    price
FROM products, range({WEEKS}) t(week)
WHERE week >= start
"""
TRAIN = """
FROM launch_train('sales', products := '(SELECT product_id, category, brand, organic, price FROM products)',
    architecture := '{}')
"""


def memory(field: str) -> float:
    """MiB of this process: VmRSS now, VmHWM at its highest."""
    for line in pathlib.Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"no {field} in /proc/self/status")


def forget_peak() -> None:
    pathlib.Path("/proc/self/clear_refs").write_text("5")


def connect(options: argparse.Namespace) -> duckdb.DuckDBPyConnection:
    database = duckdb.connect(config={"allow_unsigned_extensions": "true"})
    database.execute(f"LOAD '{options.extension}'")
    database.execute(f"SET threads = {options.threads}")
    return database


def load(database: duckdb.DuckDBPyConnection, rows: int) -> int:
    database.execute(PRODUCTS.replace("$products", str(round(rows / 91.6))))
    database.execute(SALES)
    return database.sql("SELECT count(*) FROM sales").fetchall()[0][0]


def measured(database: duckdb.DuckDBPyConnection, sql: str) -> tuple[list, float, float]:
    """Rows, seconds, and MiB above what was in use before."""
    forget_peak()
    before = memory("VmRSS")
    started = time.monotonic()
    rows = database.sql(sql).fetchall()
    return rows, time.monotonic() - started, memory("VmHWM") - before


def train(options: argparse.Namespace, rows: int) -> None:
    database = connect(options)
    rows = load(database, rows)
    data = memory("VmRSS")
    if options.memory_limit:
        database.execute(f"SET memory_limit = '{options.memory_limit}'")
    parts = "SELECT count(*) FROM __launch_training('sales', 'products', 'week', 13, 'product_id', 'date', 'units', 'price', 'launch_date', 1)"
    # The preparation of the launches runs first by itself, so that the model's own share can be told.
    _, prepared, prepared_above = measured(database, parts)
    (row,), seconds, above = measured(database, TRAIN.format(options.architecture))
    launches, observations, status = row[5], row[6], row[10]
    verdict = "" if above <= TARGET_MIB else f"  ABOVE {TARGET_MIB} MiB"
    print(
        f"{rows:>11,} rows  data {data:6.0f} MiB  {launches:>6,} launches  {observations:>9,} observed  {status}  "
        f"preparing {prepared:5.1f} s {prepared_above:5.0f} MiB  training {seconds:5.1f} s, {above:5.0f} MiB above, "
        f"model {len(row[0]) / 2**20:.1f} MiB{verdict}",
        flush=True,
    )


def forecast(options: argparse.Namespace) -> None:
    database = connect(options)
    load(database, 500_000)
    database.execute(f"CREATE TABLE model AS {TRAIN.format(options.architecture)}")
    launches, size = database.sql("SELECT launches, octet_length(model) FROM model").fetchall()[0]
    database.execute("""
        CREATE TABLE candidates AS
        SELECT 'N' || range AS product_id, DATE '2024-01-01' + (range % 300)::INTEGER AS launch_date, category, brand, organic, price
        FROM range(100000) JOIN products ON i = range % 5000
    """)
    sql = "SELECT count(*), count(yhat) FROM launch_forecast('candidates', model := (SELECT model FROM model))"
    (row,), seconds, above = measured(database, sql)
    verdict = "" if seconds <= TARGET_SECONDS else f"  MORE THAN {TARGET_SECONDS} s"
    print(
        f"100,000 candidates from {launches:,} launches (model {size / 2**20:.1f} MiB): {row[0]:,} rows, {row[1]:,} with "
        f"a forecast  {seconds:.1f} s, {above:.0f} MiB above{verdict}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--extension", type=pathlib.Path, default=ROOT / "build/release/launchpad.duckdb_extension")
    parser.add_argument("--rows", type=int, nargs="+", default=SIZES)
    parser.add_argument("--architecture", default="analog")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--memory-limit", help="as in SET memory_limit, such as 2GB; set after the data are loaded")
    parser.add_argument("--forecast", action="store_true", help="measure forecasting alone")
    parser.add_argument("--only", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.forecast:
        forecast(options)
    elif options.only:
        train(options, options.only)
    else:
        for rows in options.rows:
            subprocess.run([sys.executable, __file__, *sys.argv[1:], "--only", str(rows)], check=True)
        if len(sys.argv) == 1:
            subprocess.run([sys.executable, __file__, "--forecast"], check=True)


if __name__ == "__main__":
    main()
