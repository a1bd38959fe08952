"""LightGBM as an analyst would set it up: one row per launch and step, absolute loss on ln(1 + units)."""

import collections
import re
from collections.abc import Iterator

import duckdb
import lightgbm
import numpy as np
import pandas

SEEDS = 5
MIN_LAUNCHES_OF_WORD = 10
KEYS = ("product_id", "launch_date")


def forecasts(
    database: duckdb.DuckDBPyConnection, past: pandas.DataFrame, future: pandas.DataFrame
) -> Iterator[np.ndarray]:
    """Units at the rows of `future`, learned from `past` (product_id, step, date, units), once for each seed.

    Attributes are those of the tables products and candidates: logarithms of prices, numbers, categories as such, and
    for texts whether they hold a word (those of at least 10 past launches). Beside them the step, the launch month, the
    calendar month and the days of the period before the launch date.
    """
    products = database.execute("FROM products ORDER BY product_id").df()
    candidates = database.execute("FROM candidates ORDER BY product_id").df()
    x, to_forecast, categories = features(products, candidates, past, future)
    for seed in range(SEEDS):
        model = lightgbm.LGBMRegressor(
            objective="l1", n_estimators=300, learning_rate=0.03, num_leaves=15, min_child_samples=30, subsample=0.8,
            subsample_freq=1, colsample_bytree=0.8, random_state=seed, deterministic=True, force_row_wise=True,
            n_jobs=1, verbose=-1,
        )  # fmt: skip
        model.fit(x, np.log1p(past.units), categorical_feature=categories)
        yield np.maximum(np.expm1(model.predict(to_forecast)), 0)


def features(products, candidates, past, future):
    """One column per attribute or word, for the rows of past and future."""
    both = pandas.concat([products, candidates], keys=["past", "future"])
    columns, categories = {}, []
    for name in (c for c in both.columns if c not in KEYS):
        values, known = both[name], products[name]
        if pandas.api.types.is_numeric_dtype(values):
            columns[name] = np.log(values) if name == "price" else values.astype(float)
        elif known.dropna().str.count(" ").mean() >= 1.5 and known.nunique() > len(known) / 2:
            held = [set(re.findall(r"\w\w+", str(t).lower())) for t in values]
            counts = collections.Counter(w for words in held[: len(products)] for w in words)
            for word in sorted(w for w, n in counts.items() if n >= MIN_LAUNCHES_OF_WORD):
                columns[f"{name}_{len(columns)}"] = np.array([word in words for words in held], dtype=float)
        else:
            levels = {v: k for k, v in enumerate(sorted(known.dropna().unique()))}
            columns[name] = values.map(levels).astype(float)
            categories.append(name)
    attributes = pandas.DataFrame(columns, index=both.index)
    attributes["launch_month"] = both.launch_date.dt.month
    attributes[["product_id", "launch_date"]] = both[["product_id", "launch_date"]]
    return at_steps(attributes.loc["past"], past), at_steps(attributes.loc["future"], future), categories


def at_steps(attributes: pandas.DataFrame, rows: pandas.DataFrame) -> pandas.DataFrame:
    x = rows[["product_id", "step", "date"]].merge(attributes, on="product_id", how="left")
    x["month"] = x.date.dt.month
    x["late"] = np.maximum((x.launch_date - x.date).dt.days, 0)
    return x.drop(columns=["product_id", "date", "launch_date"])
