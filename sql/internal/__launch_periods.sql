-- Sales per product and period. The sums are exact, so they do not depend on the order of the rows. Without the column
-- of availability, periods are counted in which units are known.
--
-- @param sales: VARCHAR       the sales table
-- @param frequency: VARCHAR   day, week or month
-- @param product_id: VARCHAR  its column of products
-- @param date: VARCHAR        its column of dates
-- @param units: VARCHAR       its column of units
-- @param price: VARCHAR       its column of prices; 'price' need not exist
-- @param available: VARCHAR = NULL  its column of availability; 'available' need not exist; NULL for known rows only
-- @returns key_: same as input  the product
-- @returns number_: BIGINT      the period, as __launch_period counts
-- @returns units_: DOUBLE       units sold less units returned; NULL when none of its rows knows them
-- @returns sold_: DOUBLE        units sold; NULL when there were only returns
-- @returns price_: DOUBLE       the mean price, weighted by the units sold
-- @returns rows_: BIGINT        rows of the sales table
-- @returns unknown_: DOUBLE     what these rows lack together, as __launch_sales tells
-- @returns dates_: BIGINT       dates of these rows
-- @returns bound_: BOOLEAN      whether stock ran out: units are a lower bound of the demand
-- @example FROM __launch_periods('sales', 'week', 'product_id', 'date', 'units', 'price')
SELECT
    key_,
    __launch_period(day_, frequency) AS number_,
    __launch_sum(units_) AS units_,
    __launch_sum(CASE WHEN units_ >= 0 THEN units_ END) AS sold_,
    __launch_mean_price(price_, units_) AS price_,
    count(*) AS rows_,
    sum(off_::DECIMAL(38, 9))::DOUBLE AS unknown_,
    __launch_dates_seen(day_, __launch_period_start(__launch_period(day_, frequency), frequency)) AS dates_,
    bool_or(bound_) AS bound_
FROM __launch_sales(sales, product_id, date, units, price, available)
GROUP BY ALL
