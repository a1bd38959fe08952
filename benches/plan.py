#!/usr/bin/env python3
"""Launch plans of made-up shops whose truth is known: is the profit that a plan reports the one that it earns?

Usage: plan.py [--shops N, 25 if not given] [--shapes NAME ...] [--tasks NAME ...]

    truth  N shops of each shape: 10 candidates planned together, and the plan carried out in 4,000 draws of the truth
    time   200 candidates under one budget, launches a week and days apart

A launch sells exp(4 + category + brand + 0.5 noise) units in its first week at its price, 8 % less each week after it, times the
season of the month and (price / its price) ^ elasticity. The elasticity is known with a standard error of 0.3. Shapes: plain (120
past launches, a season that swings by 35 %), heavy tails (one launch in ten has a noise of 1.2), few launches (25), no season.

Beside the plan stands the naive maximum, by 20 worlds: of all dates and prices of a candidate the one that reports most, all in the
same worlds, or each in worlds drawn for it alone.
Needs duckdb, numpy and the built extension (LAUNCHPAD_EXTENSION, else build/release).
"""

import argparse
import os
import time

import duckdb
import numpy as np

EXTENSION = os.environ.get("LAUNCHPAD_EXTENSION", "build/release/launchpad.duckdb_extension")
WEEKS, DECAY, ERROR, DRAWS = 13, 0.92, 0.3, 4_000
FIRST, WEEKS_OF_SALES = np.datetime64("2021-01-04"), 156
SHAPES = {
    "plain": {},
    "heavy tails": {"heavy": True},
    "few launches": {"launches": 25},
    "no season": {"swing": 0.0},
}


class Shop:
    """A shop, and what would happen in it."""

    def __init__(self, seed, launches=120, candidates=10, heavy=False, swing=0.35):
        self.random = random = np.random.default_rng(seed)
        self.heavy, self.swing = heavy, swing
        self.categories, self.brands = random.normal(0, 0.4, 3), random.normal(0, 0.3, 6)
        self.peak = random.uniform(0, 12, 3)
        self.elasticity = random.uniform(-2.6, -1.6, 3)
        self.estimate = self.elasticity + random.normal(0, ERROR, 3)
        count = launches + candidates
        self.category, self.brand = random.integers(0, 3, count), random.integers(0, 6, count)
        self.price = np.round(random.uniform(8, 30, count), 2)
        self.cost = np.round(self.price * random.uniform(0.35, 0.65, count), 2)
        start = random.integers(8, WEEKS_OF_SALES - WEEKS, count)
        start[launches:] = WEEKS_OF_SALES + random.integers(1, 5, candidates)
        self.day = FIRST + 7 * start
        self.launches, self.con = launches, duckdb.connect(config={"allow_unsigned_extensions": "true"})
        self.con.execute(f"LOAD '{EXTENSION}'")
        self.fill()

    def season(self, category, day):
        month = day.astype("datetime64[M]").astype(int) % 12
        return np.exp(self.swing * np.cos(2 * np.pi * (month - self.peak[category]) / 12))

    def noise(self, size):
        spread = np.where(self.random.random(size) < 0.1, 1.2, 0.4) if self.heavy else 0.5
        return spread * self.random.standard_normal(size)

    def units(self, at, day, ratio, draws):
        """Units by draw and week of a launch on a day at a multiple of its price."""
        level = 4 + self.categories[self.category[at]] + self.brands[self.brand[at]] + self.noise((draws, 1))
        weeks = day + 7 * np.arange(WEEKS)
        factor = self.season(self.category[at], weeks) * DECAY ** np.arange(WEEKS) * ratio ** self.elasticity[self.category[at]]
        return np.exp(level + 0.15 * self.random.standard_normal((draws, WEEKS)) - 0.15**2 / 2) * factor

    def fill(self):
        rows = [[], [], [], []]
        def add(name, days, units, price):
            for column, values in zip(rows, (np.repeat(name, len(days)), days, np.round(units), np.repeat(price, len(days)))):
                column.extend(values)
        for at in range(self.launches):
            add(at, self.day[at] + 7 * np.arange(WEEKS), self.units(at, self.day[at], 1.0, 1)[0], self.price[at])
        days = FIRST + 7 * np.arange(WEEKS_OF_SALES)
        # Products that sell all the time tell the season.
        for old in range(18):
            add(10_000 + old, days, 80 * self.season(old % 3, days) * np.exp(0.2 * self.random.standard_normal(len(days))), 10.0)
        rows[1] = np.array(rows[1]).astype("datetime64[us]")
        self.con.register("drawn", dict(zip(("product_id", "date", "units", "price"), map(np.array, rows))))
        count = len(self.category)
        self.con.register("goods", {
            "product_id": np.arange(count), "launch_date": self.day.astype("datetime64[us]"), "category": self.category, "brand": self.brand,
            "price": self.price, "cost": self.cost,
        })
        self.con.register("estimates", {
            "key": np.array(["c0", "c1", "c2"]), "elasticity": self.estimate,
            "lower": self.estimate - 1.6449 * ERROR, "upper": self.estimate + 1.6449 * ERROR,
        })
        self.con.execute(f"""
            CREATE TABLE sales AS SELECT product_id, date::DATE AS date, units, price FROM drawn;
            CREATE TABLE all_goods AS
            SELECT product_id, launch_date::DATE AS launch_date, 'c' || category AS category, 'b' || brand AS brand, price, cost FROM goods;
            CREATE TABLE products AS
            SELECT product_id, launch_date, category, brand, price FROM all_goods WHERE product_id < {self.launches}
            UNION ALL SELECT 10000 + i, NULL, 'c' || i % 3, 'old', 10 FROM range(18) t(i);
            CREATE TABLE candidates AS FROM all_goods WHERE product_id >= {self.launches};
            CREATE TABLE elasticities AS SELECT *, 'ok' AS status FROM estimates;
            CREATE TABLE model AS
            FROM launch_train('sales', products := 'products', horizon := {WEEKS}, architecture := 'analog');
        """)

    def plan(self, function, columns, options=""):
        """Rows of a plan, of candidates with status ok."""
        return self.con.execute(f"""
            SELECT {columns} FROM {function}('candidates', (SELECT model FROM model), sales := 'sales', products := 'products',
                elasticities := 'elasticities' {options}) WHERE status = 'ok' ORDER BY ALL
        """).fetchall()

    def profit(self, plan):
        """True expected profit of plans: product, date, price, order."""
        total = 0.0
        for at, day, price, order, _ in plan:
            units = self.units(at, np.datetime64(day), price / self.price[at], DRAWS).sum(axis=1)
            total += price * np.minimum(units, order).mean() - self.cost[at] * order
        return total


CHOSEN = "product_id, launch_date, price, order_units, expected_profit"


def naive(shop):
    """Of 20 worlds: the plan; of all plans shown the one that reports most; the same where each has drawn worlds of its own."""
    rows = shop.plan("launch_plan", f"plan_rank = 1, {CHOSEN}", options=", n := 20, k := 100")
    shop.con.execute("""
        CREATE OR REPLACE TABLE each AS
        SELECT product_id || ' ' || place || ' ' || m AS product_id, * EXCLUDE (product_id), product_id AS of_, place,
            round(price * m, 4) AS lowest_price, round(price * m, 4) AS highest_price
        FROM candidates, unnest([0.9, 1.0, 1.1]) t(m), range(1, 14) s(place)
    """)
    own = shop.con.execute("""
        SELECT of_, plan.launch_date, lowest_price, order_units, profit
        FROM each JOIN (
            SELECT *, row_number() OVER (PARTITION BY product_id ORDER BY launch_date) AS date_
            FROM launch_timing('(SELECT * EXCLUDE (of_, place) FROM each)', (SELECT model FROM model), sales := 'sales',
                products := 'products', elasticities := 'elasticities', n := 20)
        ) AS plan ON plan.product_id = each.product_id AND date_ = place
        ORDER BY ALL
    """).fetchall()

    def most(rows):
        best = {}
        for row in rows:
            if row[0] not in best or row[4] > best[row[0]][4]:
                best[row[0]] = row
        return list(best.values())

    return [row[1:] for row in rows if row[0]], most(row[1:] for row in rows), most(own)


def truth(shops, shapes):
    print(f"reported over true expected profit, less 1, in %, of {shops} portfolios together, and its standard error")
    for shape in shapes:
        errors = {}
        for seed in range(shops):
            shop = Shop(1_000 * list(SHAPES).index(shape) + seed, **SHAPES[shape])
            free = shop.plan("launch_plan", CHOSEN, ", k := 1")
            money = sum(shop.cost[row[0]] * row[3] for row in free)
            plans = {"plan": free, "half the money": shop.plan("launch_plan", CHOSEN, f", k := 1, budget := {money / 2}")}
            plans["plan, n := 20"], plans["naive, same worlds"], plans["naive, own worlds"] = naive(shop)
            for name, plan in plans.items():
                errors.setdefault(name, []).append((sum(row[4] for row in plan), shop.profit(plan)))
            shop.con.close()
        first = np.array(errors["plan"])[:, 0]
        for name, pairs in errors.items():
            told, true = np.array(pairs).T
            # What the model errs by is in all of them: what is told beyond the first plan for the same profit is flattery.
            print(
                f"  {shape:13} {name:19} {over(told, true)}   beyond the plan {over(told - first * true / plain(errors), true, 0)}"
                f"   true profit {true.mean():9.0f}", flush=True,
            )


def plain(errors):
    return np.array(errors["plan"])[:, 1]


def over(told, true, less=1):
    """Sum told over sum true, and its standard error, in %."""
    ratio = told.sum() / true.sum()
    error = (told - ratio * true).std(ddof=1) / np.sqrt(len(true)) / true.mean()
    return f"{100 * (ratio - less):6.1f} +- {100 * error:4.1f}"


def timed():
    shop = Shop(1, candidates=200)
    shop.con.execute("UPDATE candidates SET category = category || product_id % 7")
    shop.con.execute("INSERT INTO elasticities SELECT NULL, -2, -2.5, -1.5, 'ok'")
    for name, options in (
        ("no limits", ""),
        ("budget, per_week, apart", ", budget := 100000, per_week := 20, apart := 7"),
        ("and risk", ", budget := 100000, per_week := 20, apart := 7, risk := 0.5"),
    ):
        started = time.time()
        rows = shop.plan("launch_plan", CHOSEN, options + ", k := 1")
        print(f"  {len(rows)} candidates, {name}: {time.time() - started:.1f} s", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--shops", type=int, default=25)
    parser.add_argument("--shapes", nargs="+", choices=SHAPES, default=list(SHAPES))
    parser.add_argument("--tasks", nargs="+", choices=("truth", "time"), default=["truth", "time"])
    arguments = parser.parse_args()
    if "time" in arguments.tasks:
        timed()
    if "truth" in arguments.tasks:
        truth(arguments.shops, arguments.shapes)


if __name__ == "__main__":
    main()
