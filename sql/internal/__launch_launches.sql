-- Past launches, one row each. See launch_history for what a launch is.
--
-- @param sales: VARCHAR        the sales table
-- @param products: VARCHAR     the products table, or NULL
-- @param frequency: VARCHAR    day, week or month
-- @param horizon: BIGINT       periods from the launch on
-- @param product_id: VARCHAR   the column of products in both tables
-- @param date: VARCHAR         the column of dates
-- @param units: VARCHAR        the column of units
-- @param price: VARCHAR        the column of prices; 'price' need not exist
-- @param launch_date: VARCHAR  the column of launch dates; 'launch_date' need not exist
-- @param burn_in: BIGINT       periods at the start of the data in which no launch is seen
-- @returns key_: same as input  the product
-- @returns launch_: DATE        the launch date
-- @returns given_: BOOLEAN      whether the launch date is that of the products table, not of the first sale
-- @returns selling_: BOOLEAN    whether there are sales rows of it
-- @returns number_: BIGINT      the period of the launch, as __launch_period counts
-- @returns units_: DOUBLE[]     units per step, NULL for steps not fully observed
-- @returns prices_: DOUBLE[]    mean price per step, NULL without one
-- @returns observed_to_: DATE   the first day that is not fully observed, the same for all launches
-- @example FROM __launch_launches('sales', NULL, 'week', 13, 'product_id', 'date', 'units', 'price', 'launch_date', 1)
WITH options_ AS (
    SELECT
        __launch_frequency(frequency) AS frequency_, __launch_horizon(horizon)::INTEGER AS horizon_,
        __launch_burn_in(burn_in) AS burn_in_
),
launched_ AS MATERIALIZED (
    SELECT key_, launch_, given_, selling_, stamped_, number_, least(end_ - number_, horizon_)::INTEGER AS steps_, end_, horizon_
    FROM (
        SELECT key_, launch_, given_ IS NOT NULL AS given_, selling_, __launch_period(launch_, frequency) AS number_
        FROM __launch_dates(sales, products, product_id, date, units, price, launch_date)
        WHERE counts_ AND launch_ IS NOT NULL
    )
    CROSS JOIN __launch_calendar(sales, frequency, product_id, date, units, price)
    CROSS JOIN options_
    WHERE number_ >= start_ + burn_in_ AND number_ < end_ AND frequency_ <> ''
),
sold_ AS (
    SELECT
        launched_.key_,
        (__launch_period(day_, frequency) - number_ + 1)::INTEGER AS step_,
        greatest(__launch_sum(units_), 0) AS units_,
        __launch_mean_price(price_, units_) AS price_
    FROM __launch_sales(sales, product_id, date, units, price) AS rows_
    JOIN launched_ ON rows_.key_ = launched_.key_
    WHERE __launch_period(day_, frequency) BETWEEN number_ AND number_ + steps_ - 1 AND (stamped_ OR day_ >= launch_)
    GROUP BY ALL
),
lists_ AS (
    SELECT key_, list(units_ ORDER BY step_) AS units_, list(price_ ORDER BY step_) AS prices_
    FROM (
        SELECT every_.key_, every_.step_, coalesce(units_, 0) AS units_, price_
        FROM (SELECT key_, unnest(range(1, steps_ + 1))::INTEGER AS step_ FROM launched_) AS every_
        LEFT JOIN sold_ ON sold_.key_ = every_.key_ AND sold_.step_ = every_.step_
    )
    GROUP BY key_
)
SELECT
    key_,
    launch_,
    given_,
    selling_,
    number_,
    list_resize(units_, horizon_) AS units_,
    list_resize(prices_, horizon_) AS prices_,
    __launch_period_start(end_, frequency) AS observed_to_
FROM launched_ JOIN lists_ USING (key_)
