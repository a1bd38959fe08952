-- The usable rows of a table of competitors' offers under fixed names. A row is left out when its competitor is NULL,
-- or its price is missing, below 1e-6, or 1e12 and more.
--
-- @param offers: VARCHAR      the offers table
-- @param product_id: VARCHAR  its column of products; 'product_id' need not exist
-- @param competitor: VARCHAR  its column of competitors
-- @param date: VARCHAR        its column of dates; 'date' need not exist
-- @param price: VARCHAR       its column of prices
-- @param units: VARCHAR       its column of units; 'units' need not exist
-- @param by: VARCHAR          its column of keys, which need not exist; NULL for one key, 'all'
-- @returns competitor_: same as input  the competitor
-- @returns product_: VARCHAR     the product, NULL when it is missing
-- @returns group_: VARCHAR       the key, NULL when it is missing
-- @returns day_: DATE            the day, NULL when it is missing or not between 1970 and 2200
-- @returns price_: DOUBLE        the price
-- @returns units_: DOUBLE        units sold, NULL when they are missing, negative or 1e15 and more
-- @returns named_: BOOLEAN       whether there is a column of keys
-- @example FROM __launch_offers(
--          '(SELECT ''North'' AS competitor, * FROM sales)',
--          'product_id', 'competitor', 'date', 'price', 'units', NULL)
SELECT
    competitor_, product_,
    CASE WHEN "by" IS NULL THEN 'all' WHEN group_ IS DISTINCT FROM '__launch_none' THEN group_ END AS group_,
    CASE WHEN day_ BETWEEN DATE '1970-01-01' AND DATE '2200-12-31' THEN day_ END AS day_,
    price_,
    CASE WHEN units_ >= 0 AND units_ < 1e15 THEN units_ END AS units_,
    "by" IS NULL OR group_ IS DISTINCT FROM '__launch_none' AS named_
FROM (
    SELECT
        COLUMNS(lambda c: __launch_column(c, competitor, offers)) AS competitor_,
        COLUMNS(lambda c: __launch_column(c, product_id, offers))::VARCHAR AS product_,
        COLUMNS(lambda c: __launch_column(c, coalesce("by", '__launch_all'), offers))::VARCHAR AS group_,
        TRY_CAST(COLUMNS(lambda c: __launch_column(c, date, offers)) AS DATE) AS day_,
        TRY_CAST(COLUMNS(lambda c: __launch_column(c, price, offers)) AS DOUBLE) AS price_,
        TRY_CAST(COLUMNS(lambda c: __launch_column(c, units, offers)) AS DOUBLE) AS units_
    FROM (
        FROM query(
            'SELECT *, ''__launch_none'' AS "__launch_' || replace(coalesce("by", '__launch_all'), '"', '""')
            || '" FROM ' || offers
        )
        UNION ALL BY NAME
        SELECT NULL::VARCHAR AS __launch_product_id, NULL::DATE AS __launch_date, NULL::DOUBLE AS __launch_units
        WHERE false
    )
)
WHERE competitor_ IS NOT NULL AND price_ >= 1e-6 AND price_ < 1e12
