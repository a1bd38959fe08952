#!/usr/bin/env python3
"""Probabilities of purchases on public data, beside LightGBM; time and memory by number of rows.

Usage: classifier.py [--data FOLDER] [--extension FILE] [--threads N] [--tasks NAME ...] [ARCHITECTURE ...]

Without names of architectures: auto. FOLDER holds online_shoppers. Needs duckdb, numpy, pandas, scikit-learn and lightgbm.

    shoppers   sessions of a web shop in five folds, each predicted from the others (needs --data)
    scoring    rows a second of launch_probability, on the same sessions 25 times (needs --data)
    scale      made-up rows with 20 features, 1, 2, 4 and 8 times as many

    classifier.py --data FOLDER --tasks shoppers scoring -- auto gbm mlp logistic
"""

import argparse
import pathlib
import time

import numpy as np
import pandas as pd
from scale import ROOT, connect, measured
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score
from sklearn.model_selection import StratifiedKFold

FOLDS = 5
CATEGORIES = ["Month", "VisitorType", "Weekend", "OperatingSystems", "Browser", "Region", "TrafficType"]
TUNED = {
    "n_estimators": 250, "learning_rate": 0.03, "num_leaves": 15, "min_child_samples": 30, "subsample": 0.8,
    "subsample_freq": 1, "colsample_bytree": 0.6,
}
SIZES = (50_000, 100_000, 200_000, 400_000)
MADE_UP = """
CREATE OR REPLACE TABLE rows AS
SELECT
    {numbers}, ['a', 'b', 'c', 'd'][(hash(i, 77) % 4 + 1)::BIGINT] AS kind,
    hash(i, 99) % 100000 / 1e5 < 1 / (1 + exp(2 - 3 * (hash(i, 0) % 1000 / 1e3) - CASE WHEN hash(i, 77) % 4 = 0 THEN 1 ELSE 0 END)) AS label
FROM range({rows}) t(i)
"""


def calibration_error(label, probability, bins=10):
    """Mean absolute difference of probability and share of positives in bins of equal size."""
    parts = np.array_split(np.argsort(probability, kind="stable"), bins)
    return sum(len(p) * abs(probability[p].mean() - label[p].mean()) for p in parts) / len(label)


def report(name, label, probability, seconds):
    clipped = np.clip(probability, 1e-7, 1 - 1e-7)
    print(
        f"{name:18} AUC {roc_auc_score(label, probability):.4f}  AP {average_precision_score(label, probability):.4f}  "
        f"log loss {log_loss(label, clipped):.4f}  Brier {brier_score_loss(label, probability):.4f}  "
        f"calibration {calibration_error(label, probability):.4f}  {seconds:.1f} s",
        flush=True,
    )


def folds(label):
    return StratifiedKFold(FOLDS, shuffle=True, random_state=0).split(np.zeros(len(label)), label)


def lightgbm(frame, label):
    import lightgbm

    inputs = frame.drop(columns="Revenue").astype({name: "category" for name in CATEGORIES})
    for name, options in (("LightGBM", {}), ("LightGBM, tuned", TUNED)):
        found, start = np.zeros(len(label)), time.time()
        for known, asked in folds(label):
            model = lightgbm.LGBMClassifier(verbose=-1, random_state=0, **options)
            model.fit(inputs.iloc[known], label[known])
            found[asked] = model.predict_proba(inputs.iloc[asked])[:, 1]
        report(name, label, found, time.time() - start)


def shoppers(con, frame, architectures):
    label = frame.Revenue.astype(int).values
    lightgbm(frame, label)
    con.register("frame", frame.assign(row_id=np.arange(len(frame))))
    con.execute("CREATE OR REPLACE TABLE sessions AS FROM frame")
    for architecture in architectures:
        found, start = np.full(len(label), np.nan), time.time()
        for known, _ in folds(label):
            con.register("known", pd.DataFrame({"row_id": known}))
            con.execute("CREATE OR REPLACE TABLE train AS FROM sessions WHERE row_id IN (FROM known)")
            con.execute("CREATE OR REPLACE TABLE test AS FROM sessions WHERE row_id NOT IN (FROM known)")
            con.execute(
                "CREATE OR REPLACE TABLE model AS FROM launch_train_classifier('train', label := 'Revenue', "
                f"ignore := ['row_id'], architecture := '{architecture}')"
            )
            rows = con.execute("SELECT row_id, launch_probability((SELECT model FROM model), t) AS p FROM test t")
            rows = rows.fetchnumpy()
            found[rows["row_id"]] = rows["p"]
        report(architecture, label, found, time.time() - start)


def scoring(con, frame, architectures):
    con.register("frame", frame)
    con.execute("CREATE OR REPLACE TABLE sessions AS FROM frame")
    con.execute("CREATE OR REPLACE TABLE many AS SELECT s.* FROM sessions s, range(25)")
    for architecture in architectures:
        con.execute(
            "CREATE OR REPLACE TABLE model AS "
            f"FROM launch_train_classifier('sessions', label := 'Revenue', architecture := '{architecture}')"
        )
        start = time.time()
        con.execute("SELECT sum(launch_probability((SELECT model FROM model), m)) FROM many m").fetchall()
        print(f"{architecture:18} {25 * len(frame) / (time.time() - start):,.0f} rows/s", flush=True)


def scale(con, architectures, sizes):
    numbers = ", ".join(f"hash(i, {k}) % 1000 / 1e3 AS x{k}" for k in range(19))
    for architecture in architectures:
        for rows in sizes:
            con.execute(MADE_UP.format(numbers=numbers, rows=rows))
            sql = f"SELECT auc FROM launch_train_classifier('rows', architecture := '{architecture}')"
            [(auc,)], seconds, above = measured(con, sql)
            print(f"{architecture:18} {rows:10,} rows  AUC {auc:.4f}  {seconds:.1f} s  {above:.0f} MiB above", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=pathlib.Path)
    parser.add_argument("--extension", default=ROOT / "build/release/launchpad.duckdb_extension")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--tasks", nargs="+", default=["shoppers"], choices=["shoppers", "scoring", "scale"])
    parser.add_argument("--rows", type=int, nargs="+", default=SIZES)
    parser.add_argument("architectures", nargs="*", default=["auto"])
    options = parser.parse_args()
    con = connect(options)
    for task in options.tasks:
        if task == "scale":
            scale(con, options.architectures, options.rows)
            continue
        frame = pd.read_csv(options.data / "online_shoppers" / "online_shoppers_intention.csv")
        {"shoppers": shoppers, "scoring": scoring}[task](con, frame, options.architectures)


if __name__ == "__main__":
    main()
