-- The products table under fixed names, one row per product; the earliest launch date of several. No rows without a
-- table.
--
-- @param sales: VARCHAR        the sales table, which gives the type of products when there is no products table
-- @param products: VARCHAR     the products table, or NULL
-- @param product_id: VARCHAR   its column of products
-- @param launch_date: VARCHAR  its column of launch dates; 'launch_date' need not exist
-- @returns key_: same as input  the product
-- @returns launch_: DATE        the launch date, NULL when it is missing or not between 1970 and 2200
-- @returns rows_: BIGINT        rows of the products table
-- @example FROM __launch_products('sales', 'products', 'product_id', 'launch_date')
SELECT
    key_,
    min(launch_) FILTER (launch_ BETWEEN DATE '1970-01-01' AND DATE '2200-12-31') AS launch_,
    count(*) AS rows_
FROM (
    SELECT
        COLUMNS(lambda c: __launch_column(c, product_id, coalesce(products, sales, 'products'))) AS key_,
        TRY_CAST(COLUMNS(lambda c: __launch_column(c, launch_date, coalesce(products, sales, 'products'))) AS DATE) AS launch_
    FROM (
        FROM query('FROM ' || coalesce(
            products,
            '(FROM ' || sales || ' WHERE false)',
            '(SELECT NULL::VARCHAR AS "' || replace(product_id, '"', '""') || '" WHERE false)'
        ))
        UNION ALL BY NAME SELECT NULL::DATE AS __launch_launch_date WHERE false
    )
)
GROUP BY key_
