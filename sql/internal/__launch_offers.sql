-- The rows of a table of competitors' offers under fixed names. A row cannot be used when its competitor is NULL, or its
-- price is missing, below 1e-6, or 1e12 and more.
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
-- @returns fine_: BOOLEAN        whether the row can be used
-- @returns price_like_: VARCHAR  the price of a row that cannot be used, as it was given
-- @returns day_like_: VARCHAR    a day that could not be read, as it was given
-- @returns currency_: VARCHAR      the money that the price names, if it is a text that does
-- @example FROM __launch_offers(
--          '(SELECT ''North'' AS competitor, * FROM sales)',
--          'product_id', 'competitor', 'date', 'price', 'units', NULL)
SELECT competitor_, product_, CASE WHEN "by" IS NULL THEN 'all' ELSE group_::VARCHAR END AS group_,
    day_, price_, CASE WHEN units_ >= 0 THEN units_ END AS units_,
    "by" IS NULL OR typeof(group_) <> '"NULL"' AS named_,
    coalesce(competitor_ IS NOT NULL AND price_ >= 1e-6, false) AS fine_,
    CASE WHEN NOT coalesce(price_ >= 1e-6, false) THEN raw_price_::VARCHAR END AS price_like_,
    CASE WHEN day_ IS NULL THEN raw_day_::VARCHAR END AS day_like_,
    CASE WHEN typeof(raw_price_) = 'VARCHAR' THEN __launch_currency(raw_price_::VARCHAR) END AS currency_
FROM (
    SELECT
        COLUMNS(lambda c: __launch_column(c, competitor, offers)) AS competitor_,
        COLUMNS(lambda c: __launch_column(c, product_id, offers))::VARCHAR AS product_,
        COLUMNS(lambda c: __launch_column(c, coalesce("by", '__launch_none'), offers)) AS group_,
        __launch_valid_day(COLUMNS(lambda c: __launch_column(c, date, offers))) AS day_,
        __launch_valid_price(COLUMNS(lambda c: __launch_column(c, price, offers))) AS price_,
        __launch_valid_units(COLUMNS(lambda c: __launch_column(c, units, offers))) AS units_,
        COLUMNS(lambda c: __launch_part(c, date, 1, offers)) AS raw_day_,
        COLUMNS(lambda c: __launch_part(c, price, 1, offers)) AS raw_price_
    FROM query(__launch_read(
        offers, [competitor, price, product_id], ['product_id', 'date', 'units', coalesce("by", 'none')], [date], [price, units]
    ))
)
