-- How an order is split: the share of each value of a column in past sales, such as each store, by category. The share in a
-- category is drawn to that in all as by five further products of mean size. No rows without a column.
--
-- @param sales: VARCHAR       the sales table, which has the column
-- @param products: VARCHAR    a table with product and category of what was sold; NULL for one share for all
-- @param by: VARCHAR          the column to split by, or NULL
-- @param product_id: VARCHAR  the column of products in both tables
-- @param units: VARCHAR       the column of units in sales
-- @param category: VARCHAR    the column of categories in products; 'category' need not exist
-- @returns category_: VARCHAR  the category; NULL for all
-- @returns value_: VARCHAR     the value of the column
-- @returns share_: DOUBLE      its share, which add up to 1
-- @returns left_out_: BIGINT   rows without a value, or without units
-- @example FROM __launch_shares('sales', 'products', 'product_id', 'product_id', 'units', 'category')
WITH named_ AS MATERIALIZED (
    SELECT key_::VARCHAR AS id_, min(group_::VARCHAR) AS group_
    FROM __launch_grouped(products, product_id, CASE WHEN "by" IS NOT NULL THEN category END) GROUP BY ALL
),
sold_ AS MATERIALIZED (
    -- What is not known is no zero.
    SELECT group_ AS category_, id_, value_, greatest(__launch_sum(units_), 0) AS units_, count(*) AS rows_
    FROM (SELECT * REPLACE (CASE WHEN units_ IS NOT NULL THEN value_ END AS value_) FROM (
        SELECT
            COLUMNS(lambda c: __launch_column(c, product_id, sales))::VARCHAR AS id_,
            COLUMNS(lambda c: __launch_column(c, coalesce("by", product_id), sales))::VARCHAR AS value_,
            __launch_valid_units(COLUMNS(lambda c: __launch_column(c, units, sales))) AS units_
        FROM query(__launch_read(
            CASE WHEN "by" IS NOT NULL THEN sales END, [product_id, coalesce("by", product_id), units], ['price'], [], [units, 'price']
        ))
    ))
    LEFT JOIN named_ USING (id_)
    GROUP BY ALL
),
every_ AS (
    SELECT value_, sum(units_::DECIMAL(38, 9))::DOUBLE / nullif((sum(sum(units_::DECIMAL(38, 9))) OVER ())::DOUBLE, 0) AS share_
    FROM sold_ WHERE value_ IS NOT NULL GROUP BY value_
),
categories_ AS (
    SELECT category_, sum(units_::DECIMAL(38, 9))::DOUBLE AS units_, count(DISTINCT id_) AS products_
    FROM sold_ WHERE value_ IS NOT NULL AND category_ IS NOT NULL GROUP BY category_
),
own_ AS (
    SELECT category_, value_, sum(units_::DECIMAL(38, 9))::DOUBLE AS units_ FROM sold_ WHERE value_ IS NOT NULL GROUP BY ALL
)
SELECT categories_.category_, every_.value_,
    (coalesce(own_.units_, 0) + 5 * categories_.units_ / products_ * every_.share_)
        / (categories_.units_ + 5 * categories_.units_ / products_) AS share_,
    (SELECT coalesce(sum(rows_), 0)::BIGINT FROM sold_ WHERE value_ IS NULL) AS left_out_
FROM categories_ CROSS JOIN every_
LEFT JOIN own_ ON own_.category_ = categories_.category_ AND own_.value_ = every_.value_
WHERE categories_.units_ > 0
UNION ALL
SELECT NULL, value_, share_, (SELECT coalesce(sum(rows_), 0)::BIGINT FROM sold_ WHERE value_ IS NULL) FROM every_ WHERE share_ IS NOT NULL
