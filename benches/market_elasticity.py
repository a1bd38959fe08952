#!/usr/bin/env python3
"""launch_elasticity on Dominick's orange juice, beside what is known of it, thinned, and its time at growing sizes.

Usage: market_elasticity.py --data FOLDER [--extension FILE] [--threads N] [--draws N]

FOLDER holds bayesm_scanner/orange_juice_yx.parquet: the data set orangeJuice of the R package bayesm (Montgomery 1997),
sales of 11 brands of juice in 83 stores and 121 weeks, with the price of each brand, deal and feature. Of each size the
fastest of three runs counts; the larger ones are copies of the stores under new numbers. Thinned copies keep a share of
the rows, drawn by a hash, --draws times (50): how many elasticities are answered, how many of the 90 % intervals hold
the value of the full data, and how wide they are, as a multiple of that of the full data (median, widest).
"""

import argparse
import pathlib
import time

from scale import ROOT, connect

TABLE = """
CREATE TABLE juice AS
SELECT
    brand::INTEGER AS product_id, store::INTEGER AS store, DATE '1989-09-14' + (7 * (week - 1))::INTEGER AS date,
    exp(logmove) AS units, deal, feat,
    [price1, price2, price3, price4, price5, price6, price7, price8, price9, price10, price11][brand::INTEGER] AS price
FROM read_parquet($file)
"""
CALL = "FROM launch_elasticity('juice', by := 'product_id', controls := {}, time_effects := '{}')"
# Least squares with one effect per brand and store, without period effects; by brand without controls.
KNOWN = {"[]": -3.10, "['deal', 'feat']": -2.53}


# Of which columns there are, and what is asked for.
THINNED = {
    "by brand": ("{}", "by := 'product_id'"),
    "with deal and feature": ("{}", "by := 'product_id', controls := ['deal', 'feat']"),
    "without time effects": ("{}", "by := 'product_id', time_effects := 'none'"),
    "by brand, stores not known": ("(SELECT * EXCLUDE (store) FROM {})", "by := 'product_id'"),
    "by brand, months": ("{}", "by := 'product_id', frequency := 'month'"),
    "effects of each period": ("{}", "by := 'product_id', time_effects := 'period'"),
    "a product is a brand in a store": (
        "(SELECT *, product_id AS brand, store AS shop FROM {})",
        "by := 'brand', product_id := 'product_id, shop'",
    ),
}


def thinned(connection, draws):
    for name, (source, arguments) in THINNED.items():
        call = f"FROM launch_elasticity('{source}', {arguments})"
        full = {row[0]: row for row in connection.execute(call.format("juice")).fetchall()}
        for share in (0.01, 0.003, 0.001):
            found = {True: [], False: []}
            for draw in range(draws):
                connection.execute(
                    "CREATE OR REPLACE TABLE thin AS FROM juice "
                    f"WHERE hash(product_id, store, date, {draw}) % 1000000 < {1e6 * share}"
                )
                for key, *row in connection.execute(call.format("thin")).fetchall():
                    if full[key][1] is not None:
                        found[key is None].append((full[key], row))
            for together, rows in found.items():
                ok = [(known, row) for known, row in rows if row[0] is not None]
                held = sum(lower <= known[1] <= upper for known, (_, lower, upper, *_) in ok) / max(len(ok), 1)
                widths = sorted((upper - lower) / (known[3] - known[2]) for known, (_, lower, upper, *_) in ok)
                width = f"{widths[len(widths) // 2]:.1f} {widths[-1]:.1f}" if widths else "-"
                print(
                    f"  {name}, {100 * share:.1f} % of the rows, {'all' if together else 'brands'}: "
                    f"{len(ok) / max(len(rows), 1):.3f} answered, {held:.3f} hold it, width {width}"
                )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--extension", type=pathlib.Path, default=ROOT / "build/release/launchpad.duckdb_extension")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--draws", type=int, default=50)
    options = parser.parse_args()
    connection = connect(options)
    connection.execute(TABLE, {"file": str(options.data / "bayesm_scanner" / "orange_juice_yx.parquet")})
    connection.execute("CREATE TABLE once AS FROM juice")
    for effects in ("none", "season", "period"):
        for controls, known in KNOWN.items():
            print(f"\ntime effects {effects}, controls {controls}; store x brand effects alone: {known}")
            for key, elasticity, lower, upper, *_, status, _ in connection.execute(CALL.format(controls, effects)).fetchall():
                numbers = status if elasticity is None else f"{elasticity:6.2f} ({lower:.2f} to {upper:.2f})"
                print(f"  {'all' if key is None else f'brand {key}':>8} {numbers}")
    print()
    thinned(connection, options.draws)
    print()
    for times in (1, 2, 4, 8):
        connection.execute(
            f"CREATE OR REPLACE TABLE juice AS SELECT once.* REPLACE (store + 1000 * i AS store) FROM once, range({times}) t(i)"
        )
        seconds, busy = [], []
        for _ in range(3):
            start, used = time.perf_counter(), time.process_time()
            connection.execute(CALL.format("['deal', 'feat']", "season")).fetchall()
            seconds.append(time.perf_counter() - start)
            busy.append(time.process_time() - used)
        rows = connection.execute("SELECT count(*) FROM juice").fetchone()[0]
        print(f"{rows:,} rows: {min(seconds):.2f} s, {min(busy):.2f} s of processor time")


if __name__ == "__main__":
    main()
