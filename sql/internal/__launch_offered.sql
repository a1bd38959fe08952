-- Products and candidates with what is known of them, one row per product; of candidates every row.
--
-- @param products: VARCHAR     the products table
-- @param candidates: VARCHAR   the candidates table, or NULL
-- @param product_id: VARCHAR   their column of products
-- @param launch_date: VARCHAR  their column of launch dates; 'launch_date' need not exist
-- @param price: VARCHAR        their column of prices; 'price' need not exist
-- @param category: VARCHAR     their column of categories; 'category' need not exist
-- @param brand: VARCHAR        their column of brands; 'brand' need not exist
-- @returns key_: same as input  the product
-- @returns launch_: DATE        its launch, NULL when it is missing or no date
-- @returns price_: DOUBLE       its price
-- @returns category_: VARCHAR   its category
-- @returns brand_: VARCHAR      its brand
-- @returns candidate_: BOOLEAN  whether it is a candidate
-- @returns attributes_: STRUCT  every other column, and category, brand and the price as a number
-- @returns named_: BOOLEAN      whether there is a column of launch dates
-- @returns unread_: VARCHAR      what was given as its launch, if that is no date
-- @example FROM __launch_offered('goods', 'new_goods', 'product_id', 'launch_date', 'price', 'category', 'brand')
SELECT
    key_, launch_, price_, category_, brand_, candidate_, struct_insert(attributes_, price := price_) AS attributes_, named_, unread_
FROM (
    SELECT
        key_, __launch_valid_day(given_) AS launch_, nullif(__launch_valid_price(raw_price_), 0) AS price_, nullif(trim(category_::VARCHAR), '') AS category_,
        nullif(trim(brand_::VARCHAR), '') AS brand_, candidate_, attributes_, typeof(given_) <> '"NULL"' AS named_,
        CASE WHEN __launch_valid_day(given_) IS NULL THEN given_::VARCHAR END AS unread_
    FROM (
        SELECT
            COLUMNS(lambda c: __launch_column(c, product_id, products)) AS key_,
            COLUMNS(lambda c: __launch_column(c, launch_date, products)) AS given_,
            COLUMNS(lambda c: __launch_column(c, price, products)) AS raw_price_,
            COLUMNS(lambda c: __launch_column(c, category, products)) AS category_,
            COLUMNS(lambda c: __launch_column(c, brand, products)) AS brand_,
            __launch_candidate AS candidate_,
            -- With the empty column, as there may be no other. What is earned with a product does not make it alike.
            struct_pack(*COLUMNS(lambda c: NOT starts_with(c, '__launch_read_') AND lower(c) NOT IN (
                lower(product_id), lower(trim(split_part(product_id, ',', 1))), '__launch_' || lower(product_id),
                lower(launch_date), lower(price), 'price', 'cost', '__launch_launch_date', '__launch_' || lower(price), '__launch_price',
                '__launch_category', '__launch_brand', '__launch_candidate'
            ))) AS attributes_
        FROM query(__launch_read(
            '(FROM (SELECT *, false AS __launch_candidate FROM ' || __launch_named(products, 'products') || ')'
            || coalesce(' UNION ALL BY NAME FROM (SELECT *, true AS __launch_candidate FROM ' || nullif(trim(candidates), '') || ')', '') || ')',
            [product_id, launch_date, price, category, brand], ['launch_date', 'price', 'category', 'brand', 'none'],
            [launch_date], [price]
        ))
    )
)
WHERE __launch_id_text(key_) IS NOT NULL OR candidate_
QUALIFY candidate_ OR row_number() OVER (
    PARTITION BY candidate_, key_ ORDER BY launch_ NULLS LAST, price_, attributes_::VARCHAR
) = 1
