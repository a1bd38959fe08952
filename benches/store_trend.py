#!/usr/bin/env python3
"""launch_trend on store data: made-up daily sales with a known truth, and weekly sales of Walmart's departments.

Usage: store_trend.py [--extension FILE] [--threads N] [--data FOLDER] [--references] [--seeds N] [--first SEED] [--tasks NAME ...] [METHOD ...]

    daily    40 stores, three years of daily sales: a weekly, fortnightly and yearly season, promotions of 30 to 60 % known
             ahead, holidays, closed days, noise of 15 %, one level shift; 7, 14 and 364 days ahead from three origins, with
             and without what is known ahead; beside the planted median and the week before
    walmart  3,331 series of weekly sales by store and department (FOLDER holds walmart_store_sales), the last 39 weeks from
             three origins, with and without holidays; --references adds seasonal naive, LightGBM with lags and holidays
             (needs lightgbm) and MSTL (needs statsforecast, some minutes)

Needs duckdb, numpy and pandas.
"""

import argparse
import collections
import datetime
import pathlib
import time

import duckdb
import numpy as np
import pandas as pd
from scale import ROOT, connect

YEARS, AHEAD, STORES = 3, 424, 40
EASTER = [datetime.date(2021, 4, 4), datetime.date(2022, 4, 17), datetime.date(2023, 4, 9), datetime.date(2024, 3, 31)]
WALMART_EASTER = [datetime.date(2010, 4, 4), datetime.date(2011, 4, 24), datetime.date(2012, 4, 8)]
ORIGINS = ("2012-01-28", "2012-04-28", "2012-07-28", "2012-10-27")


def day(date: datetime.date, days: int) -> datetime.date:
    return date + datetime.timedelta(days=days)


def holidays() -> dict[str, list[datetime.date]]:
    """Dates by name; Easter and Black Friday move."""
    found: dict[str, list[datetime.date]] = {}
    for easter in EASTER:
        year = easter.year
        thursday = next(d for k in range(22, 29) if (d := datetime.date(year, 11, k)).weekday() == 3)
        for name, date in {
            "New Year": datetime.date(year, 1, 1),
            "Good Friday": day(easter, -2),
            "Easter": easter,
            "Labour Day": datetime.date(year, 5, 1),
            "Black Friday": day(thursday, 1),
            "Christmas": datetime.date(year, 12, 25),
        }.items():
            found.setdefault(name, []).append(date)
    return found


def stores(seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Sales by store and day with the planted median, and holidays."""
    random = np.random.default_rng(seed)
    days = int(365.25 * YEARS) + AHEAD
    start = datetime.date(2021, 1, 1)
    dates = [day(start, t) for t in range(days)]
    t, weekday = np.arange(days), np.array([d.weekday() for d in dates])
    of_year = np.array([d.timetuple().tm_yday for d in dates])
    known = holidays()
    effects = {name: random.uniform(-0.3, 0.6) for name in known}
    tables = []
    for store in range(STORES):
        location = np.full(days, random.normal(np.log(300), 0.7))
        location += (np.array([0, -0.05, -0.05, 0, 0.15, 0.3, 0.1]) + random.normal(0, 0.1, 7))[weekday]
        location += random.uniform(-0.12, 0.12) * np.cos(np.pi * (t // 7)) * (weekday < 5)
        turn = 2 * np.pi * of_year / 365.25
        a, b = random.normal(0, 0.08, 2)
        location += a * np.cos(turn) + b * np.sin(turn) + 0.3 * np.exp(-0.5 * ((of_year - 352) / 12) ** 2)
        promotion, at = np.zeros(days), random.integers(5, 25)
        while at < days:
            length = random.integers(5, 12)
            promotion[at : at + length] = 1
            at += length + random.integers(12, 40)
        location += random.uniform(np.log(1.3), np.log(1.6)) * promotion
        location += np.where(t > random.integers(200, 900), random.choice([-1, 1]) * random.uniform(0.1, 0.35), 0)
        closed = (weekday == 6) & (store % 3 > 0)
        for name, of_name in known.items():
            at = [(d - start).days for d in of_name if (d - start).days < days]
            if name in ("New Year", "Easter", "Christmas"):
                closed[at] = True
            else:
                location[at] += effects[name] + random.normal(0, 0.05)
        truth = np.where(closed, 0, np.exp(location))
        units = np.round(truth * np.exp(random.normal(0, 0.15, days)))
        tables.append(pd.DataFrame({"store": store, "date": dates, "units": units, "truth": truth, "promotion": promotion > 0}))
    events = [(date, name) for name, of_name in known.items() for date in of_name]
    return pd.concat(tables), pd.DataFrame(events, columns=["date", "name"])


def daily(options: argparse.Namespace) -> None:
    found = collections.defaultdict(list)
    for seed in range(options.first, options.first + options.seeds):
        database = connect(options)
        sales, events = stores(seed)
        database.execute("""
            CREATE TABLE every AS SELECT * REPLACE (date::DATE AS date) FROM sales;
            CREATE TABLE promotions AS SELECT store, date, promotion FROM every;
            CREATE TABLE holidays AS SELECT date::DATE AS date, name FROM events;
        """)
        first = day(datetime.date(2021, 1, 1), int(365.25 * YEARS))
        for method in options.methods or ("auto",):
            for horizon in (7, 14, 364):
                for ahead in ("", ", covariates := 'promotions', events := 'holidays'"):
                    rows = scores(database, method, horizon, ahead, [day(first, k) for k in (0, 19, 43)])
                    found[method, horizon, ahead] += rows
                    tell(f"seed {seed}", method, horizon, ahead, rows)
    for task, rows in found.items():
        tell("all", *task, rows)


def scores(database: duckdb.DuckDBPyConnection, method: str, horizon: int, ahead: str, origins: list) -> list:
    rows = []
    for origin in origins:
        database.execute(f"CREATE OR REPLACE TABLE past AS FROM every WHERE date < DATE '{origin}' AND units > 0")
        rows += database.sql(f"""
            SELECT
                sum(abs(now.units - yhat)), sum(abs(now.units - now.truth)), sum(abs(now.units - before.units)), sum(now.units),
                count(*) FILTER (now.truth > 0 AND now.units BETWEEN yhat_lower AND yhat_upper), count(*) FILTER (now.truth > 0)
            FROM launch_trend('past', series := 'store', frequency := 'day', horizon := {horizon}, method := '{method}'{ahead}) AS found
            JOIN every AS now ON now.store = found.series AND now.date = found.date
            JOIN every AS before ON before.store = now.store
                AND before.date = DATE '{origin}' - 7 + ((now.date - DATE '{origin}') % 7)::INTEGER
        """).fetchall()
    return rows


def tell(of: str, method: str, horizon: int, ahead: str, rows: list) -> None:
    error, planted, naive, units, inside, steps = (sum(column) for column in zip(*rows))
    print(
        f"daily {of:6} {method:11} {horizon:3} days {'known ahead' if ahead else 'alone':11}  WAPE {error / units:.4f}  "
        f"planted median {planted / units:.4f} (x {error / planted:.3f})  week before {naive / units:.4f}  "
        f"coverage80 {inside / steps:.3f}",
        flush=True,
    )


def walmart(options: argparse.Namespace) -> None:
    database = connect(options)
    database.execute(f"""
        CREATE TABLE every AS
        SELECT store || ' ' || dept AS series, store, dept, date::DATE AS date, greatest(weekly_sales, 0) AS units, is_holiday
        FROM '{options.data}/walmart_store_sales/train.parquet';
        CREATE TABLE holidays AS
        SELECT DISTINCT date, CASE month(date) WHEN 2 THEN 'Super Bowl' WHEN 9 THEN 'Labor Day'
            WHEN 11 THEN 'Thanksgiving' ELSE 'Christmas' END AS name
        FROM every WHERE is_holiday
        UNION ALL SELECT unnest({[str(date) for date in WALMART_EASTER]})::DATE, 'Easter';
    """)
    for method in options.methods or ("auto", "structural"):
        for events in ("", ", events := 'holidays'"):
            started = time.monotonic()
            rows = []
            for origin, end in zip(ORIGINS, ORIGINS[1:]):
                database.execute(f"CREATE OR REPLACE TABLE past AS FROM every WHERE date < DATE '{origin}'")
                rows += database.sql(f"""
                    SELECT
                        sum(abs(units - coalesce(yhat, 0))), sum(units), sum(abs(units - coalesce(yhat, 0))) FILTER (is_holiday),
                        sum(units) FILTER (is_holiday), count(*) FILTER (units BETWEEN yhat_lower AND yhat_upper), count(yhat)
                    FROM every LEFT JOIN launch_trend('past', series := 'series', horizon := 13, method := '{method}'{events}) AS found
                        ON found.series = every.series AND found.date = date_trunc('week', every.date)
                    WHERE every.date >= DATE '{origin}' AND every.date < DATE '{end}'
                """).fetchall()
            error, units, of_holidays, on_holidays, inside, steps = (sum(v or 0 for v in column) for column in zip(*rows))
            print(
                f"walmart {method:14} {'with events' if events else 'alone':11}  WAPE {error / units:.4f}  "
                f"of holiday weeks {of_holidays / on_holidays:.4f}  coverage80 {inside / steps:.3f}  "
                f"{time.monotonic() - started:.0f} s",
                flush=True,
            )
    if options.references:
        references(database)


def references(database: duckdb.DuckDBPyConnection) -> None:
    """Seasonal naive of 52 weeks, LightGBM and MSTL on the same weeks."""
    wide = database.sql("PIVOT every ON date USING sum(units) GROUP BY series, store, dept ORDER BY series").df()
    dates = [datetime.date.fromisoformat(str(name)[:10]) for name in wide.columns[3:]]
    units = np.nan_to_num(wide.iloc[:, 3:].to_numpy(dtype=float))
    holiday = {row[0] for row in database.sql("SELECT DISTINCT date FROM every WHERE is_holiday").fetchall()}
    starts = [next(i for i, date in enumerate(dates) if str(date) >= origin) for origin in ORIGINS[:-1]]

    def report(name: str, forecasts: list[np.ndarray]) -> None:
        parts = [(np.abs(units[:, o : o + 13] - f), units[:, o : o + 13]) for o, f in zip(starts, forecasts)]
        weeks = [[date in holiday for date in dates[o : o + 13]] for o in starts]
        wape = sum(e.sum() for e, _ in parts) / sum(u.sum() for _, u in parts)
        of_holidays = sum(e[:, w].sum() for (e, _), w in zip(parts, weeks)) / sum(u[:, w].sum() for (_, u), w in zip(parts, weeks))
        print(f"walmart {name:27} WAPE {wape:.4f}  of holiday weeks {of_holidays:.4f}", flush=True)

    report("seasonal naive, 52 weeks", [units[:, o - 52 : o - 39] for o in starts])
    report("LightGBM, lags and holidays", [boosted(wide, units, dates, holiday, o) for o in starts])
    report("MSTL (statsforecast)", [decomposed(units, o) for o in starts])


def boosted(wide: pd.DataFrame, units: np.ndarray, dates: list, holiday: set, origin: int) -> np.ndarray:
    """LightGBM on units over their recent mean: the weeks around the same week a year ago, recent weeks, the week of the year,
    holidays of this, the last and the next week, store and department; absolute loss."""
    import lightgbm

    names = {2: 1, 9: 2, 11: 3, 12: 4}
    code = np.array([names.get(date.month, 4) if date in holiday else 0 for date in dates])
    code[[any(2 <= (e - date).days < 9 for e in WALMART_EASTER) for date in dates]] = 5
    week = np.array([date.isocalendar()[1] for date in dates])
    nothing = np.full(len(units), np.nan)

    def rows(t: int, base: int) -> tuple[np.ndarray, np.ndarray]:
        scale = np.maximum(units[:, base - 13 : base].mean(1), 1)
        same = [wide["store"], wide["dept"]]
        same += [np.full(len(units), v) for v in (week[t], code[t], code[t - 1], code[(t + 1) % len(code)], t - base)]
        lags = [units[:, t - lag] if t >= lag else nothing for lag in (51, 52, 53)]
        lags += [units[:, base - 1], units[:, base - 2], units[:, base - 4 : base].mean(1)]
        lags += [units[:, base - 56 : base - 52].mean(1) if base >= 56 else nothing]
        lags += [units[:, t - 54 : t - 49].mean(1) if t >= 54 else nothing]
        return np.column_stack([*same, scale, *(lag / scale for lag in lags)]), scale

    features, targets, weights = [], [], []
    for base in range(origin - 13, 52, -3):
        for t in range(base, min(base + 13, origin)):
            found, scale = rows(t, base)
            sold = (units[:, base - 13 : base] > 0).sum(1) > 3
            features.append(found[sold])
            targets.append((units[:, t] / scale)[sold])
            weights.append(scale[sold])
    options = {"objective": "l1", "learning_rate": 0.05, "num_leaves": 63, "min_data_in_leaf": 50, "verbose": -1, "seed": 1}
    data = lightgbm.Dataset(
        np.concatenate(features), np.concatenate(targets), weight=np.concatenate(weights), categorical_feature=[0, 1, 3, 4, 5]
    )
    model = lightgbm.train(options, data, 400)
    steps = [rows(t, origin) for t in range(origin, origin + 13)]
    return np.column_stack([np.maximum(model.predict(found), 0) * scale for found, scale in steps])


def decomposed(units: np.ndarray, origin: int) -> np.ndarray:
    """MSTL with automatic exponential smoothing for series of two years, a year ago or the latest mean for shorter ones."""
    from statsforecast import StatsForecast
    from statsforecast.models import MSTL, AutoETS

    first = np.array([np.argmax(row > 0) for row in units])
    forecast = np.repeat(units[:, origin - 8 : origin].mean(1)[:, None], 13, 1)
    forecast = np.where(first[:, None] <= origin - 52, units[:, origin - 52 : origin - 39], forecast)
    long = np.where(first <= origin - 104)[0]
    table = pd.concat(
        pd.DataFrame({"unique_id": i, "ds": np.arange(first[i], origin), "y": units[i, first[i] : origin]}) for i in long
    )
    model = StatsForecast([MSTL(season_length=52, trend_forecaster=AutoETS(model="ZZN"))], freq=1, n_jobs=1)
    found = model.forecast(df=table, h=13).reset_index().sort_values(["unique_id", "ds"])
    forecast[long] = found["MSTL"].to_numpy().reshape(-1, 13)
    return np.maximum(forecast, 0)


TASKS = {"daily": daily, "walmart": walmart}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--extension", type=pathlib.Path, default=ROOT / "build/release/launchpad.duckdb_extension")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--data", type=pathlib.Path, help="needed by walmart")
    parser.add_argument("--references", action="store_true")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--first", type=int, default=1, help="first seed")
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=["daily"])
    parser.add_argument("methods", nargs="*", metavar="METHOD")
    options = parser.parse_args()
    for task in options.tasks:
        TASKS[task](options)


if __name__ == "__main__":
    main()
