-- The usable rows of a sales table under fixed names. A row is left out when its product is NULL, or its date is
-- missing or not between 1970 and 2200. Units that are missing, not finite or 1e15 and more are not known: these rows
-- are left out too, unless the caller asks for availability.
--
-- @param sales: VARCHAR       the sales table; NULL for no rows
-- @param product_id: VARCHAR  its column of products
-- @param date: VARCHAR        its column of dates
-- @param units: VARCHAR       its column of units
-- @param price: VARCHAR       its column of prices; 'price' need not exist
-- @param available: VARCHAR = NULL  its column of availability; 'available' need not exist; NULL for known rows only
-- @returns key_: same as input  the product
-- @returns day_: DATE           the day
-- @returns units_: DOUBLE       units sold, negative for returns; NULL when they are not known
-- @returns price_: DOUBLE       the price, NULL when it is missing, negative, not finite or 1e12 and more, or without
--                               units
-- @returns off_: DOUBLE         share of the row's time of which nothing is known
-- @returns bound_: BOOLEAN      whether stock ran out: units are a lower bound of the demand
-- @example FROM __launch_sales('sales', 'product_id', 'date', 'units', 'price')
SELECT
    key_, day_, units_, CASE WHEN units_ IS NOT NULL THEN price_ END AS price_,
    __launch_lacking(units_, share_) AS off_,
    coalesce(share_ = 0 AND units_ > 0, false) AS bound_
FROM (
    SELECT
        COLUMNS(lambda c: __launch_column(c, product_id, coalesce(sales, 'sales'))) AS key_,
        __launch_valid_day(COLUMNS(lambda c: __launch_column(c, date, coalesce(sales, 'sales')))) AS day_,
        __launch_valid_units(COLUMNS(lambda c: __launch_column(c, units, coalesce(sales, 'sales')))) AS units_,
        __launch_valid_price(COLUMNS(lambda c: __launch_column(c, price, coalesce(sales, 'sales')))) AS price_,
        __launch_valid_share(COLUMNS(
            lambda c: __launch_column(c, coalesce(available, '__launch_none'), coalesce(sales, 'sales'))
        )) AS share_
    FROM query(__launch_read(
        sales, [product_id, date, units, price, coalesce(available, 'available')], ['price', 'available', 'none'],
        [date], [units, price]
    ))
)
WHERE key_ IS NOT NULL AND day_ IS NOT NULL AND (units_ IS NOT NULL OR available IS NOT NULL)
