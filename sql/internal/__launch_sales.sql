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
SELECT *
FROM (
    SELECT
        COLUMNS(lambda c: __launch_column(c, product_id, coalesce(sales, 'sales'))) AS key_,
        __launch_valid_day(COLUMNS(lambda c: __launch_column(c, date, coalesce(sales, 'sales')))) AS day_,
        __launch_valid_units(COLUMNS(lambda c: __launch_column(c, units, coalesce(sales, 'sales')))) AS units_,
        __launch_valid_price(COLUMNS(lambda c: __launch_column(c, price, coalesce(sales, 'sales')))) AS price_
    FROM query(__launch_from(sales, [product_id, date, units, price], ['price']))
)
WHERE key_ IS NOT NULL AND day_ IS NOT NULL AND units_ IS NOT NULL
