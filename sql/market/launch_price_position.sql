-- Tells where the price of each candidate stands among competitors' offers: the share of comparable offers that are
-- cheaper, the offers nearest to it, and the price that its attributes suggest, with an interval. Of each offer
-- (competitor and product) the latest price counts. Comparable are the offers of the same category, or all when a table
-- has none. Attributes are the columns that both tables have: numbers, categories, booleans, dates and texts. The
-- candidate's own price has no part in the expected one.
--
-- @param candidates: VARCHAR                 product, and (need not exist) price, category and any attributes
-- @param offers: VARCHAR                     competitor, price, and (need not exist) product, date, category and any
--                                            attributes
-- @param k: BIGINT = 1                       nearest offers per candidate
-- @param level: DOUBLE = 0.8                 probability of the interval of the expected price
-- @param category: VARCHAR = 'category'      the column of categories in both tables; 'category' need not exist
-- @param product_id: VARCHAR = 'product_id'  the column of products in both tables
-- @param competitor: VARCHAR = 'competitor'  the column of competitors in offers
-- @param date: VARCHAR = 'date'              the column of dates in offers; 'date' need not exist
-- @param price: VARCHAR = 'price'            the column of prices in both tables
-- @param units: VARCHAR = 'units'            the column of units in offers, which is no attribute
-- @returns product_id: same as input         the candidate
-- @returns price: DOUBLE                     its price
-- @returns offers: BIGINT                    comparable offers
-- @returns percentile: DOUBLE                share of them that are cheaper, 0 to 1; equal prices count half
-- @returns rank: BIGINT                      1 for the nearest offer
-- @returns nearest_competitor: same as input  who offers it
-- @returns nearest_product_id: same as input  the product offered, NULL where offers names none
-- @returns nearest_price: DOUBLE             its price
-- @returns nearest_distance: DOUBLE          mean dissimilarity in attributes and price, 0 for twins, 1 at most
-- @returns expected_price: DOUBLE            the median price of an offer with the candidate's attributes
-- @returns lower: DOUBLE                     lower end of its interval
-- @returns upper: DOUBLE                     upper end
-- @returns status: VARCHAR                   ok or refused
-- @returns reason: VARCHAR                   what the expected price rests on, or why there is none
-- @example WITH offers AS (
--          SELECT ['North', 'South'][i % 2 + 1] AS competitor, product_id, category, price * 0.9 AS price
--          FROM products, range(2) t(i))
--          FROM launch_price_position('candidates', 'offers', k := 2)
WITH options_ AS (
    SELECT
        CASE WHEN k BETWEEN 1 AND 1000 THEN k::BIGINT
        ELSE error('k must be between 1 and 1000, got ' || coalesce(k::VARCHAR, 'NULL')) END AS k_,
        __launch_level(level) AS level_
),
-- Both tables as one, so that their attributes get common types; a column that only one of them has is NULL in the
-- other, and is told by that.
rows_ AS MATERIALIZED (
    SELECT
        asked_, key_, competitor_, day_, category_, attributes_, product_, raw_day_, raw_price_,
        nullif(price_, 0) AS price_
    FROM (
        SELECT
            "__launch candidate" AS asked_,
            COLUMNS(lambda c: __launch_column(c, product_id, candidates)) AS key_,
            COLUMNS(lambda c: __launch_column(c, product_id, candidates))::VARCHAR AS product_,
            COLUMNS(lambda c: __launch_column(c, competitor, offers)) AS competitor_,
            __launch_valid_day(COLUMNS(lambda c: __launch_column(c, date, offers))) AS day_,
            COLUMNS(lambda c: __launch_column(c, category, offers))::VARCHAR AS category_,
            __launch_valid_price(COLUMNS(lambda c: __launch_column(c, price, offers))) AS price_,
            COLUMNS(lambda c: __launch_part(c, date, 1, offers))::VARCHAR AS raw_day_,
            COLUMNS(lambda c: __launch_part(c, price, 1, offers))::VARCHAR AS raw_price_,
            struct_pack(*COLUMNS(
                lambda c: NOT starts_with(c, '__launch_read_') AND lower(c) NOT IN (
                    lower(product_id), lower(trim(split_part(product_id, ',', 1))), '__launch_' || lower(product_id),
                    lower(competitor), lower(date), lower(price), lower(units),
                    '__launch candidate', '__launch_date', '__launch_category', '__launch_' || lower(price)
                )
            )) AS attributes_
        FROM (
            SELECT *, false AS "__launch candidate" FROM query(__launch_read(offers, [product_id], ['date'], [date], [price]))
            UNION ALL BY NAME
            SELECT *, true AS "__launch candidate" FROM query(__launch_read(candidates, [product_id], [price], [], [price]))
            UNION ALL BY NAME
            SELECT NULL AS __launch_date, NULL AS __launch_category, NULL AS __launch_none WHERE false
        )
    )
),
candidates_ AS MATERIALIZED (
    SELECT
        *,
        row_number() OVER (ORDER BY key_, price_, category_) AS number_,
        __launch_refusal(key_, count(*) OVER (PARTITION BY key_)) AS why_
    FROM rows_ WHERE asked_
),
-- The latest price of each offer; of several on one day the lowest. An offer without a product is known by its
-- attributes.
offers_ AS MATERIALIZED (
    SELECT *, row_number() OVER (ORDER BY competitor_, product_, price_, attributes_) AS number_
    FROM (
        FROM rows_
        WHERE NOT asked_ AND competitor_ IS NOT NULL AND price_ IS NOT NULL
        QUALIFY row_number() OVER (
            PARTITION BY competitor_, product_, CASE WHEN product_ IS NULL THEN attributes_ END
            ORDER BY day_ DESC NULLS LAST, price_, attributes_
        ) = 1
    )
),
unread_ AS MATERIALIZED (
    SELECT nullif(concat_ws('; ',
        __launch_unread_rows(
            count(*) FILTER (competitor_ IS NULL OR price_ IS NULL), count(*), 'offers', 'competitor, or no price above 0 that can be read',
            min(raw_price_) FILTER (price_ IS NULL)
        ) || ', and are left out',
        __launch_unread_rows(
            count(*) FILTER (day_ IS NULL AND raw_day_ IS NOT NULL), count(*), 'offers', 'date from 1970 to 2200',
            min(raw_day_) FILTER (day_ IS NULL)
        ) || ', and count as older than all others',
        __launch_currencies((SELECT list(DISTINCT __launch_currency(raw_price_)) FROM rows_), 'offers and candidates')
    ), '') AS note_
    FROM rows_ WHERE NOT asked_
),
found_ AS (
    SELECT unnest(__launch_price_position(
        number_, asked_, product_, category_, price_, attributes_, competitor_, k := k_, level := level_
    )) AS row_
    FROM (
        SELECT number_, asked_, product_, category_, price_, attributes_, competitor_::VARCHAR AS competitor_
        FROM offers_
        UNION ALL
        SELECT number_, asked_, product_, category_, price_, attributes_, competitor_::VARCHAR
        FROM candidates_ WHERE why_ IS NULL
    ), options_
)
SELECT
    candidates_.key_ AS product_id,
    candidates_.price_ AS price,
    row_['offers'] AS offers,
    row_['percentile'] AS percentile,
    row_['rank'] AS rank,
    offers_.competitor_ AS nearest_competitor,
    offers_.key_ AS nearest_product_id,
    offers_.price_ AS nearest_price,
    row_['distance'] AS nearest_distance,
    row_['expected'] AS expected_price,
    row_['lower'] AS lower,
    row_['upper'] AS upper,
    row_['status'] AS status,
    concat_ws('; ', row_['reason'], (SELECT note_ FROM unread_)) AS reason
FROM found_
JOIN candidates_ ON candidates_.number_ = row_['candidate']
LEFT JOIN offers_ ON offers_.number_ = row_['nearest']
UNION ALL BY NAME
SELECT key_ AS product_id, price_ AS price, 'refused' AS status, why_ AS reason
FROM candidates_, options_
WHERE why_ IS NOT NULL AND k_ > 0 AND level_ > 0
ORDER BY 1, 5
