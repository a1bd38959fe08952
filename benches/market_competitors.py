#!/usr/bin/env python3
"""Hedonic prices, price positions and competitors on public data, beside simple baselines.

Usage: market_competitors.py --data FOLDER [--extension FILE] [--threads N] [--tasks NAME ...]

FOLDER holds az_laptop_prices/data.csv and blp_autos/blp_products.csv. Needs duckdb. The tasks:

    laptops_position     laptop offers of 16 web shops: held-out titles, expected price beside medians
    laptops_competitors  the same shops as competitors of one of them, by brand
    cars_position        American cars 1971 to 1990: the last year, and held-out models, from their attributes
    cars_own_price       cars dearer than their attributes suggest sell less
    cars_competitors     the other makers as competitors of General Motors
"""

import argparse
import math
import pathlib
import sys
import time

import duckdb
from scale import ROOT, connect

# What a shop calls a laptop: brands and the maker's code are in the titles alone. Texts are cut into words, so that
# equal titles fall into the same fifth.
LAPTOPS = """
CREATE OR REPLACE TABLE laptops AS
SELECT
    source AS competitor, title, price_azn::DOUBLE AS price,
    nullif(
        regexp_extract(lower(title), '(lenovo|asus|acer|apple|macbook|msi|dell|honor|huawei|xiaomi|samsung|hp)', 1), ''
    ) AS brand,
    nullif(regexp_extract(upper(title), '\\(([A-Z0-9][-.A-Z0-9]{{5,}})\\)', 1), '') AS code,
    hash(list_sort(list_distinct(string_split_regex(lower(title), '\\W+')))) AS words
FROM read_csv('{data}/az_laptop_prices/data.csv', all_varchar = true)
WHERE price_azn::DOUBLE > 0
"""

# One model is one line of cars that stayed the same from year to year; a year is read as a month.
CARS = """
CREATE OR REPLACE TABLE cars AS
SELECT
    market_ids AS year, firm_ids AS competitor, car_ids AS product_id, clustering_ids AS model,
    make_date(2000 + (market_ids - 1971) // 12, (market_ids - 1971) % 12 + 1, 1) AS date,
    prices AS price, shares * 1e8 AS units, hpwt, air = 1 AS air, mpd, mpg, space, region,
    firm_ids::VARCHAR AS firm
FROM '{data}/blp_autos/blp_products.csv'
"""

SCORE = """
SELECT
    count(*) AS n, median(abs(ln(price / expected_price))) AS error, median(abs(ln(price / middle))) AS error_median,
    median(abs(ln(price / group_middle))) AS error_group, avg((price BETWEEN lower AND upper)::INTEGER) AS coverage
FROM position
JOIN candidates USING (product_id, price)
CROSS JOIN (SELECT median(price) AS middle FROM offers)
LEFT JOIN (SELECT "{group}", median(price) AS group_middle FROM offers GROUP BY ALL) USING ("{group}")
WHERE status = 'ok'
"""


def show(result: duckdb.DuckDBPyConnection) -> None:
    names = [column[0] for column in result.description]
    print("| " + " | ".join(names) + " |")
    print("|" + " --- |" * len(names))
    for row in result.fetchall():
        print("| " + " | ".join(f"{v:.3f}" if isinstance(v, float) else str(v) for v in row) + " |")
    print()


def score(
    database: duckdb.DuckDBPyConnection, title: str, columns: str, group: str, source: str, held_out: str
) -> None:
    """Candidates are the rows of which `held_out` holds, offers all others."""
    database.execute(
        f"CREATE OR REPLACE TEMP TABLE candidates AS"
        f" SELECT row_number() OVER (ORDER BY price, {columns}) AS product_id, price, {columns}"
        f" FROM {source} WHERE {held_out}"
    )
    database.execute(
        f"CREATE OR REPLACE TEMP TABLE offers AS"
        f" SELECT competitor, price, {columns} FROM {source} WHERE NOT ({held_out})"
    )
    begun = time.perf_counter()
    database.execute("CREATE OR REPLACE TEMP TABLE position AS FROM launch_price_position('candidates', 'offers')")
    seconds = time.perf_counter() - begun
    row = database.execute(SCORE.format(group=group)).fetchone()
    told = database.execute("SELECT min(reason) FROM position WHERE status = 'ok'").fetchone()
    error, overall, by_group = ("" if e is None else f"{100 * math.expm1(e):.1f} %" for e in row[1:4])
    print(f"| {title} | {row[0]} | {error} | {overall} | {by_group} | {row[4]:.3f} | {seconds:.1f} |")
    print(f"    {told[0]}", file=sys.stderr)


def head(group: str) -> None:
    print(f"| held out | candidates | expected price | median of all | median of the {group} | coverage80 | seconds |")
    print("| --- | --- | --- | --- | --- | --- | --- |")


def laptops_position(database: duckdb.DuckDBPyConnection) -> None:
    head("brand")
    fifth = "hash(words, 7) % 5 = 0"
    score(database, "a fifth of the titles, title alone", "title", "title", "laptops", fifth)
    score(database, "a fifth of the titles", "title, brand", "brand", "laptops", fifth)
    new = "coalesce(hash(code, 7) % 5 = 0, false)"
    coded = "(FROM laptops WHERE code IS NOT NULL)"
    score(database, "a fifth of the makers' codes", "title, brand", "brand", coded, new)
    print()


def laptops_competitors(database: duckdb.DuckDBPyConnection) -> None:
    database.execute(
        "CREATE OR REPLACE TEMP TABLE products AS SELECT code AS product_id, min(brand) AS brand, min(price) AS price"
        " FROM laptops WHERE competitor = 'kontakt.az' AND code IS NOT NULL GROUP BY ALL"
    )
    database.execute(
        "CREATE OR REPLACE TEMP TABLE offers AS SELECT competitor, code AS product_id, brand, price"
        " FROM laptops WHERE competitor <> 'kontakt.az'"
    )
    show(database.execute(
        "SELECT competitor, offers, price_index, price_gap, split_part(reason, ';', 1) AS reason"
        " FROM launch_competitors('offers', products := 'products', by := NULL) ORDER BY offers DESC LIMIT 8"
    ))
    show(database.execute(
        "SELECT key, competitor, offers, price_index, price_gap, split_part(reason, ';', 1) AS reason"
        " FROM launch_competitors('offers', products := 'products', by := 'brand')"
        " WHERE competitor IN ('irshad.az', 'birmarket.az') AND key IN ('asus', 'hp', 'lenovo') ORDER BY ALL"
    ))


def cars_position(database: duckdb.DuckDBPyConnection) -> None:
    head("firm")
    columns = "hpwt, air, mpd, mpg, space, region, firm, year"
    score(database, "1990, from 1971 to 1989", columns, "firm", "cars", "year = 1990")
    score(database, "a fifth of the models", columns, "firm", "cars", "hash(model, 7) % 5 = 0")
    print()


def cars_own_price(database: duckdb.DuckDBPyConnection) -> None:
    columns = "hpwt, air, mpd, mpg, space, region, year"
    database.execute("CREATE OR REPLACE TEMP TABLE priced (product_id BIGINT, expected DOUBLE)")
    for fold in range(5):
        database.execute(
            f"INSERT INTO priced SELECT product_id, expected_price FROM launch_price_position("
            f"'(SELECT product_id, price, {columns} FROM cars WHERE hash(model, 7) % 5 = {fold})',"
            f"'(SELECT competitor, model AS product_id, price, {columns} FROM cars WHERE hash(model, 7) % 5 <> {fold})'"
            f") WHERE status = 'ok'"
        )
    # One slope for all years, with the years' means taken out; and whether each year alone has a slope below 0.
    show(database.execute("""
        WITH rows AS (
            SELECT
                year,
                ln(units) - avg(ln(units)) OVER (PARTITION BY year) AS share,
                ln(price / expected) - avg(ln(price / expected)) OVER (PARTITION BY year) AS excess
            FROM cars JOIN priced USING (product_id)
        )
        SELECT
            (SELECT count(*) FROM rows) AS cars, (SELECT regr_slope(share, excess) FROM rows) AS slope,
            min(slope) AS lowest_year, max(slope) AS highest_year, count(*) FILTER (slope < 0) AS years_below_0,
            count(*) AS years
        FROM (SELECT year, regr_slope(share, excess) AS slope FROM rows GROUP BY year)"""))


def cars_competitors(database: duckdb.DuckDBPyConnection) -> None:
    # A product is a segment of the market here: a quarter of the cars by size, and by power within it.
    database.execute(
        "CREATE OR REPLACE TEMP TABLE segments AS"
        " SELECT *, quarter || ' ' || ntile(3) OVER (PARTITION BY quarter ORDER BY hpwt, product_id) AS segment"
        " FROM (SELECT *, ntile(4) OVER (ORDER BY space, product_id) AS quarter FROM cars)"
    )
    for name, ours in (("sales", "="), ("offers", "<>")):
        database.execute(
            f"CREATE OR REPLACE TEMP TABLE {name} AS"
            f" SELECT competitor, segment AS product_id, date, units, price FROM segments"
            f" WHERE competitor {ours} 19"
        )
    show(database.execute(
        "SELECT competitor, offers, price_index, price_gap, price_trend, volatility, sales_share, forecast_price,"
        " cross_elasticity, regexp_extract(reason, 'no cross.*|cross.*%') AS reason"
        " FROM launch_competitors('offers', sales := 'sales', by := NULL, frequency := 'month')"
        " ORDER BY sales_share DESC LIMIT 6"
    ))


TASKS = [laptops_position, laptops_competitors, cars_position, cars_own_price, cars_competitors]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--extension", default=str(ROOT / "build" / "release" / "launchpad.duckdb_extension"))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--tasks", nargs="+", default=[task.__name__ for task in TASKS])
    arguments = parser.parse_args()
    database = connect(arguments)
    database.execute(LAPTOPS.format(data=arguments.data))
    database.execute(CARS.format(data=arguments.data))
    for task in TASKS:
        if task.__name__ in arguments.tasks:
            print(f"## {task.__name__}\n")
            task(database)


if __name__ == "__main__":
    main()
