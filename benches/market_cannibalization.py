#!/usr/bin/env python3
"""What launches took from their neighbours in public data, beside launches that never were.

Usage: market_cannibalization.py --data FOLDER [--extension FILE] [--threads N] [--tasks NAME ...]

FOLDER holds m5 and blp_autos; planted and scale need none. Needs duckdb, numpy and pandas.
Each task prints tables for the launches in the data, and the same for a placebo: products that sold all the time get a
launch date drawn from a hash of their name, and the products that were truly launched are left out. A placebo should
show nothing: as many intervals beside 0 as the level of 0.9 allows.

    m5_weeks   sales of single stores by week, 2015-03 to 2016-05; key: department in a store
    m5_months  sales of all stores by month, 2011 to 2016; key: department
    blp_firms, blp_classes
               car models by model year, 1971 to 1990, a year as a month; key: firm, and size class
    planted    200 generated keys whose launches take 0.3 of their units from one neighbour: how often intervals hold it
    scale      time and memory of a marketplace of 71 keys: 2,500 launches among as many old products, and 2, 4 and 8
               times as many; with single neighbours up to 4 times
"""

import argparse
import pathlib

import numpy
import pandas
from scale import ROOT, connect, measured

M5_WEEKS = """
CREATE TABLE items AS
SELECT item_id || store_id AS product_id, store_id || ' ' || dept_id AS shelf, dept_id AS part,
    CASE WHEN NOT on_sale_at_start THEN launch_week END AS launch_date
FROM read_parquet('{data}/m5/launches.parquet');
CREATE TABLE sales AS
SELECT item_id || store_id AS product_id, date_trunc('week', date)::DATE AS date, sum(sales)::DOUBLE AS units
FROM read_parquet('{data}/m5/daily_sales_2015-03-03_2016-05-22.parquet') WHERE date < '2016-05-16' GROUP BY ALL
"""
M5_MONTHS = """
CREATE TABLE items AS
SELECT item_id AS product_id, any_value(dept_id) AS shelf, any_value(dept_id) AS part,
    CASE WHEN NOT bool_or(on_sale_at_start) THEN min(launch_week) END AS launch_date
FROM read_parquet('{data}/m5/launches.parquet') GROUP BY item_id;
CREATE TABLE sales AS
SELECT item_id AS product_id, month::DATE AS date, sum(sales)::DOUBLE AS units
FROM read_parquet('{data}/m5/monthly_sales_2011-01_2016-04.parquet')
WHERE month BETWEEN '2011-02-01' AND '2016-03-01' GROUP BY ALL
"""
# Shares of all households, in millionths; a model is a name in clustering_ids without its year.
BLP = """
CREATE TABLE cars AS
SELECT regexp_replace(clustering_ids, '[0-9]+$', '') || firm_ids AS product_id,
    make_date(2000 + (market_ids - 1971) // 12, (market_ids - 1971) % 12 + 1, 1) AS date, 1e6 * shares AS units,
    firm_ids,
    CASE WHEN space < 1.15 THEN 'small' WHEN space < 1.4 THEN 'middle' ELSE 'large' END AS class
FROM read_csv('{data}/blp_autos/blp_products.csv');
CREATE TABLE sales AS SELECT product_id, date, sum(units) AS units FROM cars GROUP BY ALL;
CREATE TABLE items AS
SELECT product_id, {key} AS shelf, 'all' AS part, NULL::DATE AS launch_date FROM cars GROUP BY ALL
"""
PLACEBO = """
CREATE TABLE placebo AS
SELECT product_id, shelf, part,
    CASE WHEN drawn THEN '{first}'::DATE + (hash(product_id) % {days})::INTEGER ELSE '{start}' END AS launch_date
FROM (
    SELECT items.*, hash(product_id, 7) % {one_in} = 0 AS drawn
    FROM items JOIN (SELECT product_id, min(date) AS first FROM sales WHERE units > 0 GROUP BY ALL) USING (product_id)
    WHERE first < '{settled}' AND (launch_date IS NULL OR launch_date < '{settled}')
)
"""
RUN = """
CREATE OR REPLACE TABLE result AS
FROM launch_cannibalization('sales', '{products}', by := 'shelf', neighbours := true, {options})
"""
SUMMARY = """
SELECT part, count(*) AS launches, sum((upper < 0)::INT) AS losses, sum((lower > 0)::INT) AS gains,
    round(median(change), 4) AS median_change, round(sum(gross_units)) AS gross,
    (SELECT count(*) FROM result AS r WHERE r.status = 'ok' AND r.affected = 'product'
        AND regexp_extract(r.key::VARCHAR, '{part}') = part) AS pairs,
    (SELECT round(avg((upper < 0)::INT), 3) FROM result AS r WHERE r.status = 'ok' AND r.affected = 'product'
        AND regexp_extract(r.key::VARCHAR, '{part}') = part) AS pair_losses,
    (SELECT round(avg((lower > 0)::INT), 3) FROM result AS r WHERE r.status = 'ok' AND r.affected = 'product'
        AND regexp_extract(r.key::VARCHAR, '{part}') = part) AS pair_gains
FROM (SELECT *, regexp_extract(key::VARCHAR, '{part}') AS part FROM result)
WHERE affected = 'category' AND product_id IS NOT NULL AND status = 'ok'
GROUP BY part ORDER BY part
"""
# The keys of a part together by inverse variance, as if they were independent.
POOLED = """
SELECT part, count(*) AS keys, sum((upper < 0)::INT) AS losses, sum((lower > 0)::INT) AS gains,
    round(sum(units_change / width ** 2 * gross_units) / sum(gross_units ** 2 / width ** 2), 2) AS per_unit,
    round(1 / sqrt(sum(gross_units ** 2 / width ** 2)), 2) AS error
FROM (
    SELECT *, regexp_extract(key::VARCHAR, '{part}') AS part, (upper - change) / 2.015 * units_change / change AS width
    FROM result WHERE product_id IS NULL AND affected = 'category' AND status = 'ok' AND change <> 0
)
GROUP BY part ORDER BY part
"""
KEYS = """
SELECT key, periods, round(change, 4) AS change, round(lower, 4) AS lower, round(upper, 4) AS upper,
    round(units_change / gross_units, 2) AS per_unit,
    round(lower / change * units_change / gross_units, 2) AS per_unit_lower,
    round(upper / change * units_change / gross_units, 2) AS per_unit_upper, reason
FROM result WHERE product_id IS NULL AND affected = 'category' AND status = 'ok' ORDER BY key
"""
COVERED = """
SELECT what, count(*) AS intervals, round(avg((truth BETWEEN low AND high)::INTEGER), 3) AS covered,
    round(avg((NOT 0 BETWEEN low AND high)::INTEGER), 3) AS beside_zero,
    round(sum(units_change) / sum(gross_units), 3) AS per_unit, any_value(truth) AS truth
FROM (
    SELECT *, units_change * lower / change / gross_units AS low, units_change * upper / change / gross_units AS high,
        CASE WHEN product_id IS NULL THEN 'all launches of a key' WHEN affected = 'category' THEN 'neighbours together'
        WHEN affected_id LIKE '%-0' THEN 'neighbour that lost' ELSE 'other neighbour' END AS what,
        CASE what WHEN 'other neighbour' THEN 0 ELSE -0.3 END AS truth
    FROM result WHERE status = 'ok' AND change <> 0 AND coalesce(affected_id, '') NOT LIKE '%new%'
)
GROUP BY what ORDER BY what
"""
TASKS = {
    "m5_weeks": (
        M5_WEEKS, "horizon := 8", "[A-Z]+_[0-9]$",
        {"first": "2015-09-07", "days": 200, "start": "2015-03-02", "settled": "2015-03-09", "one_in": 50},
    ),
    "m5_months": (
        M5_MONTHS, "frequency := 'month', horizon := 3, before := 18", "[A-Z]+_[0-9]$",
        {"first": "2013-06-01", "days": 900, "start": "2011-02-01", "settled": "2011-09-01", "one_in": 10},
    ),
    "blp_firms": (
        BLP.replace("{key}", "min(firm_ids)"), "frequency := 'month', horizon := 1, before := 3", "^.*$",
        {"first": "2000-05-01", "days": 450, "start": "2000-01-01", "settled": "2000-02-01", "one_in": 3},
    ),
    "blp_classes": (
        BLP.replace("{key}", "arg_min(class, date)"), "frequency := 'month', horizon := 1, before := 3", "^.*$",
        {"first": "2000-05-01", "days": 450, "start": "2000-01-01", "settled": "2000-02-01", "one_in": 3},
    ),
}
SCALE = """
CREATE TABLE products AS
SELECT 'n' || i AS product_id, NULL::DATE AS launch_date, 'K' || i % 71 AS category FROM range({items}) t(i)
UNION ALL
SELECT 'new' || i, DATE '2021-01-04' + 7 * (hash(i) % 60)::INTEGER, 'K' || i % 71 FROM range({items}) t(i);
CREATE TABLE sales AS
SELECT product_id, DATE '2020-01-06' + 7 * w::INTEGER AS date, hash(product_id, w) % 50 AS units
FROM products, range(120) t(w) WHERE launch_date IS NULL OR DATE '2020-01-06' + 7 * w::INTEGER >= launch_date
"""


def show(database, sql: str) -> None:
    result = database.execute(sql)
    names = [column[0] for column in result.description]
    rows = [["" if v is None else str(v) for v in row] for row in result.fetchall()]
    widths = [max(map(len, column)) for column in zip(names, *rows)]
    for row in [names, *rows]:
        print("  ".join(v.rjust(w) for v, w in zip(row, widths)))


def run(options: argparse.Namespace, name: str) -> None:
    sql, arguments, part, placebo = TASKS[name]
    database = connect(options)
    database.execute(sql.format(data=options.data))
    database.execute(PLACEBO.format(**placebo))
    for products in ("items", "placebo"):
        _, seconds, above = measured(database, RUN.format(products=products, options=arguments))
        print(f"\n{name} {products}: {seconds:.1f} s, {above:.0f} MiB above the data")
        show(database, SUMMARY.format(part=part))
        show(database, POOLED.format(part=part) if name == "m5_weeks" else KEYS)


def scale(options: argparse.Namespace) -> None:
    for times in (1, 2, 4, 8):
        for neighbours in ("false", "true"):
            if neighbours == "true" and times == 8:
                continue
            database = connect(options)
            database.execute(SCALE.format(items=2500 * times))
            sold = database.sql("SELECT count(*) FROM sales").fetchall()[0][0]
            rows, seconds, above = measured(
                database,
                f"SELECT count(*) FROM launch_cannibalization('sales', 'products', neighbours := {neighbours})",
            )
            print(
                f"scale: {2500 * times} launches, {sold} sales, neighbours := {neighbours}: {rows[0][0]} rows, "
                f"{seconds:.1f} s, {above:.0f} MiB above the data"
            )


def planted(options: argparse.Namespace) -> None:
    """Counts with a season common to all, and errors of 20 % that hang together from week to week."""
    for launches in (1, 3):
        random = numpy.random.default_rng(launches)
        weeks = numpy.arange(160)
        season = 1 + 0.4 * numpy.sin(weeks / 52 * 2 * numpy.pi)

        def noise() -> numpy.ndarray:
            errors = random.normal(0, 0.2, len(weeks))
            for week in weeks[1:]:
                errors[week] = 0.5 * errors[week - 1] + 0.75**0.5 * errors[week]
            return numpy.exp(errors)

        sales, products = [], []
        for key in range(250):
            taken, starts = numpy.zeros(len(weeks)), []
            if key < 200:
                starts = random.integers(70, 150, launches)
            for number, start in enumerate(starts):
                mean = numpy.where(weeks >= start, 100 * 0.95 ** (weeks - start), 0)
                taken += 0.3 * mean
                products.append((f"{key}-new{number}", key))
                sold = random.poisson(mean * season * noise())
                sales += [(f"{key}-new{number}", w, u) for w, u in zip(weeks[start:], sold[start:])]
            for number in range(6):
                products.append((f"{key}-{number}", key))
                sold = random.poisson(numpy.maximum(100 - (taken if number == 0 else 0), 0) * season * noise())
                sales += [(f"{key}-{number}", w, u) for w, u in zip(weeks, sold)]
        database = connect(options)
        frames = {
            "sold": pandas.DataFrame(sales, columns=["product_id", "week", "units"]),
            "products": pandas.DataFrame(products, columns=["product_id", "category"]),
        }
        for name, frame in frames.items():
            database.register(name, frame)
        database.execute(
            "CREATE TABLE sales AS SELECT product_id, DATE '2020-01-06' + 7 * week::INTEGER AS date, units FROM sold"
        )
        database.execute("CREATE TABLE result AS FROM launch_cannibalization('sales', 'products', neighbours := true)")
        print(f"\nplanted, {launches} launches per key: share of 0.9 intervals that hold the truth, and the mean estimate")
        show(database, COVERED)


OWN = {"planted": planted, "scale": scale}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=pathlib.Path)
    parser.add_argument("--extension", default=ROOT / "build" / "release" / "launchpad.duckdb_extension")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--tasks", nargs="*", default=[*TASKS, *OWN], choices=[*TASKS, *OWN])
    options = parser.parse_args()
    for name in options.tasks:
        if name in OWN:
            OWN[name](options)
        else:
            run(options, name)


if __name__ == "__main__":
    main()
