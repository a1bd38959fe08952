-- Why a launch deviates from its plan: the units sold less the units planned of each step, and of all steps so far, as the sum of four
-- drivers: volume (the market, and the error of the forecast), price (another one than planned), timing (launched earlier or later) and
-- stock (demand missed while not on sale). Each is the Shapley value of its factor, so they add up to the deviation, in any order. A
-- driver whose input was not given is part of volume, and is told as NULL. The arguments are those of launch_review.
--
-- @param plan: VARCHAR                 the plan, as launch_plan returns it
-- @param sales: VARCHAR                the sales table
-- @param as_of: ANY = NULL             the day that is asked as of: sales after it are not looked at; NULL for the last day of sales
-- @param forecast: VARCHAR = NULL      as in launch_review
-- @param products: VARCHAR = NULL      as in launch_review
-- @param elasticities: VARCHAR = NULL  as in launch_review
-- @param availability: VARCHAR = NULL  as in launch_review
-- @param overrides: VARCHAR = NULL     as in launch_review
-- @param frequency: VARCHAR = NULL     as in launch_review
-- @param level: DOUBLE = 0.8           probability of the intervals, which is also that of the forecast's
-- @param product_id: VARCHAR = 'product_id'    the column of products in all tables
-- @param date: VARCHAR = 'date'                the column of dates
-- @param units: VARCHAR = 'units'              the column of units in sales
-- @param price: VARCHAR = 'price'              the column of prices in plan and sales
-- @param launch_date: VARCHAR = 'launch_date'  the column of launch dates in plan and products
-- @param category: VARCHAR = 'category'        the column of categories in products, if there is one
-- @param available: VARCHAR = 'available'      the column of availability in sales and in availability
-- @returns product_id: same as input  the product
-- @returns step: BIGINT               1 for the period of the launch planned; NULL for all steps so far together
-- @returns date: DATE                 first day of the period
-- @returns driver: VARCHAR            volume, price, timing or stock; NULL where the product is refused
-- @returns contribution: DOUBLE       units; those of a step add up to its deviation
-- @returns lower: DOUBLE              lower end of the interval
-- @returns upper: DOUBLE              upper end
-- @returns status: VARCHAR            ok; not given, where it is part of volume; or refused
-- @returns reason: VARCHAR            how it was found, or why it is not told
-- @example FROM launch_review_drivers('plan', 'launched_sales', products := 'candidates', forecast := 'expected', availability := 'shelves')
-- @example FROM launch_review_drivers('plan', 'launched_sales', as_of := '2024-11-30') WHERE step IS NULL
WITH against_ AS MATERIALIZED (
    FROM __launch_against(
        plan, sales, as_of, forecast, products, elasticities, availability, overrides, frequency, product_id, date, units, price,
        launch_date, category, available
    )
),
rows_ AS (
    SELECT key_, id_, notes_, unnest(__launch_review_drivers(
        periods_, days_, stock_, launch_, known_, price_, elasticity_, deviation_, ordered_, stock_known_, stamped_, level := level
    )) AS row_
    FROM against_ WHERE why_ IS NULL
)
SELECT
    key_ AS product_id, row_['step'] AS step, row_['date'] AS date, row_['driver'] AS driver, row_['contribution'] AS contribution,
    row_['lower'] AS lower, row_['upper'] AS upper,
    CASE WHEN row_['contribution'] IS NULL THEN 'not given' ELSE 'ok' END AS status,
    CASE WHEN row_['driver'] = 'volume' THEN row_['reason'] || '; planned are ' || notes_ ELSE row_['reason'] END AS reason
FROM rows_
UNION ALL
SELECT key_, NULL, NULL, NULL, NULL, NULL, NULL, 'refused', why_ FROM against_ WHERE why_ IS NOT NULL
UNION ALL
SELECT key_, NULL, NULL, NULL, NULL, NULL, NULL, 'refused', 'no period of it is over and known'
FROM against_ WHERE why_ IS NULL AND id_ NOT IN (SELECT id_ FROM rows_)
ORDER BY 1, 2 NULLS FIRST, 4 DESC
