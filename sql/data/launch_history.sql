-- Past launches, aligned on their launch: step 1 is the period that contains the launch date. The launch date comes
-- from the products table; where it has none, the launch is the first day with sales. A product that already sells when
-- the data begin is no launch and left out, because its true start is unknown. A step that is not fully observed when
-- the data end has NULL units, not zero, as has one of which nothing is known for want of stock. Returns reduce the
-- units of their period, never below zero; a period without rows sold nothing. With a products table, only its products
-- count as launches.
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
-- @param available: VARCHAR = 'available'      name of the column that says whether the product was on sale: a boolean,
--                                              or the share of the row's time
-- @param preorders: VARCHAR = 'drop'           what sales before a given launch date are: drop leaves them out,
--                                              first_step counts them to step 1
-- @returns product_id: same as input    the product
-- @returns launch_date: DATE            the day of the launch
-- @returns step: INTEGER                1 to horizon
-- @returns date: DATE                   the first day of the period
-- @returns units: DOUBLE                units sold less returns; NULL when the period is not fully observed, or not
--                                       known
-- @returns price: DOUBLE                mean price, weighted by units; NULL without a price
-- @returns cumulative_units: DOUBLE     units from the launch to this step; NULL when not all of them are known
-- @returns complete: BOOLEAN            whether all steps of this launch are observed and known
-- @returns available: DOUBLE            share of the period in which it was on sale; 0 where stock ran out: units are a
--                                       lower bound of the demand, or not known
-- @example FROM launch_history('sales')
-- @example SELECT step, avg(units) FROM launch_history('sales', 'products', horizon := 26) WHERE complete GROUP BY step
SELECT
    key_ AS product_id,
    launch_ AS launch_date,
    step_ AS step,
    __launch_period_start(number_ + step_ - 1, frequency) AS date,
    step_units_ AS units,
    step_price_ AS price,
    CASE WHEN count(step_units_) OVER so_far_ = step_ THEN
        (sum(step_units_::DECIMAL(38, 9)) OVER so_far_)::DOUBLE
    END AS cumulative_units,
    complete_ AS complete,
    step_available_ AS available
FROM (
    SELECT
        key_, launch_, number_,
        len(list_filter(sold_, lambda u: u IS NULL)) = 0 AS complete_,
        unnest(sold_) AS step_units_,
        unnest(available_) AS step_available_,
        unnest(prices_) AS step_price_,
        generate_subscripts(sold_, 1)::INTEGER AS step_
    FROM __launch_launches(
        sales, products, frequency, horizon, product_id, date, units, price, launch_date, burn_in, available, preorders
    )
)
WINDOW so_far_ AS (PARTITION BY key_ ORDER BY step_)
