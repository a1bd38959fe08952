-- Why products of two tables cannot be told to be the same: their ids are of two types, such as numbers and texts.
-- Numbers of all widths are alike. An empty table, or no table, has no type. One row.
--
-- @param sales: VARCHAR       a table
-- @param products: VARCHAR    another one
-- @param product_id: VARCHAR  the column of products in both
-- @param other_id: VARCHAR = NULL  that of the second table, where it is another one
-- @returns why_: VARCHAR      the text, NULL when they are alike
-- @returns cast_: VARCHAR     the argument that mends it: the table whose ids are no texts, with its ids as texts
-- @returns example_: VARCHAR  an id of each
-- @example FROM __launch_two_types('sales', 'products', 'product_id')
SELECT
    CASE WHEN differ_ THEN concat(
        'ids of two types: ', product_id, ' is ', type_, ' in ', sales, ' (such as ', id_, ') and ',
        CASE WHEN other_id <> product_id THEN other_id || ' is ' ELSE '' END,
        other_type_, ' in ', products, ' (such as ', other_, '): cast one of them, such as ', cast_
    ) END AS why_,
    CASE WHEN differ_ THEN cast_ END AS cast_,
    CASE WHEN differ_ THEN concat(type_, ' ', id_, ' and ', other_type_, ' ', other_) END AS example_
FROM (
    SELECT
        *,
        __launch_kind(type_) <> __launch_kind(other_type_) AS differ_,
        -- Every value can be cast to a text.
        __launch_texts(
            CASE WHEN __launch_kind(type_) = 'text' THEN products ELSE sales END,
            CASE WHEN __launch_kind(type_) = 'text' THEN coalesce(other_id, product_id) ELSE product_id END
        ) AS cast_
    FROM (
        SELECT max(typeof(key_)) AS type_, max(key_::VARCHAR) AS id_
        FROM (
            FROM (
                SELECT COLUMNS(lambda c: __launch_column(c, product_id, coalesce(sales, 'sales'))) AS key_
                FROM query(__launch_from(sales, [product_id], []))
            )
            WHERE key_ IS NOT NULL LIMIT 1
        )
    ), (
        SELECT max(typeof(key_)) AS other_type_, max(key_::VARCHAR) AS other_
        FROM (
            FROM (
                SELECT COLUMNS(
                    lambda c: __launch_column(c, coalesce(other_id, product_id), coalesce(products, 'products'))
                ) AS key_
                FROM query(__launch_from(products, [coalesce(other_id, product_id)], []))
            )
            WHERE key_ IS NOT NULL LIMIT 1
        )
    )
)
