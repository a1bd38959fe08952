#!/usr/bin/env python3
"""How often launch_drift tells of a drift that is there, and of one that is not, on planted launches.

Usage: drift.py [--extension FILE] [--threads N] [--draws N] [--architecture NAME] [--shock SIZE]

Each draw has 1,200 launches of two years to train on and 400 new ones in the next two quarters, of which nothing has
changed, or one thing:

    nothing   any drift that is told of is false
    share     the share of one of five categories is doubled, from 20 to 40 %
    errors    launches sell more than they did, by half a standard deviation of a launch

Categories have seasons: one of them has twice its share in the last quarter of each year. ln(units) is a level of the category, a
slope on price, noise of the launch (0.6) and of the step (0.3); --shock adds noise that all launches of a half year share.
The model and the tests are made by launch_fit and by the scalar beneath launch_drift, which take launches as they are.
"""

import argparse
import datetime
import pathlib
import sys

import duckdb
import numpy as np
import pandas as pd
from scale import ROOT, connect

START = datetime.date(2022, 1, 1)
CUTOFF = datetime.date(2024, 1, 1)
END = datetime.date(2024, 7, 1)
PAST, NEW, STEPS = 1_200, 400, 4
SHARES = np.array([0.2, 0.2, 0.2, 0.2, 0.2])
DEVIATION = (0.6**2 + 0.3**2 / STEPS) ** 0.5
CASES = ("nothing", "share", "errors")
LAUNCH = """{
    'product_id': product_id, 'launch_date': launch_date, 'units': units,
    'attributes': {'category': category, 'brand': brand, 'organic': organic, 'price': price}, 'covariates': NULL,
    'at_least': NULL
}"""


def draw(rng: np.random.Generator, first: datetime.date, end: datetime.date, count: int, case: str, shock: float) -> pd.DataFrame:
    days = np.sort(rng.integers(0, (end - first).days, count))
    dates = [first + datetime.timedelta(days=int(day)) for day in days]
    shares = np.tile(SHARES, (count, 1))
    shares[[date.month >= 10 for date in dates], 4] *= 2
    if case == "share":
        shares[:, 0] *= 2 * (1 - SHARES[0]) / (1 - 2 * SHARES[0])
    shares /= shares.sum(axis=1, keepdims=True)
    category = (rng.random((count, 1)) > shares.cumsum(axis=1)).sum(axis=1).clip(0, 4)
    price = np.exp(rng.normal(2.5, 0.5, count))
    halves = np.array([date.year * 2 + (date.month > 6) for date in dates])
    shocks = {half: rng.normal(0, shock) for half in np.unique(halves)}
    level = 4 + 0.4 * category - 0.5 * np.log(price) + rng.normal(0, 0.6, count) + [shocks[half] for half in halves]
    if case == "errors":
        level += 0.5 * DEVIATION
    units = np.exp(level[:, None] - 0.1 * np.arange(STEPS) + rng.normal(0, 0.3, (count, STEPS)))
    return pd.DataFrame({
        "product_id": [f"{first:%y}-{i:04d}" for i in range(count)], "launch_date": dates, "units": list(np.round(units)),
        "category": [f"category {c}" for c in category], "brand": [f"brand {b}" for b in rng.integers(0, 12, count)],
        "organic": rng.random(count) < 0.3, "price": price,
    })  # fmt: skip


def told(database: duckdb.DuckDBPyConnection, options: argparse.Namespace, seed: int) -> dict[str, bool]:
    """Of each case, whether its drift was told of; of nothing, whether any was."""
    rng = np.random.default_rng(seed)
    database.register("past_rows", draw(rng, START, CUTOFF, PAST, "nothing", options.shock))
    database.execute("CREATE OR REPLACE TABLE past AS SELECT * REPLACE (launch_date::DATE AS launch_date) FROM past_rows")
    database.execute(f"""
        CREATE OR REPLACE TABLE model AS
        SELECT launch_fit(o.product_id, o.launch_date, o.units, o.attributes, frequency := 'month', horizon := {STEPS},
            architecture := '{options.architecture}') AS model
        FROM (SELECT {LAUNCH} AS o FROM past)
    """)
    answer = {}
    for case in CASES:
        database.register("new_rows", draw(rng, CUTOFF, END, NEW, case, options.shock))
        drifts = database.execute(f"""
            SELECT o.kind, o.feature FROM (
                SELECT unnest(__launch_drift((SELECT model FROM model), (SELECT list({LAUNCH}) FROM (
                    FROM past UNION ALL BY NAME SELECT * REPLACE (launch_date::DATE AS launch_date) FROM new_rows
                )))) AS o
            ) WHERE o.status = 'drift'
        """).fetchall()
        wanted = {"nothing": None, "share": ("attribute", "category"), "errors": ("error", "level")}[case]
        answer[case] = bool(drifts) if wanted is None else wanted in drifts
    return answer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--extension", type=pathlib.Path, default=ROOT / "build/release/launchpad.duckdb_extension")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--draws", type=int, default=100)
    parser.add_argument("--architecture", default="naive")
    parser.add_argument("--shock", type=float, default=0.0)
    options = parser.parse_args()
    database = connect(options)
    counts = dict.fromkeys(CASES, 0)
    for seed in range(options.draws):
        for case, found in told(database, options, seed).items():
            counts[case] += found
    print("| case | told of | draws |\n| --- | --- | --- |")
    for case, count in counts.items():
        print(f"| {case} | {count} | {options.draws} |")


if __name__ == "__main__":
    sys.exit(main())
