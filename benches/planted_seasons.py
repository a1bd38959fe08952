#!/usr/bin/env python3
"""Do the indices of launch_seasonality hold the season that was planted? Made-up shops, known truth.

Usage: planted_seasons.py [--extension FILE] [--threads N] [--worlds N] [--frequency week|month] [--keys N ...]

Each world is a shop of 2, 3 or 4 years whose keys share a season (waves, waves with a peak in December, or none) and have
one of their own beside it. There is a key of each size (units a year), number of products and noise: Poisson, negative
binomial, or negative binomial with now and then an order of three to ten times as much. Products grow or fall by year, some
are launched or withdrawn on the way, they deviate from the season of their key, and periods have shocks that come anew each
year, half of them common to the shop. One more key has 200 products of one or two units a year, another one 50 of which
every sixth is closed for half a year at the same time. The truth is the season of the key's own products; an interval is to hold it 80 %
of the time. Two keys of each world are also asked for alone, as the season of all products, which is pulled to 1.

`error` is the root mean square of the error of the log index, `pull` the share by which indices of December (weeks 49 to 51)
are nearer to 1 than planted, `peaks` the share of intervals that hold them where they are above 1.1. Keys below 30 units (a year and altogether) must be refused or stay within 0.7 and 1.4.

--keys N ...: instead, time and memory of N keys by week, of one product and three years each.
"""

import argparse
import collections
import datetime
import subprocess
import sys
import time

import numpy as np
import pandas as pd
from scale import ROOT, connect, measured

SIZES = (300, 3_000, 30_000, 300_000)
PRODUCTS = (1, 5, 50)
NOISES = ("poisson", "binomial", "orders")
SHAPES = ("waves", "december", "flat")
YEARS = (2, 3, 4)
ALONE = ((300_000, 50, "poisson"), (3_000, 5, "binomial"))
# Units a year, products, noise, share of products that are closed for half a year.
SPECIAL = {"200 products": (300, 200, "poisson", 0), "closed": (300_000, 50, "poisson", 1 / 6)}
FEW = ((20, False), (25, True))
GOAL = (0.72, 0.88)


def periods(frequency: str, years: int) -> tuple[list, np.ndarray, np.ndarray, np.ndarray]:
    """Dates, season from 0, days, and year of each period."""
    if frequency == "month":
        dates = [datetime.date(2020 + n // 12, n % 12 + 1, 1) for n in range(12 * years)]
        ends = [datetime.date(2020 + (n + 1) // 12, (n + 1) % 12 + 1, 1) for n in range(12 * years)]
        days = np.array([(end - date).days for date, end in zip(dates, ends)])
        return dates, np.arange(12 * years) % 12, days / 30.4, np.arange(12 * years) // 12
    dates = [datetime.date(2021, 1, 4) + datetime.timedelta(weeks=n) for n in range(52 * years)]
    iso = [date.isocalendar() for date in dates]
    return dates, np.array([i[1] - 1 for i in iso]), np.ones(52 * years), np.array([i[0] - 2021 for i in iso])


def waves(random: np.random.Generator, classes: int, size: float) -> np.ndarray:
    angle = 2 * np.pi * np.arange(classes) / classes
    parts = [f(n * angle + random.uniform(0, 2 * np.pi)) / n for n, f in ((1, np.sin), (2, np.sin), (3, np.sin))]
    return size * sum(random.normal() * part for part in parts)


def season(random: np.random.Generator, shape: str, frequency: str) -> np.ndarray:
    """The log of an index by class."""
    classes = 12 if frequency == "month" else 53
    if shape == "flat":
        return np.zeros(classes)
    if shape == "waves":
        return waves(random, classes, 0.3)
    peak = np.zeros(classes)
    height = random.uniform(0.15, 1.2)
    if frequency == "month":
        peak[11] = height
    else:
        peak[47:51] = height * np.array([0.4, 0.7, 1, 1])
    return peak + waves(random, classes, 0.05)


def key(random, name: str, total: float, count: int, noise: str, common: np.ndarray, weather: np.ndarray, plan, closed: float = 0, turnover: float = 0.15) -> tuple:
    """Sales of a key (product, date, units) and its planted index."""
    dates, place, days, year = plan
    classes, length = len(common), len(dates)
    deviation = random.choice([0, 0.1, 0.3])
    own = waves(random, classes, deviation) if random.random() < 0.5 else random.normal(0, deviation / 2, classes)
    shock = random.choice([0, 0.05, 0.1]) * np.sqrt(0.5) * random.normal(size=length) + weather
    growth = random.normal(0.05, 0.15)
    levels = random.lognormal(0, 1, count)
    alike = random.choice([0, 0.15])
    mean = np.zeros((count, length))
    truth = np.zeros(classes)
    shut = int(random.integers(length // 4, length - classes // 2 + 1))
    for i, level in enumerate(levels):
        index = np.exp(common + own + alike * random.normal(size=classes))
        start, end = 0, length
        age = np.ones(length)
        if random.random() < turnover:
            start = int(random.integers(1, length // 2))
            age = 1 + 2 * np.exp(-np.maximum(np.arange(length) - start, 0) / (classes / 6))
        elif random.random() < turnover:
            end = length - int(random.integers(1, length // 2))
        mean[i, start:end] = (level * index[place] * np.exp(shock + growth * np.arange(length) / classes) * days * age)[start:end]
        if i < closed * count:
            mean[i, shut : shut + classes // 2] = 0
        truth += level * (end - start) * index
    mean *= total / mean.sum()
    if noise != "poisson":
        mean *= random.gamma(4, 1 / 4, mean.shape)
    if noise == "orders":
        mean *= np.where(random.random(mean.shape) < 0.01, random.uniform(3, 10, mean.shape), 1)
    units = random.poisson(mean)
    product, at = np.nonzero(units)
    rows = pd.DataFrame({
        "product_id": [f"{name}/{p}" for p in product], "date": [dates[t] for t in at], "units": units[product, at].astype(float),
    })
    counted = truth[: 12 if classes == 12 else 52]
    return rows, counted / counted.mean()


def world(random, frequency: str, years: int, shape: str) -> tuple[pd.DataFrame, dict]:
    plan = periods(frequency, years)
    common = season(random, shape, frequency)
    weather = random.choice([0, 0.05, 0.1]) * np.sqrt(0.5) * random.normal(size=len(plan[0]))
    frames, truths = [], {}
    for size in SIZES:
        for count in PRODUCTS:
            for noise in NOISES:
                name = f"{size} {count} {noise}"
                rows, truth = key(random, name, size * years, count, noise, common, weather, plan)
                frames.append(rows)
                truths[name] = truth
    for name, (size, count, noise, closed) in SPECIAL.items():
        rows, truths[name] = key(random, name, size * years, count, noise, common, weather, plan, closed)
        frames.append(rows)
    for units, yearly in FEW:
        for count in PRODUCTS[:2]:
            name = f"few {units} {yearly} {count}"
            total = units * years if yearly else units
            rows, _ = key(random, name, total * 0.85, count, "poisson", common, weather, plan, turnover=0)
            # Chance must not bring it above what is meant.
            frames.append(rows[rows.units.cumsum() <= total - (years if yearly else 0)])
    return pd.concat(frames), truths


def indices(database, sales: pd.DataFrame, frequency: str, by: bool) -> dict:
    database.register("rows", sales)
    database.execute("CREATE OR REPLACE TABLE sales AS SELECT product_id, date::DATE AS date, units FROM rows")
    database.execute(
        "CREATE OR REPLACE TABLE products AS SELECT DISTINCT product_id, split_part(product_id, '/', 1) AS category FROM sales"
    )
    products = "'products'" if by else "NULL"
    found = collections.defaultdict(dict)
    for name, period, index, lower, upper, reason in database.sql(
        "SELECT key, period, season_index, index_lower, index_upper, reason "
        f"FROM launch_seasonality('sales', products := {products}, frequency := '{frequency}')"
    ).fetchall():
        found[name][period] = (index, lower, upper, reason)
    return found


class Tally:
    """How indices compare with the truth."""

    def __init__(self):
        self.keys = self.refused = self.classes = self.inside = self.above = self.peaks = self.held = 0
        self.square = self.shown = self.planted = 0.0

    def add(self, found: dict, truth: np.ndarray) -> None:
        self.keys += 1
        if None in found:
            self.refused += 1
            return
        december = (12,) if len(truth) == 12 else (49, 50, 51)
        for period, (index, lower, upper, _) in found.items():
            if period > len(truth):
                continue
            planted = truth[period - 1]
            self.classes += 1
            self.inside += lower <= planted <= upper
            self.above += planted > upper
            self.square += np.log(index / planted) ** 2
            if period in december and abs(np.log(planted)) > 0.1:
                self.shown += np.log(index) * np.sign(np.log(planted))
                self.planted += abs(np.log(planted))
                if planted > 1.1:
                    self.peaks += 1
                    self.held += lower <= planted <= upper

    def line(self) -> str:
        classes = max(self.classes, 1)
        covered = self.inside / classes
        verdict = "" if GOAL[0] <= covered <= GOAL[1] and self.refused <= 0.2 * self.keys else "  MISSED"
        pull = f"{1 - self.shown / self.planted:6.1%}" if self.planted else "     -"
        peaks = f"{self.held / self.peaks:6.1%}" if self.peaks else "     -"
        return (
            f"{self.keys:5} keys {self.refused / self.keys:6.1%} refused  covered {covered:6.1%} (above {self.above / classes:5.1%})"
            f"  error {np.sqrt(self.square / classes):.4f}  pull {pull}  peaks {peaks}{verdict}"
        )


def planted(options: argparse.Namespace) -> None:
    database = connect(options)
    tallies = collections.defaultdict(Tally)
    few = collections.Counter()
    reasons = {}
    for frequency in options.frequency:
        for years in YEARS:
            for shape in SHAPES:
                for seed in range(options.worlds):
                    random = np.random.default_rng([seed, years, SHAPES.index(shape), len(frequency)])
                    sales, truths = world(random, frequency, years, shape)
                    found = indices(database, sales, frequency, True)
                    for name, truth in truths.items():
                        if name in SPECIAL:
                            tallies["beside", name].add(found[name], truth)
                            continue
                        size, count, noise = name.split()
                        groups = (
                            ("size", f"{int(size):,} a year"), ("size and frequency", f"{int(size):,} a year by {frequency}"),
                            ("years", f"{years}"), ("products", count), ("noise", noise), ("shape", shape),
                        )
                        for group in groups:
                            tallies[group].add(found[name], truth)
                    for size, count, noise in ALONE:
                        name = f"{size} {count} {noise}"
                        alone = sales[sales.product_id.str.startswith(f"{name}/")]
                        tallies["alone", f"{size:,} a year, {shape}"].add(indices(database, alone, frequency, False)[None], truths[name])
                    for name, rows in found.items():
                        if name and name.startswith("few"):
                            kind = "refused" if None in rows else "held"
                            if kind == "held" and not all(0.7 <= row[0] <= 1.4 for row in rows.values()):
                                kind = "beyond 0.7 to 1.4"
                            few[name.split()[2] == "True", kind] += 1
                            reasons[name.split()[2] == "True", kind] = next(iter(rows.values()))[3]
    previous = None
    whats = list(dict.fromkeys(what for what, _ in tallies))
    for (what, name), tally in sorted(tallies.items(), key=lambda entry: whats.index(entry[0][0])):
        if what != previous:
            print(f"\n{what}")
            previous = what
        print(f"  {name:26}{tally.line()}", flush=True)
    print("\nbelow 30 units")
    for (yearly, kind), keys in sorted(few.items()):
        print(f"  {'a year' if yearly else 'altogether':12}{kind:20}{keys:5} keys, such as: {reasons[yearly, kind]}")


def timed(options: argparse.Namespace, keys: int) -> None:
    database = connect(options)
    database.execute(f"""
        CREATE TABLE sales AS
        SELECT 'P' || i AS product_id, DATE '2021-01-04' + (7 * w)::INTEGER AS date,
            (10 + hash(i) % 40) * (0.8 + (hash(i, w) % 1000) / 2500) * (1 + 0.3 * sin(w / 52 * 2 * pi())) AS units
        FROM range({keys}) p(i), range(156) t(w)
    """)
    database.execute(f"CREATE TABLE products AS SELECT 'P' || i AS product_id, 'key ' || i AS category FROM range({keys}) p(i)")
    query = "SELECT count(*), count(season_index) FROM launch_seasonality('sales', products := 'products')"
    started = time.process_time()
    (row,), seconds, above = measured(database, query)
    used = time.process_time() - started
    print(
        f"{keys:>7,} keys by week, {row[1]:,} indices  {seconds:6.1f} s, {used:6.1f} s of all threads, {above:.0f} MiB above",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--extension", default=ROOT / "build/release/launchpad.duckdb_extension")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--worlds", type=int, default=4, help="of each frequency, number of years and shape")
    parser.add_argument("--frequency", nargs="+", default=["month", "week"], choices=["month", "week"])
    parser.add_argument("--keys", type=int, nargs="+")
    options = parser.parse_args()
    if not options.keys:
        planted(options)
    elif len(options.keys) == 1:
        timed(options, options.keys[0])
    else:
        for keys in options.keys:
            # A process of its own, whose memory is not what another size left behind.
            own = ["--extension", str(options.extension), "--threads", str(options.threads), "--keys", str(keys)]
            subprocess.run([sys.executable, __file__, *own], check=True)


if __name__ == "__main__":
    main()
