#!/usr/bin/env python3
"""Do first orders suffice as often as they say, and what do they earn? Launches nobody has seen, on public data.

Usage: stock.py --data FOLDER [--extension FILE] [--threads N] [--tasks NAME ...] [--inside] [--models FILE] [ARCHITECTURE ...]

Without names of architectures: auto. FOLDER holds m5 and online_retail_ii. Needs duckdb, numpy, pandas and lightgbm. The tasks
are those of launches.py: 207 M5 items by month, M5 items by store, and online retail by week; scored are the launches
observed over their whole horizon, by the sum of all its steps. With --inside they are instead the launches to learn from, at
the dates at which 60, 75 and 90 % of them had begun: what a change of the functions is to be judged by. Models are kept in
--models, a DuckDB file, so that a second run need not train.

For the fractiles 0.3, 0.7 and 0.9 of demand, asked for as a service level and as price 1, cost 1 - level, salvage 0, prints for
each task, and pooled over tasks,

    within        share of launches whose sales over the horizon are no more than the order of service_level
    sold, ordered units of all launches
    profit        sum of min(order, sold) - (1 - level) order, in % of what orders equal to the sales would have earned

of launch_stock; of launch_stock with the architecture naive; of ordering the sum of yhat; and of LightGBM's quantiles of the
sum, learned on the sum itself and on its logarithm (mean of 5 seeds), from the same attributes and the launch month.

    stock.py --data FOLDER --tasks m5 online_retail auto gbm
"""

import argparse
import pathlib

import duckdb
import lightgbm
import lightgbm_reference
import numpy as np
from launch_data import M5, M5_STORES, ONLINE_RETAIL, Task
from scale import ROOT, connect

LEVELS = (0.3, 0.7, 0.9)
SHARES = (0.6, 0.75, 0.9)
TASKS = {"m5": M5, "m5_stores": M5_STORES, "online_retail": ONLINE_RETAIL}
# The sums of the launches that are observed at all steps, and the day of their first period.
SUMS = """
CREATE OR REPLACE TABLE {name} AS
SELECT product_id, 1 AS step, min(date) AS date, sum(units) AS units
FROM launch_history('{sales}', '{launches}', frequency := '{frequency}', horizon := {horizon}, burn_in := 0)
GROUP BY product_id
HAVING count(units) = {horizon}
ORDER BY product_id
"""
TRAIN = """
SELECT model
FROM launch_train('known_sales', products := 'known', frequency := '{frequency}', horizon := {horizon},
    architecture := '{architecture}')
"""
ORDERS = """
SELECT product_id, order_units
FROM launch_stock('(SELECT *, price * {cost} AS cost FROM asked)', $model, service_level := {level})
ORDER BY product_id
"""


class Models:
    """Trained models, kept in a file where one is given."""

    def __init__(self, file: pathlib.Path | None):
        self.kept = duckdb.connect(str(file) if file else ":memory:")
        self.kept.execute("CREATE TABLE IF NOT EXISTS models (name VARCHAR, model BLOB)")

    def of(self, database, task: Task, name: str, architecture: str) -> bytes:
        found = self.kept.execute("SELECT model FROM models WHERE name = ?", [f"{name} {architecture}"]).fetchone()
        if found is None:
            sql = TRAIN.format(frequency=task.frequency, horizon=task.horizon, architecture=architecture)
            found = database.execute(sql).fetchone()
            self.kept.execute("INSERT INTO models VALUES (?, ?)", [f"{name} {architecture}", found[0]])
        return found[0]


def origins(database, inside: bool) -> list[tuple]:
    """Pairs of days: launches before the first are known, those up to the second one are asked about."""
    if not inside:
        return [(None, None)]
    days = [row[0] for row in database.execute("SELECT launch_date FROM products ORDER BY 1").fetchall()]
    days = sorted({days[int(share * len(days))] for share in SHARES})
    return list(zip(days, [*days[1:], None]))


def tables(database, task: Task, origin, end) -> None:
    """Leaves known, known_sales, past (their sums), asked (launches that are scored) and future (their sums)."""
    if origin is None:
        database.execute("""
            CREATE OR REPLACE TABLE known AS FROM products;
            CREATE OR REPLACE TABLE known_sales AS FROM sales;
            CREATE OR REPLACE TABLE next AS FROM candidates;
        """)
    else:
        until = f"AND launch_date < '{end}'" if end else ""
        database.execute(f"""
            CREATE OR REPLACE TABLE known AS FROM products WHERE launch_date < '{origin}';
            CREATE OR REPLACE TABLE known_sales AS
            SELECT sales.* FROM sales JOIN known USING (product_id)
            WHERE date < date_trunc('{task.frequency}', DATE '{origin}');
            CREATE OR REPLACE TABLE next AS FROM products WHERE launch_date >= '{origin}' {until};
        """)
    shape = {"frequency": task.frequency, "horizon": task.horizon}
    database.execute(SUMS.format(name="past", sales="known_sales", launches="known", **shape))
    database.execute(SUMS.format(name="future", sales="all_sales" if origin is None else "sales", launches="next", **shape))
    # Only the ratio of cost to price matters for an order, but there is none by profit without a price.
    database.execute("""
        CREATE OR REPLACE TABLE asked AS FROM next SEMI JOIN future USING (product_id) WHERE price > 0 ORDER BY product_id;
        DELETE FROM future WHERE product_id NOT IN (SELECT product_id FROM asked);
    """)


def launchpad_orders(database, model: bytes, level: float) -> tuple[np.ndarray, np.ndarray]:
    """Orders by service level, and by profit."""
    by_level = database.execute(
        ORDERS.format(cost=0.5, level=level), {"model": model}
    ).fetchnumpy()["order_units"]
    by_profit = database.execute(ORDERS.format(cost=1 - level, level="NULL"), {"model": model}).fetchnumpy()["order_units"]
    return np.asarray(by_level, float), np.asarray(by_profit, float)


def medians(database, model: bytes) -> np.ndarray:
    return database.execute(
        "SELECT sum(yhat) AS f FROM launch_forecast('asked', model := $model) GROUP BY product_id ORDER BY product_id",
        {"model": model},
    ).fetchnumpy()["f"]


def lightgbm_orders(database, level: float, logarithm: bool) -> np.ndarray:
    past = database.execute("FROM past ORDER BY product_id").df()
    future = database.execute("FROM future ORDER BY product_id").df()
    known = database.execute("FROM known ORDER BY product_id").df()
    asked = database.execute("FROM asked ORDER BY product_id").df()
    x, to_order, categories = lightgbm_reference.features(known, asked, past, future)
    y = past.units.to_numpy(float)
    orders = []
    for seed in range(lightgbm_reference.SEEDS):
        model = lightgbm.LGBMRegressor(
            objective="quantile", alpha=level, n_estimators=300, learning_rate=0.03, num_leaves=15, min_child_samples=30,
            subsample=0.8, subsample_freq=1, colsample_bytree=0.8, random_state=seed, deterministic=True,
            force_row_wise=True, n_jobs=1, verbose=-1,
        )  # fmt: skip
        model.fit(x, np.log1p(y) if logarithm else y, categorical_feature=categories)
        found = model.predict(to_order)
        orders.append(np.maximum(np.expm1(found) if logarithm else found, 0))
    return np.mean(orders, axis=0)


def contenders(database, task: Task, name: str, architectures: list[str], models: Models):
    """Names, levels, orders by service level and by profit."""
    found = []
    for architecture in [*architectures, "naive"]:
        model = models.of(database, task, name, architecture)
        for level in LEVELS:
            found.append((f"launch_stock {architecture}", level, *launchpad_orders(database, model, level)))
        if architecture != "naive":
            yhat = medians(database, model)
            found.extend((f"sum of yhat, {architecture}", level, yhat, yhat) for level in LEVELS)
    for logarithm in (False, True):
        for level in LEVELS:
            orders = lightgbm_orders(database, level, logarithm)
            found.append((f"LightGBM quantile{' of ln' if logarithm else ''}", level, orders, orders))
    return found


def line(title: str, level: float, who: str, parts: list[tuple]) -> None:
    """One row over all parts: order by service level, order by profit, sold."""
    by_level, by_profit, sold = (np.concatenate([part[k] for part in parts]) for k in range(3))
    profit = np.minimum(by_profit, sold).sum() - (1 - level) * by_profit.sum()
    within = np.mean(sold <= by_level + 1e-9)
    print(
        f"| {title} | {level} | {who} | {len(sold):,} | {within:.3f} | {sold.sum():,.0f} | {by_profit.sum():,.0f} "
        f"| {100 * profit / (level * sold.sum()):.1f} |",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("architectures", nargs="*", metavar="ARCHITECTURE", help="default: auto")
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--extension", type=pathlib.Path, default=ROOT / "build/release/launchpad.duckdb_extension")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=list(TASKS))
    parser.add_argument("--inside", action="store_true", help="score launches to learn from, at rolling origins")
    parser.add_argument("--models", type=pathlib.Path, help="a DuckDB file that keeps the models")
    options = parser.parse_args()
    models = Models(options.models)
    pooled: dict[tuple, list] = {}
    print("| task | level | order | launches | within | sold | ordered | profit % |", flush=True)
    print("| --- | --- | --- | --- | --- | --- | --- | --- |", flush=True)
    for name in options.tasks:
        database = connect(options)
        TASKS[name].tables(database, options.data)
        parts: dict[tuple, list] = {}
        for origin, end in origins(database, options.inside):
            tables(database, TASKS[name], origin, end)
            sold = np.asarray(database.execute("SELECT units FROM future ORDER BY product_id").fetchnumpy()["units"], float)
            of_origin = f"{name} {origin}"
            for who, level, *orders in contenders(database, TASKS[name], of_origin, options.architectures or ["auto"], models):
                parts.setdefault((who, level), []).append((*orders, sold))
        for (who, level), of_task in sorted(parts.items(), key=lambda item: item[0][1]):
            line(name, level, who, of_task)
            pooled.setdefault((who, level), []).extend(of_task)
    for (who, level), of_all in sorted(pooled.items(), key=lambda item: item[0][1]):
        line("pooled", level, who, of_all)


if __name__ == "__main__":
    main()
