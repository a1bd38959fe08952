-- As __launch_aligned; no rows, and no time spent in planning the query, without tables.
--
-- @param launches: VARCHAR    launches, as __launch_aligned takes them
-- @param products: VARCHAR    the table of these products, or NULL
-- @param product_id: VARCHAR  the column of products in products and covariates
-- @param signals: VARCHAR     the table of signals, or NULL
-- @param covariates: VARCHAR  the table of covariates, or NULL
-- @param signal_key: VARCHAR  the column of products that keys refer to; NULL for that of products
-- @returns id_: VARCHAR           the product
-- @returns covariates_: STRUCT[]  its series, NULL when there are none
-- @example FROM __launch_covariates('products', 'products', 'product_id', NULL, NULL, NULL)
FROM query(
    CASE WHEN coalesce(signals, covariates) IS NULL
    THEN
        'SELECT NULL::VARCHAR AS id_, NULL::STRUCT(name VARCHAR, planned BOOLEAN, "values" DOUBLE[])[] AS covariates_ '
        || 'WHERE false'
    ELSE 'FROM __launch_aligned(' || concat_ws(
        ', ', __launch_quoted(launches), __launch_quoted(products), __launch_quoted(product_id),
        __launch_quoted(signals), __launch_quoted(covariates), __launch_quoted(signal_key)
    ) || ')' END
)
