-- Past launches, aligned on their launch: step 1 is the period that contains the launch date. The launch date comes
-- from the products table; where it has none, the launch is the first day with sales. A product that already sells
-- when the data begin is no launch and left out, because its true start is unknown. A step that is not fully observed
-- when the data end has NULL units, not zero. Returns reduce the units of their period, never below zero; a period
-- without rows sold nothing. With a products table, only its products count as launches.
--
-- @param sales: VARCHAR                        the sales table: product_id, date, units, and price if there is one
-- @param products: VARCHAR = NULL              the products table: product_id, and launch_date if there is one
-- @param frequency: VARCHAR = 'week'           length of a period: day, week (from Monday) or month
-- @param horizon: BIGINT = 13                  periods from the launch on, 1 to 520
-- @param product_id: VARCHAR = 'product_id'    name of the column of products, in both tables
-- @param date: VARCHAR = 'date'                name of the column of dates
-- @param units: VARCHAR = 'units'              name of the column of units
-- @param price: VARCHAR = 'price'              name of the column of prices
-- @param launch_date: VARCHAR = 'launch_date'  name of the column of launch dates
-- @param burn_in: BIGINT = 1                   a product whose launch falls into this many first periods of the data,
--                                              or before them, is taken to be older than the data
-- @returns product_id: same as input    the product
-- @returns launch_date: DATE            the day of the launch
-- @returns step: INTEGER                1 to horizon
-- @returns date: DATE                   the first day of the period
-- @returns units: DOUBLE                units sold less returns; NULL when the period is not fully observed
-- @returns price: DOUBLE                mean price, weighted by units; NULL without a price
-- @returns cumulative_units: DOUBLE     units from the launch to this step; NULL when the period is not fully observed
-- @returns complete: BOOLEAN            whether all steps of this launch are observed
-- @example FROM launch_history('sales')
-- @example SELECT step, avg(units) FROM launch_history('sales', 'products', horizon := 26) WHERE complete GROUP BY step
SELECT
    key_ AS product_id,
    launch_ AS launch_date,
    step_ AS step,
    __launch_period_start(number_ + step_ - 1, frequency) AS date,
    step_units_ AS units,
    step_price_ AS price,
    CASE WHEN step_units_ IS NOT NULL THEN
        (sum(step_units_::DECIMAL(38, 9)) OVER (PARTITION BY key_ ORDER BY step_))::DOUBLE
    END AS cumulative_units,
    complete_ AS complete
FROM (
    SELECT
        key_, launch_, number_,
        units_[-1] IS NOT NULL AS complete_,
        unnest(units_) AS step_units_,
        unnest(prices_) AS step_price_,
        generate_subscripts(units_, 1)::INTEGER AS step_
    FROM __launch_launches(
        sales, products, frequency, horizon, product_id, date, units, price, launch_date, burn_in
    )
)
