-- The rows of a products table with one further column, by which products are grouped or known elsewhere. No rows
-- without a table.
--
-- @param products: VARCHAR    the table, or NULL
-- @param product_id: VARCHAR  its column of products
-- @param grouping: VARCHAR    the further column; 'category' need not exist; NULL for none
-- @returns key_: same as input    the product
-- @returns group_: same as input  the value of the further column, NULL when there is none
-- @example FROM __launch_grouped('products', 'product_id', 'category')
SELECT
    COLUMNS(lambda c: __launch_column(c, product_id, coalesce(products, 'products'))) AS key_,
    COLUMNS(lambda c: __launch_column(c, coalesce(grouping, '__launch_none'), coalesce(products, 'products'))) AS group_
FROM (
    FROM query(__launch_from(
        coalesce(
            products,
            '(SELECT NULL AS ' || __launch_identifier(product_id) || ', NULL::VARCHAR AS '
                || __launch_identifier(coalesce(grouping, 'category')) || ' WHERE false)'
        ),
        [product_id], []
    ))
    UNION ALL BY NAME
    -- Groups that are not there have a type all the same.
    SELECT NULL::VARCHAR AS __launch_category, NULL::VARCHAR AS __launch_none WHERE false
)
WHERE key_ IS NOT NULL
