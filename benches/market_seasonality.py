#!/usr/bin/env python3
"""Does the season that launch_seasonality finds hold in the year after? Measured on M5's monthly sales.

Usage: market_seasonality.py --data FOLDER [--extension FILE] [LEVEL ...]. FOLDER/m5 has
monthly_sales_2011-01_2016-04.parquet with the columns item_id, store_id, dept_id, cat_id, month, sales. Needs duckdb
and numpy. A LEVEL is what a season is looked for by: cat_id, dept_id, dept_store, item_id; all by default.

The season is learned from 2011-02 to 2015-03. Then the sales per day of each key from 2015-04 to 2016-03, of products
that sold in both these months, are compared with their mean times the index. The figure is the absolute error over the
sales, by key and month. Beside launch_seasonality:

    none     an index of 1
    years    mean ratio to the mean of each year, with one year's weight on 1; growth within the year stays in
    classic  mean ratio to the centred 12-month moving average, not shrunk (classical decomposition)
    all      launch_seasonality of all products together, for every key
"""

import argparse
import calendar
import pathlib
import sys
import time
import warnings

import duckdb
import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent.parent
LEVELS = ("cat_id", "dept_id", "dept_store", "item_id")
FIRST = (2011, 2)
TRAIN = 50  # months, to 2015-03
MONTHS = 62  # to 2016-03

DATA = """
CREATE TABLE sales AS
SELECT item_id || '_' || store_id AS product_id, month::DATE AS date, sales::DOUBLE AS units
FROM read_parquet('{file}') WHERE month >= DATE '2011-02-01' AND month < DATE '2016-04-01' AND sales > 0;
CREATE TABLE products AS
SELECT DISTINCT item_id || '_' || store_id AS product_id, item_id, cat_id, dept_id, dept_id || '_' || store_id AS dept_store
FROM read_parquet('{file}');
"""


def months():
    """Calendar month (from 0) and days of each month of the data."""
    numbers = [FIRST[0] * 12 + FIRST[1] - 1 + i for i in range(MONTHS)]
    return np.array([n % 12 for n in numbers]), np.array([calendar.monthrange(n // 12, n % 12 + 1)[1] for n in numbers])


def by_key(units, keys, count):
    """Sums over the products of each key."""
    sums = np.zeros((count, units.shape[1]))
    np.add.at(sums, keys, units)
    return sums


def years(units, keys, count, month, days):
    """Whole years counted back from the last month; a product counts that sold in the first and last month of one."""
    ratios = np.ones((count, 12))
    seen = np.ones((count, 1))
    for end in range(TRAIN, 11, -12):
        year = units[:, end - 12 : end]
        steady = (year[:, 0] > 0) & (year[:, -1] > 0)
        rate = by_key(year[steady], keys[steady], count) / days[end - 12 : end]
        mean = rate.mean(axis=1, keepdims=True)
        known = mean[:, 0] > 0
        ratios[np.ix_(known, month[end - 12 : end])] += rate[known] / mean[known]
        seen[known] += 1
    return ratios / seen


def classic(units, keys, count, month, days):
    """Ratios to the centred moving average of products that sold at both ends, normalised."""
    train = units[:, :TRAIN]
    steady = (train[:, :2] > 0).any(axis=1) & (train[:, -2:] > 0).any(axis=1)
    rate = by_key(train[steady], keys[steady], count) / days[:TRAIN]
    weights = np.array([0.5] + [1] * 11 + [0.5]) / 12
    trend = np.apply_along_axis(lambda r: np.convolve(r, weights, "valid"), 1, rate)
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # keys without sales have no ratio
        ratio = rate[:, 6 : TRAIN - 6] / trend
        index = np.stack([np.nanmean(ratio[:, month[6 : TRAIN - 6] == m], axis=1) for m in range(12)], axis=1)
        index /= index.mean(axis=1, keepdims=True)
    return np.where(np.isfinite(index), index, 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--extension", default=ROOT / "build/release/launchpad.duckdb_extension")
    parser.add_argument("levels", nargs="*", default=LEVELS)
    arguments = parser.parse_args()
    database = duckdb.connect(config={"allow_unsigned_extensions": "true"})
    database.execute(f"LOAD '{arguments.extension}'")
    database.execute(DATA.format(file=arguments.data / "m5" / "monthly_sales_2011-01_2016-04.parquet"))
    month, days = months()
    ids = database.sql("SELECT product_id FROM products ORDER BY product_id").fetchnumpy()["product_id"]
    sold = database.sql(
        "SELECT product_id, 12 * year(date) + month(date) - 1 AS number, units FROM sales"
    ).fetchnumpy()
    units = np.zeros((len(ids), MONTHS))
    units[np.searchsorted(ids, sold["product_id"]), sold["number"] - (FIRST[0] * 12 + FIRST[1] - 1)] = sold["units"]
    test = units[:, TRAIN:]
    steady = (test[:, 0] > 0) & (test[:, -1] > 0)
    for level in arguments.levels:
        names = database.sql(f"SELECT {level} AS name FROM products ORDER BY product_id").fetchnumpy()["name"]
        labels, keys = np.unique(names, return_inverse=True)
        started = time.perf_counter()
        found = database.sql(f"""
            SELECT key, period, season_index FROM launch_seasonality(
                '(FROM sales WHERE date < DATE ''2015-04-01'')', products := 'products', by := '{level}', frequency := 'month')
            WHERE status = 'ok'
        """).fetchall()
        seconds = time.perf_counter() - started
        whole = np.ones(12)
        for key, period, index in found:
            if key is None:
                whole[period - 1] = index
        own = np.tile(whole, (len(labels), 1))
        place = {label: i for i, label in enumerate(labels)}
        for key, period, index in found:
            if key is not None:
                own[place[key], period - 1] = index
        indices = {
            "none": np.ones((len(labels), 12)),
            "years": years(units, keys, len(labels), month, days),
            "classic": classic(units, keys, len(labels), month, days),
            "all": np.tile(whole, (len(labels), 1)),
            "launch_seasonality": own,
        }
        rate = by_key(test[steady], keys[steady], len(labels)) / days[TRAIN:]
        print(f"\n{level}: {len(labels)} keys, {seconds:.1f} s")
        errors = {}
        for name, index in indices.items():
            shape = index[:, month[TRAIN:]]
            shape = shape / shape.mean(axis=1, keepdims=True)
            errors[name] = np.abs(rate - rate.mean(axis=1, keepdims=True) * shape) * days[TRAIN:]
        total = (rate * days[TRAIN:]).sum(axis=1)
        rows = [("all keys", slice(None))] + ([(str(label), [i]) for i, label in enumerate(labels)] if len(labels) <= 10 else [])
        print(f"{'key':14}" + "".join(f"{name:>20}" for name in errors))
        for label, which in rows:
            print(f"{label:14}" + "".join(f"{e[which].sum() / total[which].sum():20.4f}" for e in errors.values()))
        sys.stdout.flush()


if __name__ == "__main__":
    main()
