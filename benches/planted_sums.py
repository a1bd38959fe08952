#!/usr/bin/env python3
"""Do the intervals of sums hold where past launches are few, and for variants launched together? Made-up shops, known truth.

Usage: planted_sums.py [--extension FILE] [--threads N] [--worlds N]

Each world is drawn anew: launches of two categories with a level of their own (log-normal, standard deviation 0.6), a curve
that falls by 15 % a week and gamma noise. Of each world the past launches train a model of architecture analog and 12 later
ones are added up over 8 weeks. Prints the share of sums inside the 80 % interval of launch_total: of all 12 and by category
for 6, 15 and 30 past launches; and for 45 past styles in four sizes each, of which 15 are launched later, by style and by size.
"""

import argparse
import datetime
import pathlib

import duckdb
import numpy as np
import pandas as pd
from scale import ROOT, connect

HORIZON = 8
START = datetime.date(2022, 1, 3)
SIZES = {"S": 0.2, "M": 0.35, "L": 0.3, "XL": 0.15}


def week(number: int) -> datetime.date:
    return START + datetime.timedelta(weeks=int(number))


def launch(random: np.random.Generator, name: str, at: int, level: float) -> list[tuple]:
    units = random.poisson(level * 0.85 ** np.arange(12) * random.gamma(5, 0.2, 12))
    return [(name, week(at + step), float(sold)) for step, sold in enumerate(units)]


def shop(random: np.random.Generator, past: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Single products: category 0 sells less than category 1."""
    weeks = [*np.sort(random.choice(np.arange(4, 90), past, replace=False)), *np.sort(random.integers(99, 110, 12))]
    products, sales = [], []
    for number, at in enumerate(weeks):
        category = int(random.integers(2))
        products.append((f"p{number}", week(at), "uv"[category], round(float(np.exp(random.uniform(1, 4))), 2)))
        sales += launch(random, f"p{number}", at, np.exp(4 + 0.5 * category + random.normal(0, 0.6)))
    return pd.DataFrame(products, columns=["product_id", "launch_date", "category", "price"]), table(sales)


def styles(random: np.random.Generator) -> tuple[pd.DataFrame, pd.DataFrame]:
    """60 styles in four sizes: a style has one level, of which each size has a share."""
    products, sales = [], []
    for number in range(60):
        at, level = (4 + 2 * number if number < 45 else 100 + number - 45), random.lognormal(3.5, 0.7)
        for size, share in SIZES.items():
            name = f"s{number:02} | {size}"
            products.append((name, week(at), f"s{number:02}", size))
            sales += launch(random, name, at, level * share)
    return pd.DataFrame(products, columns=["product_id", "launch_date", "style", "size"]), table(sales)


def table(sales: list[tuple]) -> pd.DataFrame:
    old = [("old", week(number), 9.0) for number in range(140)]
    return pd.DataFrame(sales + old, columns=["product_id", "date", "units"])


def inside(database: duckdb.DuckDBPyConnection, products: pd.DataFrame, sales: pd.DataFrame, columns: list) -> list[np.ndarray]:
    """Whether the sums of the later launches lie inside their intervals, for all together and by each column."""
    origin = week(99)
    database.register("known", products[products.launch_date < origin])
    database.register("known_sales", sales[sales.date < origin])
    later = products[products.launch_date >= origin]
    database.register("later", later)
    database.execute(f"""
        CREATE OR REPLACE TABLE model AS
        FROM launch_train('known_sales', products := 'known', horizon := {HORIZON}, architecture := 'analog')
    """)
    sold = sales.merge(later, on="product_id")
    sold = sold[(pd.to_datetime(sold.date) - pd.to_datetime(sold.launch_date)).dt.days < 7 * HORIZON]
    found = []
    for column in columns:
        by = "NULL" if column is None else f"'{column}'"
        sums = database.execute(f"FROM launch_total('later', (SELECT model FROM model), by := {by})").df()
        truth = pd.Series({None: sold.units.sum()}) if column is None else sold.groupby(column).units.sum()
        units = sums.key.map(lambda key: truth[key if column else None]).to_numpy()
        found.append((units >= sums.units_lower.to_numpy()) & (units <= sums.units_upper.to_numpy()))
    return found


def share(found: list[np.ndarray]) -> str:
    found = np.concatenate(found)
    return f"{found.mean():.2f} of {len(found)}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--extension", type=pathlib.Path, default=ROOT / "build/release/launchpad.duckdb_extension")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--worlds", type=int, default=24)
    options = parser.parse_args()
    database = connect(options)
    for past in (6, 15, 30):
        worlds = [inside(database, *shop(np.random.default_rng(seed), past), [None, "category"]) for seed in range(options.worlds)]
        print(f"{past} past launches: all {share([w[0] for w in worlds])}, by category {share([w[1] for w in worlds])}", flush=True)
    worlds = [inside(database, *styles(np.random.default_rng(seed)), [None, "style", "size"]) for seed in range(options.worlds)]
    print(f"styles in four sizes: all {share([w[0] for w in worlds])}, by style {share([w[1] for w in worlds])}, by size {share([w[2] for w in worlds])}")


if __name__ == "__main__":
    main()
