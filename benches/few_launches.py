#!/usr/bin/env python3
"""Are expected units true in sum where past launches are few? Samples of real launches, and made-up shops.

Usage: few_launches.py [--data FOLDER] [--extension FILE] [--threads N] [--tasks NAME ...] [--sizes N ...] [--worlds N] [ARCHITECTURE ...]

Without names of architectures: analog. FOLDER holds m5 and online_retail_ii; without it only the made-up shops are tried.

    real     at the dates at which 50, 60, 70, 80 and 90 % of the launches had begun, four samples of N launches known then (40, 80,
             160 and 320) are learned from, and at most 600 of the launches up to the next date are forecast
    made up  80 past launches (30 or 300 where the name says so) of three categories, normal levels of standard deviation 0.6, a fall
             of 10 % a step and Poisson noise; 100 later launches of the same law are forecast over six weeks. `other` names what differs

Prints for each the sum of all expected units over that of all units sold, less 1, and the mean of |ln(expected / sold)| over samples
or worlds: how far a single sum is off.
"""

import argparse
import datetime
import pathlib

import duckdb
import numpy as np
import pandas as pd
from launch_data import M5, M5_STORES, ONLINE_RETAIL
from scale import ROOT, connect

TASKS = {"m5": M5, "m5_stores": M5_STORES, "online_retail": ONLINE_RETAIL}
SHARES, DRAWS, MOST = (0.5, 0.6, 0.7, 0.8, 0.9), 4, 600
WEEKS, SPAN, LATER = 6, 100, 100


def sums(database: duckdb.DuckDBPyConnection, frequency: str, horizon: int, architecture: str) -> tuple[float, float]:
    """Expected and sold units of the table `candidates`, of a model of `known` and `known_sales`; the truth is in `truth`."""
    database.execute(f"""
        CREATE OR REPLACE TABLE model AS
        FROM launch_train(
            'known_sales', products := 'known', frequency := '{frequency}', horizon := {horizon}, architecture := '{architecture}')
    """)
    return database.execute("""
        SELECT sum(mean), sum(units) FROM launch_forecast('candidates', model := (SELECT model FROM model))
        JOIN truth USING (product_id, step) WHERE mean IS NOT NULL AND units IS NOT NULL
    """).fetchall()[0]


def real(database: duckdb.DuckDBPyConnection, task, data: pathlib.Path, size: int, architecture: str) -> list[tuple[float, float]]:
    task.tables(database, data)
    database.execute(f"""
        CREATE TABLE truth AS
        SELECT product_id, step, units
        FROM launch_history('sales', 'products', frequency := '{task.frequency}', horizon := {task.horizon})
    """)
    products = database.execute("SELECT product_id, launch_date FROM products ORDER BY ALL").df()
    days = products.launch_date.sort_values(ignore_index=True)
    origins = sorted({days[int(share * len(days))] for share in SHARES})
    found = []
    for number, (origin, end) in enumerate(zip(origins, [*origins[1:], days.iloc[-1] + pd.Timedelta(days=1)])):
        past = products.product_id[products.launch_date < origin].values
        later = products.product_id[(products.launch_date >= origin) & (products.launch_date < end)].values
        for draw in range(DRAWS if size < len(past) else 1):
            random = np.random.default_rng([number, draw, size])
            chosen = random.choice(past, size, replace=False) if size < len(past) else past
            asked = random.choice(later, MOST, replace=False) if len(later) > MOST else later
            database.register("chosen", pd.DataFrame({"product_id": chosen}))
            database.register("asked", pd.DataFrame({"product_id": asked}))
            database.execute(f"""
                CREATE OR REPLACE TABLE known AS FROM products SEMI JOIN chosen USING (product_id) ORDER BY ALL;
                CREATE OR REPLACE TABLE known_sales AS
                FROM sales SEMI JOIN chosen USING (product_id)
                WHERE date < date_trunc('{task.frequency}', DATE '{origin.date()}') ORDER BY ALL;
                CREATE OR REPLACE TABLE candidates AS FROM products SEMI JOIN asked USING (product_id) ORDER BY ALL
            """)
            found.append(sums(database, task.frequency, task.horizon, architecture))
    return found


def shop(seed: int, past=80, levels=(3, 4, 5), spread=0.6, heavy=False, slope=0.0, drift=0.0, zeros=0.0, useless=0) -> dict[str, pd.DataFrame]:
    random = np.random.default_rng([seed, past])
    count = past + LATER
    category = random.integers(0, len(levels), count)
    noise = np.clip(random.standard_t(3, count) / np.sqrt(3), -5, 5) if heavy else random.normal(size=count)
    price = np.exp(random.normal(3, 0.5, count))
    begun = np.r_[np.sort(random.integers(2, SPAN - 2, past)), np.full(LATER, SPAN)]
    level = np.array(levels)[category] + spread * noise + slope * (np.log(price) - 3) + drift * begun / SPAN
    curve = level[:, None] - 0.1 * np.arange(WEEKS) + 0.2 * random.normal(size=(count, WEEKS))
    units = random.poisson(np.exp(curve)) * (random.random((count, WEEKS)) >= zeros)
    week = [datetime.date(2021, 1, 4) + datetime.timedelta(weeks=int(w)) for w in range(SPAN + WEEKS)]
    products = pd.DataFrame({
        "product_id": np.arange(count), "launch_date": [week[w] for w in begun], "category": [f"c{c}" for c in category],
        "price": price.round(2),
    } | {f"useless_{n}": random.normal(size=count).round(3) for n in range(useless)})
    sales = [(i, week[begun[i] + s], float(units[i, s])) for i in range(past) for s in range(WEEKS) if begun[i] + s < SPAN]
    truth = [(i, s + 1, float(units[i, s])) for i in range(past, count) for s in range(WEEKS)]
    return {
        "known": products[:past], "known_sales": pd.DataFrame(sales, columns=["product_id", "date", "units"]),
        "candidates": products[past:], "truth": pd.DataFrame(truth, columns=["product_id", "step", "units"]),
    }


SHOPS = {
    "three categories": {},
    "three categories, 30 launches": {"past": 30},
    "three categories, 300 launches": {"past": 300},
    "categories alike": {"levels": (4, 4, 4)},
    "heavy tails, one category": {"levels": (4,), "spread": 0.8, "heavy": True},
    "price matters": {"slope": -1.0},
    "six useless attributes": {"useless": 6},
    "level falls by 40 %": {"drift": -0.5},
    "level rises by 65 %": {"drift": 0.5},
    "30 % of the weeks are 0": {"zeros": 0.3},
}


def show(name: str, found: list[tuple[float, float]]) -> None:
    expected, sold = np.array(found).T
    print(f"{name:42} bias {expected.sum() / sold.sum() - 1:+.3f}, mean |ln| {np.abs(np.log(expected / sold)).mean():.3f} of {len(found)}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=pathlib.Path)
    parser.add_argument("--extension", type=pathlib.Path, default=ROOT / "build/release/launchpad.duckdb_extension", help="the built extension")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--tasks", nargs="*", choices=TASKS, default=list(TASKS))
    parser.add_argument("--sizes", nargs="*", type=int, default=[40, 80, 160, 320])
    parser.add_argument("--worlds", type=int, default=16)
    parser.add_argument("architectures", nargs="*", default=["analog"])
    options = parser.parse_args()
    for architecture in options.architectures or ["analog"]:
        for name, kind in SHOPS.items():
            found = []
            for seed in range(options.worlds):
                database = connect(options)
                for table, rows in shop(seed, **kind).items():
                    database.register("rows_", rows)
                    database.execute(f"CREATE TABLE {table} AS FROM rows_")
                found.append(sums(database, "week", WEEKS, architecture))
            show(f"{architecture}, {name}", found)
        for name in options.tasks if options.data else []:
            for size in options.sizes:
                database = connect(options)
                show(f"{architecture}, {name}, {size} launches", real(database, TASKS[name], options.data, size, architecture))


if __name__ == "__main__":
    main()
