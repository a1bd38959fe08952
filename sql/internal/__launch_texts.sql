-- A table with the ids of its products as texts.
--
-- @scalar
-- @param source: VARCHAR      the table, or NULL
-- @param product_id: VARCHAR  its column of products; several columns are a text already
-- @returns VARCHAR what may stand after FROM; NULL without a table
-- @example __launch_texts('sales', 'product_id')
CASE WHEN contains(product_id, ',') THEN source
ELSE '(SELECT * REPLACE (' || __launch_identifier(product_id) || '::VARCHAR AS ' || __launch_identifier(product_id) || ') FROM '
    || source || ')' END
