"""Forecasts of launches learned from past ones that ran out of stock, beside the truth.

600 launches of 8 weeks are drawn from a known law: ln units = 4 + 0.4 category + 0.7 level - 0.1 week + 0.4 noise, level
and noise normal, or of Student's t with 3 degrees of freedom. Half of them are learned from, with a stock of 66 units a
week; the other half is forecast. What is learned from is the demand itself, what was sold as if it were the demand, the
weeks in which stock lasted alone, or the sales with `available`.

usage: python benches/launch_stock.py [draws, 4 if not given]
Needs duckdb, numpy and the built extension (LAUNCHPAD_EXTENSION, else build/release).
"""
import os
import sys

import duckdb
import numpy as np

EXTENSION = os.environ.get("LAUNCHPAD_EXTENSION", "build/release/launchpad.duckdb_extension")
LAUNCHES, WEEKS, STOCK = 300, 8, 66
LEARNED_FROM = {
    "the demand": "SELECT product_id, date, demand AS units FROM weeks",
    "sales as demand": "SELECT product_id, date, sold AS units FROM weeks",
    "weeks in stock": "SELECT product_id, date, CASE WHEN available THEN sold END AS units FROM weeks",
    "available": "SELECT product_id, date, sold AS units, available FROM weeks",
}


def draw(random, heavy, shape):
    return random.standard_t(3, shape) / np.sqrt(3) if heavy else random.standard_normal(shape)


def scores(seed, heavy):
    """By what is learned from and architecture: expected units over the truth, coverage of the 80 % interval."""
    random = np.random.default_rng(seed)
    count = 2 * LAUNCHES
    category = random.integers(0, 3, count)
    level = 4 + 0.4 * (category - 1) + 0.7 * draw(random, heavy, count)
    weeks = np.arange(WEEKS)
    demand = np.round(np.exp(level[:, None] - 0.1 * weeks + 0.4 * draw(random, heavy, (count, WEEKS))))
    start = random.integers(1, 100, count)
    con = duckdb.connect(config={"allow_unsigned_extensions": "true"})
    con.execute(f"LOAD '{EXTENSION}'")
    con.register("drawn", {
        "product_id": np.repeat(np.arange(count), WEEKS), "week": (start[:, None] + weeks).ravel(), "demand": demand.ravel(),
    })
    con.register("dates", {"product_id": np.arange(count), "week": start, "category": category})
    con.execute(f"""
        CREATE TABLE launches AS
        SELECT product_id, DATE '2022-01-03' + (7 * week)::INTEGER AS launch_date, 'c' || category AS category FROM dates;
        CREATE TABLE weeks AS
        SELECT product_id, DATE '2022-01-03' + (7 * week)::INTEGER AS date, demand, least(demand, {STOCK}) AS sold, demand <= {STOCK} AS available
        FROM drawn WHERE product_id < {LAUNCHES}
        UNION ALL SELECT 100000, DATE '2021-12-06' + (7 * w)::INTEGER, 5, 5, true FROM range(140) t(w);
        CREATE TABLE products AS FROM launches WHERE product_id < {LAUNCHES};
        CREATE TABLE candidates AS FROM launches WHERE product_id >= {LAUNCHES}
    """)
    truth, found = demand[LAUNCHES:], {}
    for name, sales in LEARNED_FROM.items():
        con.execute(f"CREATE OR REPLACE TABLE sales AS {sales}")
        for architecture in ("naive", "analog", "gbm"):
            con.execute(f"""CREATE OR REPLACE TABLE model AS
                FROM launch_train('sales', products := 'products', horizon := {WEEKS}, architecture := '{architecture}')""")
            rows = con.execute("""
                SELECT s.mean AS mean, s.yhat_lower AS low, s.yhat_upper AS high
                FROM (SELECT product_id, unnest(launch_predict((SELECT model FROM model), launch_date, candidates)) AS s FROM candidates)
                ORDER BY product_id, s.step
            """).fetchnumpy()
            mean, low, high = (np.asarray(rows[c], float).reshape(truth.shape) for c in ("mean", "low", "high"))
            found[name, architecture] = mean.sum() / truth.sum(), ((low <= truth) & (truth <= high)).mean()
    found["share of weeks without stock", ""] = (demand[:LAUNCHES] > STOCK).mean(), np.nan
    return found


def main():
    draws = int(sys.argv[1]) if len(sys.argv) > 1 else 4
    for heavy in (False, True):
        print("Student's t, 3 degrees of freedom" if heavy else "normal")
        all_draws = [scores(seed, heavy) for seed in range(draws)]
        for name, architecture in all_draws[0]:
            total, coverage = np.mean([found[name, architecture] for found in all_draws], axis=0)
            print(f"  {name:28s} {architecture:8s} expected / truth {total:.3f}  coverage {coverage:.3f}")


if __name__ == "__main__":
    main()
