#!/usr/bin/env python3
"""Policies of launch_train_policy against the best that can be had, and against simpler rules.

Usage: policy.py EXTENSION [--seeds 5] [--paths 10000] [--cases 0,1,2,3,4] [--shops 0] [--episodes NULL]

Part 1: demand is Poisson of rate a exp(-alpha p), n units, T weeks, ten prices. Dynamic programming, which knows the rate, gives the best
value under the same weeks and prices; J is that of continuous time and prices (Gallego, van Ryzin 1994). The policy is trained by
launch_train_policy and played by launch_action, week by week, on fresh paths; the best rule plays the same paths. Prices are in units of
1 / alpha. Told: the policy's money over that of the best rule on the same paths, and over the best value.

Part 2 (--shops): level and elasticity are drawn from their uncertainty, in launches that the policy did not play; the figures
are those of launch_train_policy. Needs numpy.
"""

import argparse
import math
import time

import duckdb
import numpy as np

CASES = [(5, 2.0, 10), (10, 2.0, 10), (10, 5.0, 8), (20, 10.0, 6), (3, 1.0, 13)]
PRICES = [0.75, 1.0, 1.25, 1.5, 1.75, 2.0, 2.25, 2.5, 3.0, 3.5]
# Error of the level's logarithm, elasticity, its error, stock over what is expected, salvage over price.
SHOPS = [
    (0.2, -1.5, 0.2, 0.5, 0.0), (0.4, -1.5, 0.3, 0.8, 0.0), (0.6, -2.0, 0.4, 1.0, 0.1), (0.4, -2.5, 0.5, 1.5, 0.2),
    (0.8, -1.2, 0.3, 1.0, 0.0), (0.0, -2.0, 0.0, 0.8, 0.0), (0.5, -3.0, 0.5, 2.0, 0.3), (0.3, -1.8, 0.3, 1.2, 0.0),
]


def best(n, a, steps):
    """Value of the best rule, and its price by week and stock."""
    values, rule = np.zeros(n + 1), []
    for _ in range(steps):
        worth = np.full((len(PRICES), n + 1), 0.0)
        for k, price in enumerate(PRICES):
            rate = a * math.exp(-price)
            mass = [math.exp(-rate)]
            for sold in range(1, n + 1):
                mass.append(mass[-1] * rate / sold)
            for stock in range(1, n + 1):
                rest = 1 - sum(mass[:stock])
                worth[k, stock] = rest * price * stock + sum(
                    mass[sold] * (price * sold + values[stock - sold]) for sold in range(stock))
        rule.insert(0, worth.argmax(axis=0))
        values = worth.max(axis=0)
    return values[n], rule


def continuous(n, a, steps):
    return math.log(sum((a * steps / math.e) ** i / math.factorial(i) for i in range(n + 1)))


def play(n, a, steps, paths, seed, price_of):
    """Money by path; the same uniform numbers for every rule."""
    random = np.random.default_rng(seed)
    stock, sales, forecast, price, money = np.full(paths, n), np.zeros(paths), np.zeros(paths), np.ones(paths), np.zeros(paths)
    for week in range(steps):
        uniform = random.random(paths)
        live = stock > 0
        if not live.any():
            continue
        chosen, expected = price.copy(), np.zeros(paths)
        chosen[live], expected[live] = price_of(week, stock[live], sales[live], forecast[live], price[live])
        rate = a * np.exp(-chosen)
        mass = np.exp(-rate)
        below, demand = mass.copy(), np.zeros(paths)
        for number in range(1, 200):
            more = below < uniform
            if not more.any():
                break
            mass = mass * rate / number
            demand[more] = number
            below = below + mass
        sold = np.where(live, np.minimum(demand, stock), 0)
        money += sold * chosen
        stock, sales, forecast, price = stock - sold.astype(int), sales + sold, forecast + expected, chosen
    return money


def trained(con, n, a, steps, seed):
    con.execute(f"CREATE OR REPLACE TABLE c AS SELECT 'x' AS product_id, 1.0 AS price, {n} AS stock")
    con.execute(f"CREATE OR REPLACE TABLE d AS SELECT 'x' AS product_id, s AS step, {a / math.e!r} AS mean FROM range(1, {steps + 1}) t(s)")
    began = time.time()
    con.execute(f"""CREATE OR REPLACE TABLE p AS FROM launch_train_policy('c', demand := 'd', elasticity := -1,
        response := 'exponential', prices := {PRICES}, seed := {seed})""")
    return time.time() - began


def asked(con, week, stock, sales, forecast, price):
    states = {"week": np.full(len(stock), week + 1), "stock": stock, "sales": sales, "forecast": forecast, "price": price}
    names = list(states)
    table, where = np.unique(np.column_stack([states[name] for name in names]), axis=0, return_inverse=True)
    con.execute("CREATE OR REPLACE TEMP TABLE s (k BIGINT, " + ", ".join(f"{name} DOUBLE" for name in names) + ")")
    con.executemany(f"INSERT INTO s VALUES ({', '.join('?' * (1 + len(names)))})", [[k, *row] for k, row in enumerate(table.tolist())])
    rows = con.execute("SELECT a.price, a.expected_units, a.status FROM (SELECT k, launch_action((SELECT policy FROM p), s) AS a FROM s) ORDER BY k").fetchall()
    refused = np.array([row[2] != "ok" for row in rows])
    answer = np.array([[1.5 if row[0] is None else row[0], 0.0 if row[1] is None else row[1]] for row in rows])
    where = where.reshape(-1)
    asked.refused += int(refused[where].sum())
    asked.all += len(where)
    return answer[where, 0], answer[where, 1]


asked.refused = asked.all = 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("extension")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--paths", type=int, default=10_000)
    parser.add_argument("--cases", default="0,1,2,3,4")
    parser.add_argument("--shops", type=int, default=0)
    parser.add_argument("--episodes", default="NULL")
    arguments = parser.parse_args()
    con = duckdb.connect(config={"allow_unsigned_extensions": "true"})
    con.execute(f"LOAD '{arguments.extension}'")
    for case in [int(c) for c in arguments.cases.split(",") if c]:
        n, a, steps = CASES[case]
        value, rule = best(n, a, steps)
        found = []
        for seed in range(arguments.seeds):
            took = trained(con, n, a, steps, seed)
            top = play(n, a, steps, arguments.paths, 1_000 + seed,
                       lambda week, stock, *_: (np.array(PRICES)[rule[week][stock]], np.zeros(len(stock))))
            own = play(n, a, steps, arguments.paths, 1_000 + seed, lambda *state: asked(con, *state))
            error = (own - top).std() / math.sqrt(len(own)) / value
            found.append((own.mean() / top.mean(), own.mean() / value))
            print(f"n {n} a {a} T {steps} seed {seed}: {100 * found[-1][0]:.2f} % of the best rule (± {100 * error:.2f}), "
                  f"{100 * found[-1][1]:.2f} % of its value {value:.3f}; trained in {took:.0f} s", flush=True)
        worst = min(f[0] for f in found)
        print(f"n {n} a {a} T {steps}: worst of {arguments.seeds} seeds {100 * worst:.2f} %, mean {100 * np.mean([f[0] for f in found]):.2f} %; "
              f"J {continuous(n, a, steps):.3f}; refused {asked.refused} of {asked.all} states", flush=True)
    for level, elasticity, error, stock, salvage in SHOPS[:arguments.shops]:
        con.execute(f"CREATE OR REPLACE TABLE c AS SELECT 'x' AS product_id, 10.0 AS price, {round(stock * 200)} AS stock, {10 * salvage} AS salvage")
        con.execute("CREATE OR REPLACE TABLE d AS SELECT 'x' AS product_id, s AS step, 30 * 0.85 ** (s - 1) AS mean FROM range(1, 14) t(s)")
        began = time.time()
        row = con.execute(f"""SELECT value, fixed_value, myopic_value, resolved_value, gain, gain_error, status, reason
            FROM launch_train_policy('c', demand := 'd', elasticity := {elasticity}, elasticity_error := {error},
            level_error := {level}, salvage := 'salvage', episodes := {arguments.episodes}, prices := [0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.15, 1.3, 1.5])""").fetchone()
        value, fixed, myopic, resolved, gain, spread, status, reason = row
        print(f"level ± {level} elasticity {elasticity} ± {error} stock {stock} salvage {salvage}: policy {value:.0f}, "
              f"fixed {fixed:.0f}, myopic {myopic:.0f}, re-solved {resolved:.0f}; gain over the best {100 * gain:.1f} % ± {100 * spread:.1f}, "
              f"in {time.time() - began:.0f} s", flush=True)


if __name__ == "__main__":
    main()
