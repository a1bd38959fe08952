#!/usr/bin/env python3
"""launch_elasticity on Dominick's orange juice, beside what is known of it, and its time at growing sizes.

Usage: market_elasticity.py --data FOLDER [--extension FILE] [--threads N]

FOLDER holds bayesm_scanner/orange_juice_yx.parquet: the data set orangeJuice of the R package bayesm (Montgomery 1997),
sales of 11 brands of juice in 83 stores and 121 weeks, with the price of each brand, deal and feature. Of each size the
fastest of three runs counts; the larger ones are copies of the stores under new numbers.
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


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--extension", type=pathlib.Path, default=ROOT / "build/release/launchpad.duckdb_extension")
    parser.add_argument("--threads", type=int, default=2)
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
