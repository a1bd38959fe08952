-- The rows of a table as one list, with the columns that a report reads as texts. NULL without a table, an empty list without rows.
--
-- @param source: VARCHAR    the table, or NULL
-- @param wanted: VARCHAR[]  the columns that are read, if they are there, in any case
-- @returns rows_: STRUCT[]  the rows, in no order; a field __launch_none stands beside, so that there is one
-- @example FROM __launch_told_rows('products', ['product_id', 'price'])
SELECT CASE WHEN source IS NOT NULL THEN coalesce(list(told_), []) END AS rows_
FROM (
    SELECT COLUMNS(lambda c:
        list_contains([lower(w_) FOR w_ IN wanted], lower(c)) OR starts_with(c, '__launch_')
    )::VARCHAR
    FROM query(__launch_from(source, wanted, ['none']))
) AS told_
