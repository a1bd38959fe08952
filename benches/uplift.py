#!/usr/bin/env python3
"""What e-mails changed in a real randomised campaign, and do intervals by segment hold? Hillstrom's e-mails, and planted segments.

Usage: uplift.py --data FOLDER [--extension FILE] [--threads N] [--draws N] [--seed N]

FOLDER holds hillstrom/hillstrom.csv: 64,000 customers, of whom a third got an e-mail on men's clothes, a third one on women's, and a
third none. Needs duckdb, numpy, pandas and scipy. Prints

    1  the change of visits, conversions and spend by e-mail with its 90 % interval, beside the plain difference of means and, for
       spend, Welch's interval of scipy; then that of visits by segment
    2  samples of the campaign itself: how often the 90 % interval of a sample of so many customers of each e-mail holds the
       difference in all 64,000
    3  planted segments: 8 with 200 to 6,000 customers of each kind, whose effects are normal around a common one with a deviation
       of 0, of half, of the whole and of twice that one; outcomes are rates of 5 to 15 %, or lognormal spend of 5 % of customers. How often
       the 90 % interval of a segment holds its effect, and the root mean squared error of the effects, of their plain
       differences, and of the difference of all customers taken for each segment
"""

import argparse
import pathlib

import numpy as np
import pandas as pd
from scale import ROOT, connect
from scipy.stats import ttest_ind

CONTROL = "No E-Mail"
KNOWN = "['recency', 'history_segment', 'history', 'mens', 'womens', 'zip_code', 'newbie', 'channel']"
UPLIFT = """
SELECT channel, segment, expected_outcome, outcome_lower, outcome_upper, identified, reason
FROM launch_channels('hillstrom', treatment := 'segment', outcome := '{outcome}', control := '{control}', level := 0.9,
    segment := {segment}, spend := NULL, known_before := {known})
"""
ASKED = """
SELECT number, a.treatment, a.segment, a.expected_outcome, a.outcome_lower, a.outcome_upper
FROM (
    SELECT number, unnest(__launch_uplift(
        list({'segment': segment, 'treatment': treatment, 'is_control': treatment = 'none', 'customers': customers, 'sum': sum,
            'squares': squares, 'cost': NULL}), NULL, level := 0.9
    )) AS a
    FROM draws GROUP BY number
)
ORDER BY ALL
"""


def asked(con, rows: list[tuple]) -> pd.DataFrame:
    """Effects of many made-up campaigns in one query, by the scalar beneath the macro."""
    given = pd.DataFrame(rows, columns=["number", "segment", "treatment", "customers", "sum", "squares"])  # noqa: F841
    con.execute("CREATE OR REPLACE TEMP TABLE draws AS FROM given")
    return con.execute(ASKED).df()


def hillstrom(con, data: pathlib.Path) -> None:
    con.execute(f"CREATE TABLE hillstrom AS FROM read_csv('{data}/hillstrom/hillstrom.csv')")
    table = con.sql("FROM hillstrom").df()
    print(f"{'outcome':11s}{'e-mail':15s}{'change':>10s}{'lower':>10s}{'upper':>10s}{'plain':>10s}  Welch by scipy")
    for outcome in ("visit", "conversion", "spend"):
        query = UPLIFT.format(outcome=outcome, control=CONTROL, segment="NULL", known=KNOWN)
        for mail, _, change, lower, upper, identified, reason in con.execute(query).fetchall():
            treated, control = (table[table.segment == name][outcome] for name in (mail, CONTROL))
            plain = treated.mean() - control.mean()
            assert abs(change - plain) < 1e-12, (change, plain)
            welch = ttest_ind(treated, control, equal_var=False).confidence_interval(0.9)
            told = f"{welch.low:.6f} to {welch.high:.6f}"
            print(f"{outcome:11s}{mail:15s}{change:10.6f}{lower:10.6f}{upper:10.6f}{plain:10.6f}  {told}")
    print(f"identified: {identified}; {reason}")
    for segment in ("newbie", "history_segment"):
        query = UPLIFT.format(outcome="visit", control=CONTROL, segment=f"'{segment}'", known=KNOWN)
        print(f"\n{segment:18s}{'e-mail':15s}{'change':>9s}{'lower':>9s}{'upper':>9s}{'plain':>9s}")
        for mail, value, change, lower, upper, _, _ in con.execute(query).fetchall():
            part = table[table[segment].astype(str) == value]
            plain = part[part.segment == mail].visit.mean() - part[part.segment == CONTROL].visit.mean()
            print(f"{value:18s}{mail:15s}{change:9.4f}{lower:9.4f}{upper:9.4f}{plain:9.4f}")


def samples(con, draws: int, random: np.random.Generator) -> None:
    table = con.sql("FROM hillstrom").df()
    print(f"\n{'outcome':11s}{'customers':>10s}{'inside %':>10s}{'below':>7s}{'above':>7s}")
    for outcome in ("visit", "conversion", "spend"):
        arms = {name: part[outcome].to_numpy(float) for name, part in table.groupby("segment")}
        for size in (200, 1_000, 5_000):
            rows = []
            for number in range(draws):
                for name, values in arms.items():
                    drawn = random.choice(values, size)
                    square = float((drawn**2).sum()) if outcome == "spend" else np.nan
                    rows.append((number, None, "none" if name == CONTROL else name, size, drawn.sum(), square))
            found = asked(con, rows)
            found = found[found.expected_outcome.notna()]
            truth = found.treatment.map(lambda name: arms[name].mean() - arms[CONTROL].mean())
            below, above = (truth < found.outcome_lower).mean(), (truth > found.outcome_upper).mean()
            print(f"{outcome:11s}{size:10d}{100 * (1 - below - above):10.1f}{100 * below:7.1f}{100 * above:7.1f}", flush=True)


def planted(con, draws: int, random: np.random.Generator) -> None:
    print(f"\n{'outcome':9s}{'deviation':>10s}{'inside %':>10s}{'error':>10s}{'plain':>10s}{'of all':>10s}  (root mean squared errors)")
    for outcome in ("rate", "spend"):
        for relative in (0.0, 0.5, 1.0, 2.0):
            rows, truths, plains = [], {}, {}
            for number in range(draws):
                base = random.uniform(0.05, 0.15, 8)
                common = 0.02
                effects = common * (1 + relative * random.standard_normal(8))
                effects = np.clip(effects, 0.005 - base, None)
                sizes = np.exp(random.uniform(np.log(200), np.log(6_000), 8)).astype(int)
                for segment in range(8):
                    means = {}
                    for treatment, rate in (("none", base[segment]), ("mail", base[segment] + effects[segment])):
                        size = int(sizes[segment])
                        if outcome == "rate":
                            total, square = float(random.binomial(size, rate)), np.nan
                        else:
                            # Spend of 20 times the rate on average, by 5 % of customers.
                            bought = random.binomial(size, 0.05)
                            spent = 400 * rate * random.lognormal(-0.5, 1, bought)
                            total, square = spent.sum(), (spent**2).sum()
                        means[treatment] = total / size
                        rows.append((number, str(segment), treatment, size, total, square))
                    scale = 1 if outcome == "rate" else 20
                    truths[number, str(segment)] = scale * effects[segment]
                    plains[number, str(segment)] = means["mail"] - means["none"]
            found = asked(con, rows)
            keys = list(zip(found.number, found.segment))
            truth, plain = (np.array([of[key] for key in keys]) for of in (truths, plains))
            sums = pd.DataFrame(rows, columns=["number", "segment", "treatment", "customers", "sum", "squares"])
            sums = sums.groupby(["number", "treatment"])[["customers", "sum"]].sum()
            means = (sums["sum"] / sums["customers"]).unstack()
            of_all = found.number.map(means["mail"] - means["none"]).to_numpy()
            inside = ((found.outcome_lower <= truth) & (truth <= found.outcome_upper)).mean()
            errors = (((estimate - truth) ** 2).mean() ** 0.5 for estimate in (found.expected_outcome, plain, of_all))
            told = "".join(f"{error:10.4f}" for error in errors)
            print(f"{outcome:9s}{relative:10.1f}{100 * inside:10.1f}{told}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--extension", type=pathlib.Path, default=ROOT / "build/release/launchpad.duckdb_extension")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--draws", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    con = connect(options)
    random = np.random.default_rng(options.seed)
    hillstrom(con, options.data)
    samples(con, options.draws, random)
    planted(con, options.draws, random)


if __name__ == "__main__":
    main()
