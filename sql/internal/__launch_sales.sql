-- The usable rows of a sales table under fixed names. A row is left out when its product is NULL, its date is missing
-- or not between 1970 and 2200, or its units are missing, not finite or 1e15 and more.
--
-- @param sales: VARCHAR       the sales table; NULL for no rows
-- @param product_id: VARCHAR  its column of products
-- @param date: VARCHAR        its column of dates
-- @param units: VARCHAR       its column of units
-- @param price: VARCHAR       its column of prices; 'price' need not exist
-- @returns key_: same as input  the product
-- @returns day_: DATE           the day
-- @returns units_: DOUBLE       units sold, negative for returns
-- @returns price_: DOUBLE       the price, NULL when it is missing, negative, not finite or 1e12 and more
-- @example FROM __launch_sales('sales', 'product_id', 'date', 'units', 'price')
SELECT key_, day_, units_, CASE WHEN price_ >= 0 AND price_ < 1e12 THEN price_ END AS price_
FROM (
    SELECT
        COLUMNS(lambda c: __launch_column(c, product_id, coalesce(sales, 'sales'))) AS key_,
        TRY_CAST(COLUMNS(lambda c: __launch_column(c, date, coalesce(sales, 'sales'))) AS DATE) AS day_,
        TRY_CAST(COLUMNS(lambda c: __launch_column(c, units, coalesce(sales, 'sales'))) AS DOUBLE) AS units_,
        TRY_CAST(COLUMNS(lambda c: __launch_column(c, price, coalesce(sales, 'sales'))) AS DOUBLE) AS price_
    FROM (
        FROM query(
            CASE WHEN sales IS NULL
            THEN 'SELECT NULL AS "' || replace(product_id, '"', '""') || '", NULL::DATE AS "'
                || replace(date, '"', '""') || '", NULL::DOUBLE AS "' || replace(units, '"', '""') || '" WHERE false'
            ELSE 'FROM ' || sales END
        )
        UNION ALL BY NAME SELECT NULL::DOUBLE AS __launch_price WHERE false
    )
)
WHERE key_ IS NOT NULL
    AND day_ BETWEEN DATE '1970-01-01' AND DATE '2200-12-31'
    AND abs(units_) < 1e15
