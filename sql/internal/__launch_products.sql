-- The products table under fixed names, one row per product: of several rows the smallest. No rows without a table.
--
-- @param products: VARCHAR     the products table, or NULL
-- @param product_id: VARCHAR   its column of products
-- @param launch_date: VARCHAR  its column of launch dates; 'launch_date' need not exist
-- @returns key_: same as input  the product
-- @returns launch_: DATE        the launch date, NULL when it is missing or not between 1970 and 2200
-- @example FROM __launch_products('products', 'product_id', 'launch_date')
SELECT key_, CASE WHEN min(launch_) BETWEEN DATE '1970-01-01' AND DATE '2200-12-31' THEN min(launch_) END AS launch_
FROM (
    SELECT
        COLUMNS(lambda c: __launch_column(c, product_id, coalesce(products, 'products'))) AS key_,
        TRY_CAST(COLUMNS(lambda c: __launch_column(c, launch_date, coalesce(products, 'products'))) AS DATE) AS launch_
    FROM (
        FROM query(
            CASE WHEN products IS NULL
            THEN 'SELECT NULL AS "' || replace(product_id, '"', '""') || '", NULL::DATE AS "'
                || replace(launch_date, '"', '""') || '" WHERE false'
            ELSE 'FROM ' || products END
        )
        UNION ALL BY NAME SELECT NULL::DATE AS __launch_launch_date WHERE false
    )
)
WHERE key_ IS NOT NULL
GROUP BY key_
