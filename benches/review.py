"""Whether launch_review_drivers finds what was planted: a price error, a delay and a time without stock.

    python benches/review.py EXTENSION [--draws 100] [--seeds 5]

Each draw is a launch of 13 weeks, planned at 100 to 600 units in its first week, with an interval of 90 %. In truth it has a level, a factor
with a spread of 20 %; each week one of its own, 13 %; each day the units of a Poisson distribution. It is sold at another price than planned
(10 to 25 % off), 4 to 21 days late, and is out of stock for 4 to 18 days on end; its elasticity is that of the table as far as the standard
error of 0.2 lets it. Draws in which two of the three drivers are as large as each other, to 20 %, are drawn again: there is no order to find.
The true contributions are those of the true factors, computed here by going through all orders.

Figures: draws in which the signs of the three are right, and their order by size; coverage of the intervals of 90 %, by driver, of all steps
together and of single steps; the error of contributions beside that of a decomposition without availability.
"""

import argparse
import csv
import itertools
import math
import tempfile

import duckdb
import numpy as np

WEEKS, START = 13, np.datetime64("2024-01-01")
LEVEL_SPREAD, OWN_SPREAD, ELASTICITY, ERROR = 0.2, 0.13, -2.0, 0.2
DRIVERS = ["volume", "price", "timing", "stock"]


def shapley(planned, aged, price, demand, sold):
    """Contributions of volume, price, timing and stock, by the mean over all orders."""
    if aged * price <= 0:
        return [demand, 0.0, -planned, sold - demand]
    factors = {"volume": demand / (aged * price), "price": price, "stock": sold / demand if demand > 0 else 1.0}
    total = dict.fromkeys(DRIVERS, 0.0)
    for order in itertools.permutations(DRIVERS):
        base, times = planned, 1.0
        for driver in order:
            before = base * times
            if driver == "timing":
                base = aged
            else:
                times *= factors[driver]
            total[driver] += (base * times - before) / 24
    return [total[driver] for driver in DRIVERS]


def draw(random):
    first, decay = random.uniform(100, 600), random.uniform(0.88, 0.97)
    planned = first * decay ** np.arange(WEEKS)
    elasticity = ELASTICITY + ERROR * random.standard_normal()
    level = math.exp(LEVEL_SPREAD * random.standard_normal())
    ratio = 1 + random.choice([-1, 1]) * random.uniform(0.1, 0.25)
    delay, out_from, out_days = random.integers(4, 22), random.integers(25, 60), random.integers(4, 19)
    ends = np.concatenate([[0], np.cumsum(planned)])

    def until(age):
        return np.interp(np.clip(age, 0, None), 7 * np.arange(WEEKS + 1), ends)

    days = np.arange(7 * WEEKS)
    own = np.exp(OWN_SPREAD * random.standard_normal(WEEKS))
    pace = (until(days + 1 - delay) - until(days - delay)) * level * own[days // 7] * ratio**elasticity
    demand = random.poisson(pace)
    there = ~((days >= delay + out_from) & (days < delay + out_from + out_days))
    sold = np.where(there, demand, 0)
    weeks = [
        shapley(
            planned[w],
            until(7 * w + 7 - delay) - until(7 * w - delay),
            ratio**elasticity,
            demand[7 * w : 7 * w + 7].sum(),
            sold[7 * w : 7 * w + 7].sum(),
        )
        for w in range(WEEKS)
    ]
    sizes = sorted(abs(np.sum(weeks, axis=0)[1:]))
    if sizes[0] < 10 or min(sizes[1] / sizes[0], sizes[2] / sizes[1]) < 1.2:
        return draw(random)
    spread = 1.645 * math.hypot(LEVEL_SPREAD, OWN_SPREAD)
    forecast = [(w + 1, START + 7 * w, p, p * math.exp(-spread), p * math.exp(spread)) for w, p in enumerate(planned)]
    # Before the launch there are no rows: nothing says when it will be.
    sales = [(START + int(d), int(sold[d]), 10 * ratio, bool(there[d])) for d in days if d >= delay]
    return forecast, sales, np.array(weeks)


def load(database, draws):
    tables = {
        "forecast": "product_id VARCHAR, step BIGINT, date DATE, yhat DOUBLE, yhat_lower DOUBLE, yhat_upper DOUBLE",
        "sales": "product_id VARCHAR, date DATE, units BIGINT, price DOUBLE, available BOOLEAN",
    }
    for place, (table, columns) in enumerate(tables.items()):
        database.execute(f"CREATE OR REPLACE TABLE {table} ({columns})")
        with tempfile.NamedTemporaryFile("w", suffix=".csv", newline="") as file:
            writer = csv.writer(file)
            for number, one in enumerate(draws):
                writer.writerows((f"P{number:04}", *row) for row in one[place])
            file.flush()
            database.execute(f"COPY {table} FROM '{file.name}' (HEADER false)")
    database.execute(f"""CREATE OR REPLACE TABLE plan AS
        SELECT DISTINCT product_id, 1 AS plan_rank, DATE '{START}' AS launch_date, 10.0 AS price FROM forecast""")
    database.execute(f"""CREATE OR REPLACE TABLE elasticities AS
        SELECT NULL::VARCHAR AS key, {ELASTICITY} AS elasticity, {ELASTICITY - 1.645 * ERROR} AS lower, {ELASTICITY + 1.645 * ERROR} AS upper,
            'ok' AS status""")


def found(database, with_availability=True):
    sales = "sales" if with_availability else "(SELECT * EXCLUDE (available) FROM sales)"
    rows = database.execute(
        "SELECT product_id, step, driver, coalesce(contribution, 0), coalesce(lower, 0), coalesce(upper, 0) FROM launch_review_drivers("
        f"'plan', '{sales}', forecast := 'forecast', elasticities := 'elasticities', level := 0.9) WHERE driver IS NOT NULL"
    ).fetchall()
    return {(int(name[1:]), step, driver): numbers for name, step, driver, *numbers in rows}


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("extension")
    arguments.add_argument("--draws", type=int, default=100)
    arguments.add_argument("--seeds", type=int, default=5)
    options = arguments.parse_args()
    database = duckdb.connect(config={"allow_unsigned_extensions": "true"})
    database.execute(f"LOAD '{options.extension}'")
    inside = {(scope, driver): [] for scope in ("total", "step") for driver in DRIVERS}
    errors = {True: [], False: []}
    for seed in range(options.seeds):
        random = np.random.default_rng(seed)
        draws = [draw(random) for _ in range(options.draws)]
        load(database, draws)
        signs = orders = 0
        for with_availability in (True, False):
            answer = found(database, with_availability)
            for place, (_, _, weeks) in enumerate(draws):
                truth = weeks.sum(axis=0)
                got = np.array([answer[place, None, driver][0] for driver in DRIVERS])
                errors[with_availability].append(np.abs(got - truth).sum() / np.abs(truth).sum())
                if not with_availability:
                    continue
                signs += bool((np.sign(got[1:]) == np.sign(truth[1:])).all())
                orders += list(np.argsort(-np.abs(got[1:]))) == list(np.argsort(-np.abs(truth[1:])))
                for scope, steps in (("total", [None]), ("step", range(1, WEEKS + 1))):
                    for step in steps:
                        of_step = truth if step is None else weeks[step - 1]
                        for driver, true in zip(DRIVERS, of_step, strict=True):
                            _, lower, upper = answer[place, step, driver]
                            # Where nothing is uncertain there is no interval to judge.
                            if upper - lower > 1e-6:
                                inside[scope, driver].append(lower - 1e-6 <= true <= upper + 1e-6)
        print(f"seed {seed}: signs right in {signs}, order right in {orders} of {options.draws} draws")
    for (scope, driver), hits in inside.items():
        print(f"coverage of 90 % intervals, {scope}, {driver}: {np.mean(hits):.3f} of {len(hits)}")
    print(f"error of contributions, as a share of their size: {np.mean(errors[True]):.3f}; without availability {np.mean(errors[False]):.3f}")


if __name__ == "__main__":
    main()
