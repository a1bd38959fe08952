-- What to tell of products of sales that products do not have, or have with several values of a column or none. One row.
--
-- @param sales: VARCHAR       the sales table
-- @param products: VARCHAR    the products table, or NULL
-- @param product_id: VARCHAR  the column of products in both
-- @param grouping: VARCHAR    a column of products that is read, if there is one; NULL for none
-- @returns unlisted_: VARCHAR  the text, NULL when there is nothing to tell
-- @example FROM __launch_unlisted('sales', 'products', 'product_id', 'category')
WITH listed_ AS MATERIALIZED (
    SELECT id_, count(DISTINCT group_::VARCHAR) AS groups_
    FROM (
        SELECT
            COLUMNS(lambda c: __launch_column(c, product_id, coalesce(products, 'products')))::VARCHAR AS id_,
            COLUMNS(lambda c: __launch_column(c, coalesce(grouping, '__launch_none'), coalesce(products, 'products'))) AS group_
        FROM query(__launch_from(products, [product_id], [coalesce(grouping, 'none'), 'none']))
    )
    WHERE id_ IS NOT NULL GROUP BY id_
),
sold_ AS (
    SELECT DISTINCT COLUMNS(lambda c: __launch_column(c, product_id, coalesce(sales, 'sales')))::VARCHAR AS sold_
    FROM query(__launch_from(sales, [product_id], []))
)
SELECT CASE WHEN products IS NOT NULL THEN nullif(concat_ws('; ',
    (
        SELECT CASE
            WHEN count(sold_) > 0 AND count(id_) = 0 THEN
                'no product of sales is in products: ' || product_id || ' must be written alike in both tables'
            WHEN count(id_) < count(sold_) THEN format(
                '{} of {} products of sales are not in products, such as ''{}''', count(sold_) - count(id_), count(sold_),
                min(sold_) FILTER (id_ IS NULL)
            )
        END
        FROM sold_ LEFT JOIN listed_ ON id_ = sold_
    ),
    (
        SELECT CASE WHEN count(*) FILTER (groups_ > 1) > 0 THEN format(
            '{} of {} products have several values of {} in products, such as ''{}'': the first in order counts',
            count(*) FILTER (groups_ > 1), count(*), grouping, min(id_) FILTER (groups_ > 1)
        ) END
        FROM listed_
    ),
    (
        SELECT CASE WHEN count(*) FILTER (groups_ = 0) BETWEEN 1 AND count(*) - 1 THEN format(
            '{} of {} products of sales have no {} in products, such as ''{}'': they are in no group', count(*) FILTER (groups_ = 0),
            count(*), grouping, min(id_) FILTER (groups_ = 0)
        ) END
        FROM listed_ JOIN sold_ ON id_ = sold_
    )
), '') END AS unlisted_
