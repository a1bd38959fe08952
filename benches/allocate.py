#!/usr/bin/env python3
"""What do the shares of launch_allocate lose on planted arms, beside equal shares, greedy ones and a test that ends half way?

Usage: allocate.py [--extension FILE] [--threads N] [--kinds KIND ...] [--problems N] [--rounds N] [--seed N]

Needs duckdb and numpy. A problem has 2 to 8 arms. In each round 200 trials per arm are dealt by the shares that a policy chooses
from what is known so far, and outcomes are drawn. Four kinds of problems, N of each:

    rates      successes; rates from Beta(2, 60), 3 % on average
    prices     the same, and a success is worth 10 to 20
    revenue    lognormal revenue of every 30th trial, told as sum and sum of squares; means differ as rates do
    delayed    as rates, but successes come at random over the three rounds after a trial; known as `delay` knows them

The policies: launch_allocate (the scalar beneath it, which answers all problems of a round in one query), its priors at a third and
three times their worth, equal shares, greedy (all trials to the arm with the highest mean so far, after one round of equal shares;
of delayed problems as launch_allocate knows them, and as successes come in), and half (equal shares for half of the rounds, then
all to the best one). Prints the loss against the best arm, in % of what it would have brought, as the mean over problems with
its standard error, and how many problems launch_allocate loses less in.

    allocate.py
    allocate.py --kinds rates --problems 400 --seed 2
"""

import argparse
import pathlib

import numpy as np
from scale import ROOT, connect

KINDS = ("rates", "prices", "revenue", "delayed")
TRIALS = 200
LATE = 3
ASK = """
SELECT problem, list_transform(a, lambda r: r.share)
FROM (
    SELECT problem, __launch_allocate(
        list({'trials': trials, 'sum': sum, 'squares': squares, 'value': worth} ORDER BY arm), prior := ?
    ) AS a
    FROM known GROUP BY problem
)
ORDER BY problem
"""


class Problem:
    """Arms with a planted mean outcome."""

    def __init__(self, kind: str, random: np.random.Generator):
        self.kind = kind
        arms = int(random.integers(2, 9))
        self.rate = random.beta(2, 60, arms)
        self.worth = np.round(random.uniform(10, 20, arms)) if kind == "prices" else np.ones(arms)
        self.mean = self.rate * self.worth
        # Successes, trials, sums of squares by round of the trial; successes also by the round in which they are seen.
        self.trials, self.sums, self.squares, self.seen = [], [], [], []
        self.random = random

    def run(self, shares: np.ndarray, rounds: int) -> None:
        trials = self.random.multinomial(TRIALS * len(self.rate), shares / shares.sum())
        if self.kind == "revenue":
            sums, squares = np.zeros(len(trials)), np.zeros(len(trials))
            for arm, count in enumerate(trials):
                bought = self.random.binomial(count, 1 / 30)
                # Lognormal with deviation 1 of its logarithm.
                revenue = self.rate[arm] * 30 * self.random.lognormal(-0.5, 1, bought)
                sums[arm], squares[arm] = revenue.sum(), (revenue**2).sum()
        else:
            sums = self.random.binomial(trials, self.rate).astype(float)
            squares = sums
        late = np.zeros((rounds + LATE + 1, len(trials)))
        now = len(self.trials)
        for arm, count in enumerate(sums):
            for after in self.random.integers(0, LATE + 1, int(count) if self.kind == "delayed" else 0):
                late[now + after, arm] += 1
        self.trials.append(trials)
        self.sums.append(sums)
        self.squares.append(squares)
        self.seen.append(late)

    def known(self, naive: bool = False) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Trials, sums and squares that are known: of late outcomes those that are whole, or as they come in."""
        none = np.zeros(len(self.rate))
        if self.kind == "delayed" and naive:
            now = len(self.trials)
            seen = sum((late[:now].sum(axis=0) for late in self.seen), none)
            return sum(self.trials, none), seen, seen
        whole = max(len(self.trials) - LATE, 0) if self.kind == "delayed" else len(self.trials)
        return sum(self.trials[:whole], none), sum(self.sums[:whole], none), sum(self.squares[:whole], none)

    def loss(self) -> float:
        trials = sum(self.trials)
        best = self.mean.max() * trials.sum()
        return 100 * (best - (trials * self.mean).sum()) / best


def asked(con, problems: list[Problem], prior: float) -> list[np.ndarray]:
    rows = []
    for number, problem in enumerate(problems):
        trials, sums, squares = problem.known()
        for arm in range(len(problem.rate)):
            square = float(squares[arm]) if problem.kind == "revenue" else None
            rows.append((number, arm, float(trials[arm]), float(sums[arm]), square, float(problem.worth[arm])))
    con.execute("CREATE OR REPLACE TEMP TABLE known (problem INT, arm INT, trials DOUBLE, sum DOUBLE, squares DOUBLE, worth DOUBLE)")
    columns = [list(column) for column in zip(*rows)]
    con.execute(
        "INSERT INTO known SELECT unnest(?::INT[]), unnest(?::INT[]), unnest(?::DOUBLE[]), unnest(?::DOUBLE[]), "
        "unnest(?::DOUBLE[]), unnest(?::DOUBLE[])",
        columns,
    )
    return [np.array(shares) for _, shares in con.execute(ASK, [prior]).fetchall()]


def greedy(problem: Problem, naive: bool = False) -> np.ndarray:
    trials, sums, _ = problem.known(naive)
    arms = len(trials)
    if (trials == 0).any():
        return np.full(arms, 1 / arms)
    shares = np.zeros(arms)
    shares[np.argmax(sums / trials * problem.worth)] = 1
    return shares


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--extension", type=pathlib.Path, default=ROOT / "build/release/launchpad.duckdb_extension")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS)
    parser.add_argument("--problems", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    con = connect(options)
    equal = lambda problem: np.full(len(problem.rate), 1 / len(problem.rate))  # noqa: E731
    half = lambda problem: equal(problem) if len(problem.trials) < options.rounds // 2 else greedy(problem)  # noqa: E731
    policies = {
        "launch_allocate": lambda problems: asked(con, problems, 1),
        "prior 1 / 3": lambda problems: asked(con, problems, 1 / 3),
        "prior 3": lambda problems: asked(con, problems, 3),
        "equal": lambda problems: [equal(p) for p in problems],
        "greedy": lambda problems: [greedy(p) for p in problems],
        "greedy, as seen": lambda problems: [greedy(p, naive=True) for p in problems],
        "half": lambda problems: [half(p) for p in problems],
    }
    print(f"{'kind':9s}{'policy':17s}{'loss %':>8s}{'error':>7s}{'launch_allocate loses less in':>31s}")
    for number, kind in enumerate(KINDS):
        if kind not in options.kinds:
            continue
        losses = {}
        for name, choose in policies.items():
            if name == "greedy, as seen" and kind != "delayed":
                continue
            problems = [
                Problem(kind, np.random.default_rng([options.seed, number, problem])) for problem in range(options.problems)
            ]
            for _ in range(options.rounds):
                for problem, shares in zip(problems, choose(problems)):
                    problem.run(shares, options.rounds)
            losses[name] = np.array([problem.loss() for problem in problems])
            error = losses[name].std(ddof=1) / len(problems) ** 0.5
            less = int((losses["launch_allocate"] < losses[name]).sum())
            told = "" if name == "launch_allocate" else f"{less} of {len(problems)}"
            print(f"{kind:9s}{name:17s}{losses[name].mean():8.2f}{error:7.2f}{told:>31s}", flush=True)


if __name__ == "__main__":
    main()
