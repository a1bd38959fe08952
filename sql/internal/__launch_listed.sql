-- Our products by their key, and the price they are listed at. No rows without a table.
--
-- @param products: VARCHAR    the products table, or NULL
-- @param product_id: VARCHAR  its column of products
-- @param by: VARCHAR          its column of keys, which need not exist; NULL for one key, 'all'
-- @param price: VARCHAR       its column of prices, which need not exist
-- @returns product_: VARCHAR  the product
-- @returns group_: VARCHAR    its key, NULL when it is missing
-- @returns price_: DOUBLE     the lowest price above 0 of its rows, NULL without one
-- @returns named_: BOOLEAN    whether there is a column of keys
-- @example FROM __launch_listed('products', 'product_id', 'category', 'price')
SELECT
    product_,
    CASE WHEN "by" IS NULL THEN 'all' ELSE min(group_::VARCHAR) END AS group_,
    min(nullif(price_, 0)) AS price_,
    "by" IS NULL OR any_value(typeof(group_)) <> '"NULL"' AS named_
FROM (
    SELECT
        COLUMNS(lambda c: __launch_column(c, product_id, coalesce(products, 'products')))::VARCHAR AS product_,
        COLUMNS(
            lambda c: __launch_column(c, coalesce("by", '__launch_none'), coalesce(products, 'products'))
        ) AS group_,
        __launch_valid_price(COLUMNS(lambda c: __launch_column(c, price, coalesce(products, 'products')))) AS price_
    FROM query(__launch_read(products, [product_id], [coalesce("by", 'none'), price], [], [price]))
)
WHERE product_ IS NOT NULL
GROUP BY product_
