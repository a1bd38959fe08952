"""Planted channels and Robyn's simulated weeks: do intervals hold, and how good are splits?

    python benches/channels.py EXTENSION [--draws 300] [--first 1000] [--data FOLDER]

Each draw plants 5 channels over 104 to 208 weeks, with trend, season, price and errors that hang together; a channel carries over
geometrically or with a delay, and saturates by a curve of Hill, of Michaelis and Menten or exponentially. In every second draw spend
follows demand: trend, season and the outcome of the week before. It prints how often the planted response at the 25, 50 and 75 %
points of the weeks' spend lies within 90 % intervals, how wide these are, and what the split of last year's money reaches of the best
one. --data is the folder of dt_simulated_weekly.csv (MIT, package robynpy). It needs duckdb, numpy and pandas.
"""

import argparse
import time

import duckdb
import numpy as np
import pandas

CHANNELS = ["display", "print", "radio", "search", "tv"]
POINTS = 601


def hill(u, k, s):
    return u**s / (u**s + k**s)


def exponential(u, k, _):
    return 1 - np.exp(-u * np.log(2) / k)


def weights(decay, peak):
    lags = np.arange(60)
    w = decay ** np.where(peak == 0, lags, (lags - peak) ** 2)
    return w / w.sum()


def planted(seed):
    """Spend by channel, outcome, price, and the planted response of each channel to steady spend."""
    rng = np.random.default_rng(seed)
    follows = seed % 2 == 1
    weeks = int(rng.integers(104, 209))
    burn = 60
    n = weeks + burn
    t = np.arange(n)
    base = 10_000 * np.exp(rng.normal(0, 0.5))
    trend = 1 + rng.normal(0, 0.15) * (t - burn) / weeks + np.cumsum(rng.normal(0, 0.006, n))
    season = sum(
        rng.normal(0, 0.10 / h) * np.sin(2 * np.pi * h * t / 52.18 + rng.uniform(0, 2 * np.pi)) for h in (1, 2, 3)
    )
    ln_price = np.where(rng.random(n) < 0.15, -rng.uniform(0.05, 0.3), 0) + rng.normal(0, 0.01, n)
    demand = trend + season
    noise, rho = rng.uniform(0.02, 0.07), rng.uniform(0, 0.6)
    error = np.zeros(n)
    for i in range(1, n):
        error[i] = rho * error[i - 1] + rng.normal(0, noise * np.sqrt(1 - rho**2))
    effects, level, jitter, flight, strength, kernels = [], [], [], [], [], []
    for _ in CHANNELS:
        level.append(np.exp(rng.normal(6.5, 0.8)))
        jitter.append(np.exp(np.cumsum(rng.normal(0, 0.12, n)) * 0.3 + rng.normal(0, rng.uniform(0.2, 0.6), n)))
        on = np.ones(n)
        if rng.random() < 0.35:
            on = (np.cumsum(rng.random(n) < 0.2) % 2).astype(float)
        flight.append(on)
        strength.append(rng.uniform(1, 3))
        kernels.append(weights(rng.uniform(0.05, 0.7), int(rng.choice([0, 0, 0, 1, 2]))))
        family = rng.choice(3)
        slope = 1.0 if family == 0 else rng.uniform(1.0, 2.2)
        effects.append((
            exponential if family == 2 else hill, np.exp(rng.normal(0.2, 0.6)), slope, base * rng.uniform(0.02, 0.14)
        ))
    spend, outcome = np.zeros((5, n)), np.zeros(n)
    mean_level = [level[c] * flight[c][flight[c] > 0].sum() / max(1, (flight[c] > 0).sum()) for c in range(5)]

    def response(c, x):
        curve, k, s, size = effects[c]
        return size * curve(np.asarray(x) / mean_level[c], k, s) / curve(1.0, k, s)

    for i in range(n):
        for c in range(5):
            pull = 1.0
            if follows:
                lagged = outcome[i - 1] / base - 1 if i else 0.0
                pull = np.exp(strength[c] * (0.8 * (demand[i] - 1) + 0.2 * np.clip(lagged, -0.5, 0.5)))
            spend[c, i] = level[c] * jitter[c][i] * flight[c][i] * pull
        outcome[i] = base * (demand[i] - 1.5 * ln_price[i] * 0.3 + error[i])
        for c in range(5):
            w = kernels[c][: i + 1]
            outcome[i] += response(c, float(w @ spend[c, i::-1][: len(w)]))
    last = slice(burn, n)
    return follows, spend[:, last], outcome[last], np.exp(ln_price[last]) * 20, response


def load(con, spend, outcome, price):
    n = len(outcome)
    dates = np.datetime64("2021-01-04") + 7 * np.arange(n)
    frame = {
        "channel": np.repeat(CHANNELS, n), "date": np.tile(dates, 5), "spend": spend.ravel(),
    }
    totals = {"date": dates, "outcome": outcome, "price": price}
    con.register("frame", pandas.DataFrame(frame))
    con.register("totals", pandas.DataFrame(totals))
    con.execute("CREATE OR REPLACE TEMP TABLE campaigns AS FROM frame")
    con.execute("CREATE OR REPLACE TEMP TABLE outcomes AS FROM totals")


def best_split(response, budget, least=np.zeros(5), most=np.full(5, np.inf), steps=800):
    """The outcome of the best split of the planted curves on a grid, by dynamic programming; and what any split brings."""
    best = np.zeros(steps + 1)
    free = budget - least.sum()
    for c in range(5):
        grid = least[c] + np.linspace(0, free, steps + 1)
        gain = np.where(grid <= most[c] + 1e-9, response(c, grid), -np.inf)
        best = np.array([np.max(best[: k + 1] + gain[k::-1]) for k in range(steps + 1)])
    return best[-1], lambda x: sum(float(response(c, x[c])) for c in range(5))


def run(con, seed):
    follows, spend, outcome, price, response = planted(seed)
    load(con, spend, outcome, price)
    began = time.perf_counter()
    curves = con.execute(
        f"FROM launch_channel_response('campaigns', outcomes := 'outcomes', points := {POINTS}, level := 0.9)"
    ).df()
    took = time.perf_counter() - began
    budget = spend[:, -52:].mean(axis=1).sum()
    split = con.execute(
        f"FROM launch_channels('campaigns', outcomes := 'outcomes', budget := {budget}, minimum := 0)"
    ).df().set_index("channel")
    rows = []
    for c, name in enumerate(CHANNELS):
        curve = curves[curves.channel == name]
        for q in (25, 50, 75):
            x = np.percentile(spend[c], q)
            if x <= 0:
                continue
            truth = float(response(c, x))
            mean, lower, upper = (np.interp(x, curve.spend, curve[k]) for k in ("outcome", "lower", "upper"))
            rows.append((follows, q, lower <= truth <= upper, (upper - lower) / truth, mean / truth, bool(split.identified[name]), truth < lower))
    best, value = best_split(response, budget)
    got = value([split.spend[name] for name in CHANNELS])
    year = spend[:, -52:].mean(axis=1)
    # Without limits: within half and double of the shares so far, as plans often are.
    held = con.execute(
        f"SELECT channel, spend FROM launch_channels('campaigns', outcomes := 'outcomes', budget := {budget})"
    ).df().set_index("channel").spend
    shares = spend.mean(axis=1) / spend.mean(axis=1).sum() * budget
    best_held, _ = best_split(response, budget, 0.5 * shares, np.minimum(2 * shares, budget))
    held = value([held[name] for name in CHANNELS])
    # Limits by channel: half and double of last year's spend.
    within = [0.5 * year, np.minimum(2 * year, budget)]
    bounds = [
        "{" + ", ".join(f"'{name}': {x}" for name, x in zip(CHANNELS, bound)) + "}" for bound in within
    ]
    bounded = con.execute(
        f"SELECT channel, spend FROM launch_channels('campaigns', outcomes := 'outcomes', budget := {budget}, "
        f"minimum := {bounds[0]}, maximum := {bounds[1]})"
    ).df().set_index("channel").spend
    best_within, _ = best_split(response, budget, *within)
    return rows, (follows, got / best, value(year) / best, value([bounded[name] for name in CHANNELS]) / best_within,
                  held / best_held, held / best), took


def tell(name, rows):
    if not rows:
        return
    inside = np.mean([r[2] for r in rows])
    print(
        f"{name:34s} {len(rows):5d} points: inside {100 * inside:5.1f} %, truth below {100 * np.mean([r[6] for r in rows]):4.1f} %, width "
        f"{np.mean([r[3] for r in rows]):.2f} of the truth (median {np.median([r[3] for r in rows]):.2f}), mean estimate "
        f"{np.mean([r[4] for r in rows]):.2f} of the truth"
    )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("extension")
    parser.add_argument("--draws", type=int, default=300)
    parser.add_argument("--first", type=int, default=1000)
    parser.add_argument("--data")
    args = parser.parse_args()
    con = duckdb.connect(config={"allow_unsigned_extensions": "true"})
    con.execute(f"LOAD '{args.extension}'")
    if args.data:
        return robyn(con, args.data)
    rows, splits, times = [], [], []
    for seed in range(args.first, args.first + args.draws):
        r, s, took = run(con, seed)
        rows += r
        splits.append(s)
        times.append(took)
    for name, kept in (("spend on its own", [r for r in rows if not r[0]]), ("spend follows demand", [r for r in rows if r[0]])):
        tell(name, kept)
        for q in (25, 50, 75):
            tell(f"  at the {q} % point", [r for r in kept if r[1] == q])
        tell("  identified", [r for r in kept if r[5]])
        tell("  not identified", [r for r in kept if not r[5]])
        of = [s for s in splits if s[0] == kept[0][0]]
        print(
            f"  split: {100 * np.mean([s[1] for s in of]):.1f} % of the best outcome (5 % of draws below "
            f"{100 * np.percentile([s[1] for s in of], 5):.1f} %), the split of last year {100 * np.mean([s[2] for s in of]):.1f} %; "
            f"within half and double of last year's spend {100 * np.mean([s[3] for s in of]):.1f} %; by default "
            f"{100 * np.mean([s[4] for s in of]):.1f} % of the best within these bounds, {100 * np.mean([s[5] for s in of]):.1f} % of the best of all"
        )
    tell("all", rows)
    print(
        f"split: {100 * np.mean([s[1] for s in splits]):.2f} % of the best outcome, within half and double of last year's spend "
        f"{100 * np.mean([s[3] for s in splits]):.2f} %, by default {100 * np.mean([s[4] for s in splits]):.2f} % of the best within its "
        f"bounds (5 % of draws below {100 * np.percentile([s[4] for s in splits], 5):.2f} %) and {100 * np.mean([s[5] for s in splits]):.2f} % "
        f"of the best of all; {np.median(times):.2f} s a fit"
    )


def robyn(con, folder):
    path = f"{folder}/dt_simulated_weekly.csv"
    con.execute(
        f"CREATE TEMP TABLE raw AS FROM read_csv('{path}', nullstr := ['na'])"
    )
    con.execute(
        "CREATE TEMP TABLE campaigns AS SELECT channel, DATE AS date, spend FROM raw UNPIVOT "
        "(spend FOR channel IN (tv_S, ooh_S, print_S, facebook_S, search_S))"
    )
    con.execute("CREATE TEMP TABLE outcomes AS SELECT DATE AS date, revenue AS outcome FROM raw")
    con.execute("CREATE TEMP TABLE covariates AS SELECT DATE AS date, competitor_sales_B, newsletter FROM raw")
    for options in ("", ", covariates := 'covariates'"):
        print(options or "without covariates")
        print(con.execute(
            "SELECT * REPLACE (round(spend) AS spend, round(share, 3) AS share, round(expected_outcome) AS expected_outcome, "
            "round(outcome_lower) AS outcome_lower, round(outcome_upper) AS outcome_upper, round(marginal_return, 2) AS "
            "marginal_return, round(saturation, 2) AS saturation, round(adstock, 2) AS adstock) "
            f"FROM launch_channels('campaigns', outcomes := 'outcomes'{options})"
        ).df().to_string())


if __name__ == "__main__":
    main()
