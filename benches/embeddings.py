"""Launches whose demand depends on a hidden direction of a 384-dimensional vector: the vector as an attribute, beside the
model that is given the direction itself, the one without either, and the vector of launches on which it has no bearing.

    python benches/embeddings.py [--launches 1500] [--architectures gbm analog auto]

Needs duckdb (the release the extension is built for), numpy and pandas. The last third of the launches is forecast from the others.
"""
import argparse
import os
import time

import duckdb
import numpy as np
import pandas as pd

WIDTH, STEPS = 384, 8


def world(seed, count, effect, spectrum):
    """Units by launch and step, and what is known of each launch."""
    rng = np.random.default_rng(seed)
    if spectrum == "flat":
        vectors = rng.normal(size=(count, WIDTH))
    else:
        # As embeddings of texts and pictures are: a few directions have most of the variance.
        scale = 1 / np.sqrt(1 + np.arange(WIDTH))
        turn = np.linalg.qr(rng.normal(size=(WIDTH, WIDTH)))[0]
        vectors = (rng.normal(size=(count, WIDTH)) * scale) @ turn
    hidden = rng.normal(size=WIDTH)
    along = vectors @ hidden
    along = (along - along.mean()) / along.std()
    category = rng.integers(0, 6, count)
    price = np.round(np.exp(rng.normal(2, 0.5, count)), 2)
    level = 3 + rng.normal(0, 0.4, 6)[category] - 0.5 * (np.log(price) - 2) + effect * along + rng.normal(0, 0.35, count)
    curve = np.exp(-0.12 * np.arange(STEPS))
    units = rng.poisson(np.exp(level)[:, None] * curve)
    days = np.sort(rng.integers(0, 3 * 364, count))
    return vectors, along, category, price, units, days


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--launches", type=int, default=1500)
    arguments.add_argument("--architectures", nargs="*", default=["gbm", "analog", "auto"])
    arguments.add_argument("--seeds", type=int, default=2)
    arguments = arguments.parse_args()
    con = duckdb.connect(config={"allow_unsigned_extensions": "true"})
    con.execute(f"LOAD '{os.environ.get('LAUNCHPAD_EXTENSION', 'build/release/launchpad.duckdb_extension')}'")
    print("effect spectrum architecture | wape: without, vector, direction given | seconds: without, vector")
    for effect, spectrum in [(0.6, "flat"), (0.6, "falling"), (0.0, "falling")]:
        for architecture in arguments.architectures:
            table = np.array([shop(con, seed, arguments.launches, effect, spectrum, architecture) for seed in range(arguments.seeds)])
            wape, seconds = table[:, 0].mean(axis=0), table[:, 1].mean(axis=0)
            print(f"{effect:6} {spectrum:8} {architecture:12} | {wape[0]:.4f} {wape[1]:.4f} {wape[2]:.4f} | {seconds[0]:.1f} {seconds[1]:.1f}", flush=True)


def shop(con, seed, count, effect, spectrum, architecture):
    vectors, along, category, price, units, days = world(seed, count, effect, spectrum)
    con.execute("DROP TABLE IF EXISTS goods; CREATE TABLE goods (product_id INTEGER, launch_date DATE, category VARCHAR, price DOUBLE, along DOUBLE, vector FLOAT[384])")
    rows = {
        "id": np.arange(count), "day": days, "category": category, "price": price, "along": along,
        "vector": list(vectors.astype(np.float32)),
    }
    con.register("rows_df", pd.DataFrame(rows))
    con.execute("INSERT INTO goods SELECT id, DATE '2021-01-04' + day::INTEGER // 7 * 7, 'c' || category, price, along, vector::FLOAT[384] FROM rows_df")
    con.register("units_df", pd.DataFrame({
        "id": np.repeat(np.arange(count), STEPS), "step": np.tile(np.arange(STEPS), count), "units": units.ravel(),
    }))
    con.execute("""CREATE OR REPLACE TABLE sold AS SELECT id AS product_id, launch_date + step::INTEGER * 7 AS date, units
        FROM units_df JOIN goods ON id = product_id""")
    cut = con.execute("SELECT quantile_disc(launch_date, 2 / 3.0) FROM goods").fetchone()[0]
    wape, seconds = [], []
    for columns in ("category, price", "category, price, vector", "category, price, along"):
        start = time.time()
        con.execute(f"""CREATE OR REPLACE TABLE m AS FROM launch_train('(FROM sold WHERE date < DATE ''{cut}'')',
            products := '(SELECT product_id, launch_date, {columns} FROM goods WHERE launch_date < DATE ''{cut}'')',
            horizon := {STEPS}, architecture := '{architecture}')""")
        seconds.append(time.time() - start)
        wape.append(con.execute(f"""SELECT sum(abs(f.yhat - s.units)) / sum(s.units)
            FROM launch_forecast('(SELECT product_id, launch_date, {columns} FROM goods WHERE launch_date >= DATE ''{cut}'')',
                model := (SELECT model FROM m)) f JOIN sold s USING (product_id, date)""").fetchone()[0])
    return wape, seconds


if __name__ == "__main__":
    main()
