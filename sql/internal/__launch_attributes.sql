-- Products or candidates with their attributes packed into one value. No rows without a table.
--
-- @param products: VARCHAR     the table, or NULL
-- @param product_id: VARCHAR   its column of products
-- @param launch_date: VARCHAR  its column of launch dates; 'launch_date' need not exist
-- @param price: VARCHAR        its column of prices, which need not exist; else that is 'price'
-- @param source: VARCHAR       what errors call the table
-- @param cost: VARCHAR = 'cost'          its column of costs; 'cost' need not exist
-- @param category: VARCHAR = 'category'  its column of categories; 'category' need not exist
-- @param priced: BOOLEAN = false         whether a column of prices that is not called price must exist
-- @returns key_: same as input  the product
-- @returns launch_: DATE        the launch date, NULL when it is missing or no date
-- @returns attributes_: STRUCT  every other column, and always price
-- @returns cost_: same as input  the cost, which is an attribute too
-- @returns category_: same as input  the category, which is an attribute too
-- @returns undated_: VARCHAR    a launch date that is none
-- @example FROM __launch_attributes('products', 'product_id', 'launch_date', 'price', 'products')
SELECT
    key_, coalesce(TRY_CAST(given_ AS DATE), __launch_valid_day(given_)) AS launch_,
    struct_update(attributes_, price := __launch_amount(CASE
        WHEN lower(price) <> 'price' AND typeof(named_) <> '"NULL"' AND typeof(attributes_['price']) <> '"NULL"'
        THEN error('prices of ' || source || ' are in two columns, ' || price || ' and price: leave one of them out')
        WHEN typeof(named_) <> '"NULL"' THEN named_
        ELSE attributes_['price'] END)) AS attributes_,
    cost_, category_,
    CASE WHEN coalesce(TRY_CAST(given_ AS DATE), __launch_valid_day(given_)) IS NULL THEN given_::VARCHAR END AS undated_
FROM (
    SELECT
        COLUMNS(lambda c: __launch_column(c, product_id, source)) AS key_,
        COLUMNS(lambda c: __launch_column(c, launch_date, source)) AS given_,
        COLUMNS(lambda c: __launch_column(c, price, source)) AS named_,
        COLUMNS(lambda c: __launch_column(c, cost, source)) AS cost_,
        COLUMNS(lambda c: __launch_column(c, category, source)) AS category_,
        struct_pack(*COLUMNS(
            lambda c: NOT starts_with(c, '__launch_read_') AND lower(c) NOT IN (
                -- Of several columns that name a product, the first one is its id; the others are attributes.
                lower(product_id), lower(trim(split_part(product_id, ',', 1))), '__launch_' || lower(product_id),
                lower(launch_date), coalesce(nullif(lower(price), 'price'), ''),
                '__launch_launch_date', '__launch_' || lower(price), '__launch_cost', '__launch_category'
            )
        )) AS attributes_
    FROM (
        FROM query(__launch_read(
            products, [product_id, launch_date],
            ['launch_date', CASE WHEN priced THEN 'price' ELSE price END, 'cost', 'category'], [launch_date], [price, cost]
        ))
        UNION ALL BY NAME SELECT NULL AS price WHERE false
    )
)
