"""The launches that launches.py forecasts, as DuckDB tables.

Each `*_tables` function reads one public data set and leaves

    products     launches to learn from: product_id, launch_date and what was known at launch
    sales        what was known of their sales at the origin: product_id, date, units
    candidates   launches to forecast, the same columns as products
    all_sales    sales of both, to the end of the data

The NOTES.md beside each data set says where it comes from.
"""

import dataclasses
import pathlib
from collections.abc import Callable

import duckdb


@dataclasses.dataclass(frozen=True)
class Task:
    """A data set with its calendar and what of it is scored."""

    title: str
    tables: Callable[[duckdb.DuckDBPyConnection, pathlib.Path], None]
    frequency: str
    horizon: int
    first_step: int = 1


def m5_tables(database: duckdb.DuckDBPyConnection, data: pathlib.Path) -> None:
    """Items of an American retailer, all stores together, launched in the first week with a price.

    Learns from the sales before 2014-04-01 of the items launched before 2013-10-01, so that all have six full months.
    """
    m5 = data / "m5"
    database.execute(f"""
        CREATE TABLE weeks AS SELECT wm_yr_wk, min(date)::DATE AS week FROM '{m5}/calendar.parquet' GROUP BY ALL;
        CREATE TABLE priced AS
        SELECT item_id, store_id, week, sell_price FROM '{m5}/sell_prices.parquet' JOIN weeks USING (wm_yr_wk);
        CREATE TABLE launched AS
        SELECT item_id, min(week) AS launch_date FROM priced GROUP BY ALL HAVING min(week) > DATE '2011-01-29';
        CREATE TABLE monthly AS FROM '{m5}/monthly_sales_2011-01_2016-04.parquet';
        CREATE TABLE all_products AS
        SELECT
            item_id AS product_id, any_value(launch_date) AS launch_date, any_value(dept_id) AS dept_id,
            any_value(cat_id) AS cat_id,
            avg(sell_price::DECIMAL(18, 6)) FILTER (week BETWEEN launch_date AND launch_date + 27) AS price,
            count(DISTINCT store_id) FILTER (week <= launch_date + 6) AS stores
        FROM priced JOIN launched USING (item_id)
        JOIN (SELECT DISTINCT item_id, dept_id, cat_id FROM monthly) USING (item_id)
        GROUP BY item_id
        ORDER BY item_id;
        CREATE TABLE all_sales AS
        SELECT item_id AS product_id, month::DATE AS date, sum(sales)::DOUBLE AS units
        FROM monthly JOIN launched USING (item_id)
        WHERE month >= date_trunc('month', launch_date) AND month < DATE '2016-04-01'
        GROUP BY ALL
        ORDER BY ALL;
        CREATE TABLE products AS FROM all_products WHERE launch_date < DATE '2013-10-01';
        CREATE TABLE candidates AS FROM all_products WHERE launch_date >= DATE '2014-04-01';
        CREATE TABLE sales AS FROM all_sales SEMI JOIN products USING (product_id) WHERE date < DATE '2014-04-01';
    """)


def m5_store_tables(database: duckdb.DuckDBPyConnection, data: pathlib.Path) -> None:
    """The same items by store: every first week of an item with a price in a store is a launch."""
    m5 = data / "m5"
    database.execute(f"""
        CREATE TABLE weeks AS SELECT wm_yr_wk, min(date)::DATE AS week FROM '{m5}/calendar.parquet' GROUP BY ALL;
        CREATE TABLE priced AS
        SELECT item_id, store_id, week, sell_price FROM '{m5}/sell_prices.parquet' JOIN weeks USING (wm_yr_wk);
        CREATE TABLE launched AS
        SELECT
            item_id || ' ' || store_id AS product_id, item_id, store_id, min(week) AS launch_date,
            avg(sell_price::DECIMAL(18, 6)) FILTER (week <= first + 27) AS price
        FROM (SELECT *, min(week) OVER (PARTITION BY item_id, store_id) AS first FROM priced)
        GROUP BY ALL HAVING min(week) > DATE '2011-01-29';
        CREATE TABLE monthly AS FROM '{m5}/monthly_sales_2011-01_2016-04.parquet';
        CREATE TABLE all_products AS
        SELECT
            product_id, any_value(launch_date) AS launch_date, any_value(dept_id) AS dept_id, any_value(cat_id) AS cat_id,
            any_value(store_id) AS store, left(any_value(store_id), 2) AS state, any_value(price) AS price
        FROM launched JOIN monthly USING (item_id, store_id) GROUP BY product_id ORDER BY product_id;
        CREATE TABLE all_sales AS
        SELECT product_id, month::DATE AS date, sales::DOUBLE AS units
        FROM monthly JOIN launched USING (item_id, store_id)
        WHERE month >= date_trunc('month', launch_date) AND month < DATE '2016-04-01'
        ORDER BY ALL;
        CREATE TABLE products AS FROM all_products WHERE launch_date < DATE '2013-10-01';
        CREATE TABLE candidates AS
        FROM all_products WHERE launch_date >= DATE '2014-04-01' AND launch_date < DATE '2015-09-01';
        CREATE TABLE sales AS FROM all_sales SEMI JOIN products USING (product_id) WHERE date < DATE '2014-04-01';
    """)


def online_retail_tables(database: duckdb.DuckDBPyConnection, data: pathlib.Path) -> None:
    """Articles of a British gift shop, launched on their first sale on or after 2010-02-01; origin 2011-05-01.

    A sale is a line with a price above zero of an article number (five digits and up to two letters). Cancellations are
    netted in the week they are booked, as whole orders are entered and cancelled within minutes; a week is not below
    zero. Lines without a price are stock movements and left out. Known at launch are the description and the price on
    the first day of sale: its median over that day's lines.
    """
    database.execute(f"""
        CREATE TABLE lines AS
        SELECT
            upper(trim(stock_code)) AS product_id, invoice_date::DATE AS date, quantity::DOUBLE AS units, price,
            trim(description) AS description
        FROM '{data}/online_retail_ii/online_retail_ii.parquet'
        WHERE NOT (sheet = '2009-2010' AND invoice_date >= '2010-12-01') AND price > 0
            AND regexp_full_match(upper(trim(stock_code)), '[0-9]{{5}}[A-Z]{{0,2}}');
        CREATE TABLE launched AS
        SELECT product_id, min(date) FILTER (units > 0) AS launch_date FROM lines
        GROUP BY ALL HAVING min(date) FILTER (units > 0) >= DATE '2010-02-01';
        CREATE TABLE all_products AS
        SELECT
            product_id, any_value(launch_date) AS launch_date, min(description) AS description, median(price) AS price
        FROM lines JOIN launched USING (product_id)
        WHERE date = launch_date AND units > 0
        GROUP BY product_id
        ORDER BY product_id;
        CREATE TABLE all_sales AS
        SELECT product_id, date, sum(units) AS units
        FROM lines SEMI JOIN launched USING (product_id)
        GROUP BY ALL
        ORDER BY ALL;
        CREATE TABLE products AS FROM all_products WHERE launch_date < DATE '2011-05-01';
        CREATE TABLE candidates AS FROM all_products WHERE launch_date >= DATE '2011-05-01';
        CREATE TABLE sales AS FROM all_sales SEMI JOIN products USING (product_id) WHERE date < DATE '2011-05-01';
    """)


def video_game_tables(database: duckdb.DuckDBPyConnection, data: pathlib.Path) -> None:
    """Video games: attributes to size. Learns from the releases before 2012, forecasts those of 2012 to 2014.

    Units are thousands sold to the end of 2016, in one step: a release is dated on the first of January of its year,
    and what it ever sold stands there. So the totals of the past releases are those of 2016, not those known in 2012.
    Known at launch are platform, genre, publisher, developer, rating and the critics' score; the users' score is not.
    """
    database.execute(f"""
        CREATE TABLE all_games AS
        SELECT
            'game ' || lpad(row_number() OVER ()::VARCHAR, 5, '0') AS product_id,
            make_date(TRY_CAST(Year_of_Release AS INTEGER), 1, 1) AS launch_date,
            Platform AS platform, Genre AS category,
            Publisher AS publisher, Developer AS developer, Rating AS rating, Critic_Score AS critic_score,
            1000 * Global_Sales AS units
        FROM read_csv('{data}/video_game_sales/Video_Games_Sales_as_at_22_Dec_2016.csv')
        WHERE TRY_CAST(Year_of_Release AS INTEGER) BETWEEN 1980 AND 2014;
        CREATE TABLE all_products AS SELECT * EXCLUDE units FROM all_games ORDER BY product_id;
        CREATE TABLE all_sales AS SELECT product_id, launch_date AS date, units FROM all_games ORDER BY product_id;
        CREATE TABLE products AS FROM all_products WHERE launch_date < DATE '2012-01-01';
        CREATE TABLE candidates AS FROM all_products WHERE launch_date >= DATE '2012-01-01';
        CREATE TABLE sales AS FROM all_sales WHERE date < DATE '2012-01-01';
    """)


M5 = Task("M5: monthly launches, months 1 to 6 after the launch month", m5_tables, "month", 7, first_step=2)
M5_STORES = Task("M5 by store: monthly launches", m5_store_tables, "month", 7, first_step=2)
ONLINE_RETAIL = Task("Online retail: weekly launches, weeks 1 to 8", online_retail_tables, "week", 8)
VIDEO_GAMES = Task("Video games: size of a release", video_game_tables, "month", 1)
