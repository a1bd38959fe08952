-- Sales per product and period, to be summed over products: what is not known of a period, or was not on sale, is not 0.
-- The known rows of a period stand for its others; where less than a quarter is known, the mean of the periods before
-- and after it does; before the first known period of a product, and after the last one, the nearest one, for callers that
-- ask for these.
--
-- @param sales: VARCHAR       the sales table; its column available need not exist
-- @param frequency: VARCHAR   day, week or month
-- @param product_id: VARCHAR  its column of products
-- @param date: VARCHAR        its column of dates
-- @param units: VARCHAR       its column of units
-- @param price: VARCHAR       its column of prices; 'price' need not exist
-- @returns key_: same as input  the product
-- @returns number_: BIGINT      the period, as __launch_period counts
-- @returns units_: DOUBLE       units sold less units returned
-- @returns price_: DOUBLE       the mean price, weighted by the units sold; NULL where no units are known
-- @returns apart_: BIGINT       0; periods since the last known one, or below 0 until the first one; NULL where none is known
-- @example FROM __launch_volumes('sales', 'week', 'product_id', 'date', 'units', 'price')
WITH cells_ AS MATERIALIZED (
    SELECT key_, number_, __launch_whole(units_, unknown_, rows_) AS units_, price_
    FROM __launch_periods(sales, frequency, product_id, date, units, price, 'available')
),
lives_ AS (
    SELECT key_, min(number_) AS first_, max(number_) AS last_
    FROM cells_ WHERE units_ IS NOT NULL AND key_ IN (SELECT key_ FROM cells_ WHERE units_ IS NULL)
    GROUP BY key_
),
-- Periods in a row of which nothing is known.
gaps_ AS (
    SELECT key_, min(number_) AS from_, max(number_) AS to_
    FROM (
        SELECT key_, number_, number_ - row_number() OVER (PARTITION BY key_ ORDER BY number_) AS run_
        FROM cells_ WHERE units_ IS NULL
    )
    GROUP BY key_, run_
)
SELECT key_, number_, units_, price_, 0 AS apart_ FROM cells_ WHERE units_ IS NOT NULL
UNION ALL
SELECT
    key_, number_,
    CASE
        WHEN number_ < first_ THEN edge_
        WHEN number_ > last_ THEN edge_
        ELSE (before_ + after_) / 2 END AS units_,
    NULL AS price_,
    CASE WHEN number_ < first_ THEN number_ - first_ WHEN number_ > last_ THEN number_ - last_ WHEN first_ IS NOT NULL THEN 0 END AS apart_
FROM (
    SELECT
        gaps_.key_, unnest(range(from_, to_ + 1)) AS number_, first_, last_, edge_.units_ AS edge_,
        coalesce(before_.units_, 0) AS before_, coalesce(after_.units_, 0) AS after_
    FROM gaps_
    LEFT JOIN lives_ ON lives_.key_ = gaps_.key_
    LEFT JOIN cells_ AS before_ ON before_.key_ = gaps_.key_ AND before_.number_ = from_ - 1
    LEFT JOIN cells_ AS after_ ON after_.key_ = gaps_.key_ AND after_.number_ = to_ + 1
    LEFT JOIN cells_ AS edge_ ON edge_.key_ = gaps_.key_ AND edge_.number_ = CASE WHEN to_ < first_ THEN first_ WHEN from_ > last_ THEN last_ END
)
