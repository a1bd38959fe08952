-- The products table under fixed names, one row per product; the earliest launch date of several. No rows without a
-- table.
--
-- @param products: VARCHAR     the products table, or NULL
-- @param product_id: VARCHAR   its column of products
-- @param launch_date: VARCHAR  its column of launch dates; 'launch_date' need not exist
-- @returns key_: same as input  the product
-- @returns launch_: DATE        the launch date, NULL when it is missing or not between 1970 and 2200
-- @returns rows_: BIGINT        rows of the products table
-- @example FROM __launch_products('products', 'product_id', 'launch_date')
SELECT key_, min(launch_) AS launch_, count(*) AS rows_
FROM (
    SELECT
        COLUMNS(lambda c: __launch_column(c, product_id, coalesce(products, 'products'))) AS key_,
        __launch_valid_day(
            COLUMNS(lambda c: __launch_column(c, launch_date, coalesce(products, 'products')))
        ) AS launch_
    FROM query(__launch_read(products, [product_id, launch_date], ['launch_date'], [launch_date], []))
)
GROUP BY key_
