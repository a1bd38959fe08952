-- The periods that sales cover, in one row. They are complete up to the end of the last day, or of its period when all
-- rows of a period have one date, such as the Monday of each week.
--
-- @param sales: VARCHAR       the sales table
-- @param frequency: VARCHAR   day, week or month
-- @param product_id: VARCHAR  its column of products
-- @param date: VARCHAR        its column of dates
-- @param units: VARCHAR       its column of units
-- @param price: VARCHAR       its column of prices; 'price' need not exist
-- @returns start_: BIGINT      the first period, as __launch_period counts; NULL without sales
-- @returns end_: BIGINT        the first period that is not fully observed
-- @returns stamped_: BOOLEAN   whether all rows of a period have one date, such as the Monday or the last day of it
-- @returns first_day_: DATE    the first day
-- @returns last_day_: DATE     the last day
-- @returns longest_gap_: INTEGER  days between two dates that follow each other, at most
-- @returns after_gap_: DATE    the date after that gap
-- @example FROM __launch_calendar('sales', 'week', 'product_id', 'date', 'units', 'price')
SELECT
    min(number_) AS start_,
    CASE WHEN count(*) = count(DISTINCT number_) THEN max(number_) + 1
    ELSE __launch_period(max(day_) + 1, frequency) END AS end_,
    count(*) = count(DISTINCT number_) AS stamped_,
    min(day_) AS first_day_,
    max(day_) AS last_day_,
    max(gap_)::INTEGER AS longest_gap_,
    min(day_) FILTER (gap_ = longest_) AS after_gap_
FROM (
    SELECT *, max(gap_) OVER () AS longest_
    FROM (
        SELECT day_, __launch_period(day_, frequency) AS number_, day_ - lag(day_) OVER (ORDER BY day_) AS gap_
        FROM __launch_sales(sales, product_id, date, units, price)
        GROUP BY day_
    )
)
