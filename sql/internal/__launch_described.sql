-- The attributes of products, one row each: what a shop may show. Lists, days, and columns that hold ids, codes or addresses by
-- their name are left out, and so are empty texts and what is false. No rows without a table.
--
-- @param source: VARCHAR      the table, or NULL
-- @param label: VARCHAR       what errors call it
-- @param product_id: VARCHAR  its column of products
-- @param category: VARCHAR    its column of categories; 'category' need not exist
-- @param hidden: VARCHAR[]    columns that are no attributes, in lower case
-- @returns id_: VARCHAR        the product as text
-- @returns category_: VARCHAR  its category
-- @returns name_: VARCHAR      the attribute, with blanks for underscores
-- @returns value_: VARCHAR     its value
-- @returns number_: DOUBLE     its value, where it is a number
-- @returns flag_: BOOLEAN      whether it is a boolean
-- @example FROM __launch_described('products', 'products', 'product_id', 'category', ['price'])
SELECT
    id_, category_, replace(key, '_', ' ') AS name_,
    CASE WHEN type = 'DOUBLE' THEN regexp_replace(value->>'$', '\.0$', '') ELSE trim(value->>'$') END AS value_,
    CASE WHEN type IN ('BIGINT', 'UBIGINT', 'HUGEINT', 'DOUBLE') THEN (value->>'$')::DOUBLE END AS number_,
    type = 'BOOLEAN' AS flag_
FROM (
    SELECT
        __launch_id_text(COLUMNS(lambda c: __launch_column(c, product_id, coalesce(source, label)))) AS id_,
        __launch_id_text(COLUMNS(lambda c: __launch_column(c, category, coalesce(source, label)))) AS category_,
        -- The column of products is among them, so that there is one.
        to_json(struct_pack(*COLUMNS(lambda c: NOT starts_with(c, '__launch_')))) AS facts_
    FROM query(__launch_from(source, [product_id, category], ['category']))
), json_each(facts_)
WHERE type NOT IN ('NULL', 'ARRAY', 'OBJECT')
    AND lower(key) NOT IN (SELECT unnest(hidden))
    AND NOT regexp_matches(
        key, '(^|[_ ])(?i:ids?|sku|ean|upc|gtin|isbn|asin|uuid|guid|codes?|no|nr|number|url|link|image|picture|photo)$|[a-z]I[dD]$'
    )
    AND lower(trim(value->>'$')) NOT IN ('', 'false', 'nan', 'infinity', '-infinity', 'null', 'n/a')
    AND TRY_CAST(CASE WHEN type = 'VARCHAR' THEN value->>'$' END AS TIMESTAMP) IS NULL
