#!/usr/bin/env python3
"""launch_review_tendency on planted reviews and on public ones, beside means.

    python benches/review_tendency.py                  # planted reviews, several shapes
    python benches/review_tendency.py --data FOLDER    # womens_clothing_reviews of FOLDER, products held out
    python benches/review_tendency.py --speed          # a million reviews

Needs duckdb, numpy and pandas, and the built extension (build/release/launchpad.duckdb_extension, or LAUNCHPAD_EXTENSION).
Planted: log-odds of a positive review = constant + attributes + user + product + drift; new products are asked about, with
users, and judged by what was planted. Public: five folds of products; the answer for a product may use the others alone.
"""

import argparse
import os
import time

import duckdb
import numpy as np
import pandas as pd

EXTENSION = os.environ.get("LAUNCHPAD_EXTENSION", "build/release/launchpad.duckdb_extension")


def connect():
    con = duckdb.connect(config={"allow_unsigned_extensions": True})
    con.execute(f"LOAD '{EXTENSION}'")
    con.execute("SET threads = 2")
    return con


def log_loss(p, y):
    p = np.clip(np.asarray(p, float), 1e-6, 1 - 1e-6)
    return float(-np.mean(y * np.log(p) + (1 - y) * np.log(1 - p)))


def logistic(x):
    return 1 / (1 + np.exp(-x))


def planted(
    seed, products=300, users=2000, reviews=20000, heavy=True, user=0.8, product=0.5, attribute=0.5, base=1.2, drift=0.0,
    tails=False, levels=8, new=100,
):
    """Reviews of products, and what is true of new ones."""
    rng = np.random.default_rng(seed)
    total = products + new
    activity = rng.pareto(1.2, users) + 0.3 if heavy else np.ones(users)
    activity /= activity.sum()
    size = rng.pareto(1.5, products) + 0.3
    kinds = rng.integers(0, levels, (total, 2))
    price = rng.normal(size=total)
    effects = [rng.normal(0, attribute, levels) for _ in range(2)]
    known = base + effects[0][kinds[:, 0]] + effects[1][kinds[:, 1]] + 0.3 * attribute * price
    own = product * (rng.standard_t(3, total) / np.sqrt(3) if tails else rng.normal(size=total))
    bias = user * rng.normal(size=users)
    p = rng.choice(products, reviews, p=size / size.sum())
    u = rng.choice(users, reviews, p=activity)
    when = np.sort(rng.random(reviews))
    odds = known[p] + own[p] + bias[u] + drift * (when - 0.5)
    good = rng.random(reviews) < logistic(odds)
    rating = np.where(good, rng.integers(4, 6, reviews), rng.integers(1, 4, reviews))
    table = pd.DataFrame({
        "product_id": p, "user_id": u, "rating": rating,
        "date": pd.Timestamp("2022-01-01") + pd.to_timedelta((when * 700).astype(int), "D"),
    })
    goods = pd.DataFrame({
        "product_id": np.arange(total), "make": [f"m{k}" for k in kinds[:, 0]], "colour": [f"c{k}" for k in kinds[:, 1]],
        "price": 20 + 5 * price,
    })
    truth = dict(known=known + drift / 2, own=own, bias=bias, activity=activity, product=product, kinds=kinds)
    return table, goods[:products], goods[products:], truth, rng


SHAPES = {
    "as it is": {},
    "few reviews per user": dict(users=10000),
    "many reviews per user": dict(users=200, heavy=False),
    "20 products": dict(products=20),
    "2 reviews per product": dict(products=3000, reviews=6000, users=1000),
    "drift": dict(drift=-1.5),
    "attributes without effect": dict(attribute=0.0),
    "rare positives": dict(base=-3.5),
    "products with heavy tails": dict(tails=True),
    "120 reviews": dict(products=15, reviews=120, users=40),
}


def of_planted(seeds):
    con = connect()
    rows = []
    for name, shape in SHAPES.items():
        for seed in range(seeds):
            table, goods, candidates, truth, rng = planted(seed, **shape)
            n = len(truth["bias"])
            asked = pd.DataFrame({"user_id": np.unique(rng.choice(n, 300, p=truth["activity"]))})
            for key, frame in dict(table=table, goods=goods, candidates=candidates, asked=asked).items():
                con.register(f"{key}_", frame)
            found = con.execute(
                "FROM launch_review_tendency('candidates_', 'table_', products := 'goods_', users := 'asked_')"
            ).df()
            whole = found[found.user_id.isna()].set_index("product_id").sort_index()
            each = found[found.user_id.notna()]
            p, u = each.product_id.to_numpy(), each.user_id.to_numpy().astype(int)
            chance = logistic(truth["known"][p] + truth["own"][p] + truth["bias"][u])
            weight = truth["activity"][u]
            # The expected loss under what was planted, users weighted by their activity.
            def loss(q):
                q = np.clip(np.asarray(q, float), 1e-6, 1 - 1e-6)
                return float(np.average(-(chance * np.log(q) + (1 - chance) * np.log(1 - q)), weights=weight))
            points = np.linspace(-4, 4, 81)
            density = np.exp(-points**2 / 2)
            density /= density.sum()
            best = (logistic((truth["known"][p] + truth["bias"][u])[:, None] + truth["product"] * points) * density).sum(1)
            y = (table.rating >= 4).to_numpy(float)
            mean = y.mean()
            of_user = pd.Series(y).groupby(table.user_id.to_numpy()).mean().reindex(u).fillna(mean).to_numpy()
            make = goods.make.to_numpy()[table.product_id]
            of_make = pd.Series(y).groupby(make).mean().reindex(candidates.set_index("product_id").make.loc[p]).fillna(mean)
            of_make = of_make.to_numpy()
            ids = whole.index.to_numpy()
            share = np.array([np.sum(truth["activity"] * logistic(truth["known"][i] + truth["own"][i] + truth["bias"])) for i in ids])
            lower, upper = whole.lower.to_numpy(), whole.upper.to_numpy()
            rows.append(dict(
                shape=name, truth=loss(best), launchpad=loss(each.probability), whole=loss(whole.probability.loc[p]),
                user=loss(of_user), make=loss(of_make), both=loss(of_user + of_make - mean), mean=loss(np.full(len(p), mean)),
                inside=np.mean((share >= lower) & (share <= upper)),
                inside_user=np.average((chance >= each.lower) & (chance <= each.upper), weights=weight),
                width=np.mean(upper - lower), predicted=whole.probability.mean(), share=share.mean(),
            ))
    table = pd.DataFrame(rows).groupby("shape", sort=False).mean()
    print(table.round(3).to_string())


def of_public(folder, repeats):
    con = connect()
    path = os.path.join(folder, "womens_clothing_reviews", "womens_clothing_reviews.parquet")
    con.execute(f"""
        CREATE TABLE reviews AS SELECT "Clothing ID" AS product_id, Rating AS rating, "Class Name" AS class,
            "Department Name" AS department, "Division Name" AS division FROM '{path}'
    """)
    # A product has the division, department and class of most of its reviews.
    con.execute("""
        CREATE TABLE goods AS SELECT product_id, mode(class) AS class, mode(department) AS department, mode(division) AS division
        FROM reviews GROUP BY product_id
    """)
    data = con.execute("SELECT product_id, rating, g.class FROM reviews JOIN goods g USING (product_id) ORDER BY ALL").df()
    y = (data.rating >= 4).to_numpy(float)
    products = data.product_id.unique()
    rows = []
    for seed in range(repeats):
        rng = np.random.default_rng(seed)
        for by in ["product", "review"]:
            fold = rng.permutation(len(data)) % 5
            if by == "product":
                place = dict(zip(products, rng.permutation(len(products)) % 5))
                fold = data.product_id.map(place).to_numpy()
            columns = {k: np.zeros(len(data)) for k in ["p", "lower", "upper", "rating", "class_p", "class_r", "mean_p", "mean_r"]}
            for one in range(5):
                test = fold == one
                con.register("train_", data[~test])
                con.register("test_", data[test])
                found = con.execute("""
                    FROM launch_review_tendency('(FROM goods SEMI JOIN test_ USING (product_id))', '(SELECT product_id, rating FROM train_)',
                        products := 'goods')
                """).df().set_index("product_id").loc[data.product_id[test]]
                for key, column in dict(p="probability", lower="lower", upper="upper", rating="expected_rating").items():
                    columns[key][test] = found[column]
                rest = data[~test]
                for key, value in dict(p=(rest.rating >= 4).astype(float), r=rest.rating).items():
                    columns[f"mean_{key}"][test] = value.mean()
                    of = value.groupby(rest["class"]).mean()
                    columns[f"class_{key}"][test] = of.reindex(data["class"][test]).fillna(value.mean())
            # Whether the number of positive reviews of a product is within what the interval and chance allow: the place of
            # the number in its distribution, drawn where there are ties.
            inside = []
            if by == "product":
                for product, rows_of in data.groupby("product_id").indices.items():
                    low, high = (np.log(columns[k][rows_of[0]] / (1 - columns[k][rows_of[0]])) for k in ["lower", "upper"])
                    center, width = (low + high) / 2, (high - low) / 2 / 1.2816
                    draws = rng.binomial(len(rows_of), logistic(center + width * rng.normal(size=2000)))
                    number = y[rows_of].sum()
                    place = (draws < number).mean() + rng.random() * (draws == number).mean()
                    inside.append(0.1 < place < 0.9)
            rmse = lambda r: float(np.sqrt(np.mean((r - data.rating) ** 2)))
            rows.append(dict(
                folds=by, launchpad=log_loss(columns["p"], y), by_class=log_loss(columns["class_p"], y),
                mean=log_loss(columns["mean_p"], y), rmse=rmse(columns["rating"]), rmse_class=rmse(columns["class_r"]),
                rmse_mean=rmse(columns["mean_r"]), inside=np.mean(inside) if inside else np.nan,
            ))
    table = pd.DataFrame(rows)
    print(table.round(5).to_string())
    print(table.groupby("folds").mean().round(5).to_string())


def speed():
    con = connect()
    table, goods, candidates, truth, rng = planted(1, products=10000, users=100000, reviews=1_000_000)
    asked = pd.DataFrame({"user_id": np.arange(10000)})
    for key, frame in dict(table=table, goods=goods, candidates=candidates, asked=asked).items():
        con.execute(f"CREATE TABLE {key}_ AS FROM frame")
    for users in ["NULL", "'asked_'"]:
        start = time.time()
        rows = con.execute(f"""
            CREATE OR REPLACE TABLE answers AS
            FROM launch_review_tendency('candidates_', 'table_', products := 'goods_', users := {users})
        """).fetchone()
        print(f"users := {users}: {rows[0]} rows in {time.time() - start:.1f} s")
    import resource
    print(f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.1f} GB at most")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--data")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--speed", action="store_true")
    given = parser.parse_args()
    if given.speed:
        speed()
    elif given.data:
        of_public(given.data, given.seeds)
    else:
        of_planted(given.seeds)
