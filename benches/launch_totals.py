#!/usr/bin/env python3
"""Are expected units true in sum, and do the intervals of sums hold? Rolling origins inside the launches to learn from.

Usage: launch_totals.py --data FOLDER [--extension FILE] [--threads N] [--tasks NAME ...] [ARCHITECTURE ...]

Without names of architectures: analog. FOLDER holds m5 and online_retail_ii. At the dates at which 50, 60, 70, 80 and 90 %
of the launches had begun a model is trained on what was known, and forecasts the launches up to the next date. Prints for
each set and architecture, over all origins together,

    bias                   sum of expected units over sum of units sold, less 1
    small, middle, large   the same ratio (not less 1) in the thirds of the product-periods by expected units
    steps                  the lowest and the highest ratio of a step
    coverage80, below      share of units inside the 80 % interval, and below yhat
    by origin              the ratio at each origin

and the share of sums inside the 80 % interval of launch_total, of the launches observed at all steps: by department and
by store (M5), of each month of launches (online retail).
"""

import argparse
import pathlib

import numpy as np
from launch_data import M5, M5_STORES, ONLINE_RETAIL, Task
from scale import ROOT, connect

SHARES = (0.5, 0.6, 0.7, 0.8, 0.9)
TASKS = {"m5": (M5, ["dept_id"]), "m5_stores": (M5_STORES, ["dept_id", "store"]), "online_retail": (ONLINE_RETAIL, ["launch_month"])}


def origins(database) -> list:
    days = [row[0] for row in database.execute("SELECT launch_date FROM products ORDER BY 1").fetchall()]
    return sorted({days[int(share * len(days))] for share in SHARES})


def train(database, task: Task, architecture: str, origin, end) -> None:
    """Leaves the tables known, known_sales, next (the launches to forecast), complete (those seen at all steps) and model."""
    until = f"AND launch_date < '{end}'" if end else ""
    database.execute(f"""
        CREATE OR REPLACE TABLE known AS FROM products WHERE launch_date < '{origin}';
        CREATE OR REPLACE TABLE known_sales AS
        SELECT sales.* FROM sales JOIN known USING (product_id) WHERE date < date_trunc('{task.frequency}', DATE '{origin}');
        CREATE OR REPLACE TABLE next AS
        SELECT *, date_trunc('month', launch_date)::VARCHAR AS launch_month FROM products
        WHERE launch_date >= '{origin}' {until};
        CREATE OR REPLACE TABLE complete AS
        SELECT next.* FROM next
        JOIN (SELECT product_id FROM truth GROUP BY ALL HAVING count(*) = {task.horizon}) USING (product_id);
        CREATE OR REPLACE TABLE model AS
        FROM launch_train('known_sales', products := 'known', frequency := '{task.frequency}', horizon := {task.horizon},
            architecture := '{architecture}');
    """)


def forecasts(database) -> dict:
    return database.execute("""
        SELECT f.step, f.mean, f.yhat, f.yhat_lower, f.yhat_upper, t.units
        FROM launch_forecast('next', (SELECT model FROM model)) AS f JOIN truth AS t USING (product_id, step)
        WHERE f.mean IS NOT NULL
    """).fetchnumpy()


def sums_inside(database, by: str) -> list[bool]:
    rows = database.execute(f"""
        SELECT sold.units BETWEEN t.units_lower AND t.units_upper
        FROM launch_total('complete', (SELECT model FROM model), by := '{by}') AS t
        JOIN (
            SELECT {by}::VARCHAR AS key, sum(units) AS units FROM truth JOIN complete USING (product_id) GROUP BY ALL
        ) AS sold ON sold.key = t.key
    """).fetchall()
    return [row[0] for row in rows]


def run(name: str, architecture: str, options: argparse.Namespace) -> None:
    task, columns = TASKS[name]
    database = connect(options)
    task.tables(database, options.data)
    database.execute(f"""
        CREATE TABLE truth AS SELECT product_id, step, units
        FROM launch_history('sales', 'products', frequency := '{task.frequency}', horizon := {task.horizon})
        WHERE units IS NOT NULL
    """)
    dates = origins(database)
    found, inside = [], {by: [] for by in columns}
    for origin, end in zip(dates, [*dates[1:], None]):
        train(database, task, architecture, origin, end)
        found.append(forecasts(database))
        for by in columns:
            inside[by].append(sums_inside(database, by))

    def column(key: str):
        return np.concatenate([np.ma.filled(f[key], np.nan).astype(float) for f in found])

    step, mean, units = column("step"), column("mean"), column("units")
    scored = step >= task.first_step
    order = np.argsort(mean[scored], kind="stable")
    thirds = [mean[scored][k].sum() / units[scored][k].sum() for k in np.array_split(order, 3)]
    steps = [mean[step == s].sum() / units[step == s].sum() for s in range(task.first_step, task.horizon + 1)]
    within = (units >= column("yhat_lower")) & (units <= column("yhat_upper"))
    by_origin = " ".join(f"{f['mean'].sum() / f['units'].sum():.2f}" for f in found)
    print(
        f"{name} {architecture}: bias {mean[scored].sum() / units[scored].sum() - 1:+.3f}, small {thirds[0]:.2f} middle "
        f"{thirds[1]:.2f} large {thirds[2]:.2f}, steps {min(steps):.2f} to {max(steps):.2f}, coverage80 {within.mean():.3f}, "
        f"below {(units < column('yhat')).mean():.3f}, by origin {by_origin}",
        flush=True,
    )
    for by, of_origins in inside.items():
        sums = [one for origin in of_origins for one in origin]
        print(f"    totals by {by}: {np.mean(sums):.2f} of {len(sums)} sums of {len(of_origins)} origins inside", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("architectures", nargs="*", default=["analog"])
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--extension", type=pathlib.Path, default=ROOT / "build/release/launchpad.duckdb_extension")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=list(TASKS))
    options = parser.parse_args()
    for name in options.tasks:
        for architecture in options.architectures:
            run(name, architecture, options)


if __name__ == "__main__":
    main()
