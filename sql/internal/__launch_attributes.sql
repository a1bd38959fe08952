-- Products or candidates with their attributes packed into one value. No rows without a table.
--
-- @param products: VARCHAR     the table, or NULL
-- @param product_id: VARCHAR   its column of products
-- @param launch_date: VARCHAR  its column of launch dates; 'launch_date' need not exist
-- @param source: VARCHAR       what errors call the table
-- @returns key_: same as input  the product
-- @returns launch_: DATE        the launch date, NULL when it is missing or no date
-- @returns attributes_: STRUCT  every other column, and always price
-- @example FROM __launch_attributes('products', 'product_id', 'launch_date', 'products')
SELECT key_, launch_, struct_update(attributes_, price := TRY_CAST(attributes_['price'] AS DOUBLE)) AS attributes_
FROM (
    SELECT
        COLUMNS(lambda c: __launch_column(c, product_id, source)) AS key_,
        TRY_CAST(COLUMNS(lambda c: __launch_column(c, launch_date, source)) AS DATE) AS launch_,
        struct_pack(*COLUMNS(
            lambda c: lower(c) NOT IN (lower(product_id), lower(launch_date), '__launch_launch_date')
        )) AS attributes_
    FROM (
        FROM query(
            CASE WHEN products IS NULL
            THEN 'SELECT NULL::VARCHAR AS "' || replace(product_id, '"', '""') || '" WHERE false'
            ELSE 'FROM ' || products END
        )
        UNION ALL BY NAME SELECT NULL AS price, NULL::DATE AS __launch_launch_date WHERE false
    )
)
