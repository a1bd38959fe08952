#!/usr/bin/env python3
"""Seconds of training and of what is asked of a model at the size of a marketplace, and how they grow.

Usage: marketplace.py [--extension FILE] [--threads N] [--eighths N ...] [ARCHITECTURE ...]

Made-up data by month: 24,540 launches with a category of 71, a price and a weight, ten months each, and 8,375 candidates;
--eighths takes so many eighths of both (default: 1 2 4 8). Without names of architectures: analog gbm. With analog: a
forecast of all candidates, 50 scenarios each (3.35 million rows), their total, their comparables, and a backtest at two cutoffs.
"""

import argparse
import pathlib
import time

from scale import ROOT, connect

WORLD = """
CREATE OR REPLACE TABLE products AS
SELECT
    i AS product_id, DATE '2022-01-01' + (i % 700)::INTEGER AS launch_date, 'c' || (hash(i) % 71) AS category,
    5 + (hash(i, 1) % 1000) / 10 AS price, (hash(i, 2) % 50)::DOUBLE AS weight
FROM range({launches}) t(i);
CREATE OR REPLACE TABLE sales AS
SELECT
    product_id, (date_trunc('month', launch_date) + to_months(month::INTEGER))::DATE AS date,
    floor(-ln((hash(product_id, month) % 10000 + 0.5) / 10000) * (1 + hash(product_id) % 5))::DOUBLE AS units
FROM products, range(10) t(month)
UNION ALL SELECT -1, DATE '2021-10-01' + (30 * month)::INTEGER, 5 FROM range(40) t(month);
CREATE OR REPLACE TABLE candidates AS
SELECT
    100000 + i AS product_id, DATE '2024-03-01' AS launch_date, 'c' || (hash(i) % 71) AS category,
    5 + (hash(i, 1) % 1000) / 10 AS price, 3.0 AS weight
FROM range({candidates}) t(i);
"""
ASKED = {
    "forecast": "SELECT count(*) FROM launch_forecast('candidates', (SELECT model FROM analog))",
    "scenarios": "SELECT count(*), sum(units) FROM launch_scenarios('candidates', (SELECT model FROM analog), n := 50)",
    "total": "FROM launch_total('candidates', (SELECT model FROM analog))",
    "comparables": "SELECT count(*) FROM launch_comparables('candidates', (SELECT model FROM analog))",
    "backtest": """
        SELECT count(*) FROM launch_backtest(
            'sales', products := 'products', frequency := 'month', horizon := 8, architectures := ['analog'],
            cutoffs := [DATE '2023-01-01', DATE '2023-06-01']
        )
    """,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("architectures", nargs="*", default=["analog", "gbm"])
    parser.add_argument("--extension", type=pathlib.Path, default=ROOT / "build/release/launchpad.duckdb_extension")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--eighths", type=int, nargs="+", default=[1, 2, 4, 8])
    options = parser.parse_args()
    database = connect(options)

    def seconds(query: str) -> str:
        start = time.perf_counter()
        database.execute(query).fetchall()
        return f"{time.perf_counter() - start:.1f}"

    for eighths in options.eighths:
        launches = 24_540 * eighths // 8
        database.execute(WORLD.format(launches=launches, candidates=8_375 * eighths // 8))
        found = {}
        for architecture in options.architectures:
            found[f"train {architecture}"] = seconds(f"""
                CREATE OR REPLACE TABLE {architecture} AS
                FROM launch_train('sales', products := 'products', frequency := 'month', horizon := 8, architecture := '{architecture}')
            """)
        if "analog" in options.architectures:
            found |= {name: seconds(query) for name, query in ASKED.items()}
        print(f"{launches} launches: " + ", ".join(f"{name} {taken}" for name, taken in found.items()), flush=True)


if __name__ == "__main__":
    main()
