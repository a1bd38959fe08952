-- Compares each competitor's offers with our prices and sales, by category or any other key. An offer is compared with
-- our price of the same product in the same period; a competitor none of whose products are ours is compared with our
-- mean price of the same key and period. Our prices are those of the sales, else those of the products table. Our
-- units that are not known, and days without stock (the column available), are not 0: the rest of the period or those
-- beside it stand for them. What cannot be told is NULL, and the reason says why: offers of one date have no trend, no
-- promotions and no forecast.
--
-- @param offers: VARCHAR                     competitor, price, and (need not exist) product, date, units and the key
-- @param products: VARCHAR = NULL            our products, with their key and perhaps price
-- @param sales: VARCHAR = NULL               our sales
-- @param by: VARCHAR = 'category'            the column of keys in products or offers; NULL for one key, 'all'
-- @param frequency: VARCHAR = 'week'         length of a period: day, week or month
-- @param horizon: BIGINT = 13                periods ahead of forecast_price
-- @param level: DOUBLE = 0.8                 probability of the interval of cross_elasticity, which the reason tells
-- @param product_id: VARCHAR = 'product_id'  the column of products in all tables
-- @param competitor: VARCHAR = 'competitor'  the column of competitors in offers
-- @param date: VARCHAR = 'date'              the column of dates in offers and sales
-- @param price: VARCHAR = 'price'            the column of prices in all tables
-- @param units: VARCHAR = 'units'            the column of units in offers and sales
-- @returns key: VARCHAR                 the category
-- @returns competitor: same as input    who offers
-- @returns offers: BIGINT               products offered; rows, where offers name no product
-- @returns price_index: DOUBLE          theirs over ours: geometric mean over products and periods
-- @returns price_gap: DOUBLE            theirs less ours, mean over the same
-- @returns price_trend: DOUBLE          change of their prices per year, 0.05 for 5 % up, within products
-- @returns promotion_share: DOUBLE      share of periods in which an offer is 5 % or more below its regular price: the
--                                       median of 13 periods around it
-- @returns volatility: DOUBLE           standard deviation of the change of ln price from period to period
-- @returns sales_share: DOUBLE          their units over all units of the key, ours among them
-- @returns sales_trend: DOUBLE          change of their units per year
-- @returns forecast_price: DOUBLE       their mean price so many periods ahead
-- @returns cross_elasticity: DOUBLE     change of our units in % when their price is higher by 1 %
-- @returns status: VARCHAR              ok or refused
-- @returns reason: VARCHAR              what was compared, and why a number is missing
-- @example WITH offers AS (SELECT 'North' AS competitor, product_id, date, price * 0.9 AS price FROM sales)
--          FROM launch_competitors('offers', products := 'products', sales := 'sales')
WITH options_ AS MATERIALIZED (
    SELECT
        __launch_frequency(frequency) AS frequency_,
        __launch_horizon(horizon)::BIGINT AS horizon_,
        __launch_level(level) AS level_,
        CASE __launch_frequency(frequency) WHEN 'day' THEN 365.25 WHEN 'week' THEN 365.25 / 7 ELSE 12 END AS year_
),
listed_ AS MATERIALIZED (FROM __launch_listed(products, product_id, "by", price)),
raw_ AS MATERIALIZED (
    SELECT
        rows_.* EXCLUDE (group_),
        CASE WHEN "by" IS NULL THEN 'all' ELSE coalesce(listed_.group_, rows_.group_) END AS group_,
        CASE WHEN day_ IS NOT NULL THEN __launch_period(day_, frequency_) END AS number_
    FROM __launch_offers(offers, product_id, competitor, date, price, units, "by") AS rows_
    LEFT JOIN listed_ ON listed_.product_ = rows_.product_
    CROSS JOIN options_
),
-- Offers without a date tell nothing beside those with one.
offers_ AS MATERIALIZED (
    SELECT
        group_, competitor_, product_, number_,
        __launch_average(price_) AS price_,
        exp(__launch_average(ln(price_))) AS level_price_,
        __launch_sum(units_) AS units_,
        count(*) AS rows_
    FROM raw_
    WHERE fine_ AND group_ IS NOT NULL AND (number_ IS NOT NULL OR (SELECT count(number_) FROM raw_ WHERE fine_) = 0)
    GROUP BY ALL
),
-- Our side: the key of each product, its sales and its prices.
keys_ AS MATERIALIZED (
    SELECT product_, coalesce(min(own_), min(theirs_)) AS group_
    FROM (
        SELECT product_, group_ AS own_ FROM listed_
        UNION ALL BY NAME
        SELECT product_, group_ AS theirs_ FROM raw_ WHERE fine_ AND product_ IS NOT NULL
    )
    GROUP BY product_
    HAVING coalesce(min(own_), min(theirs_)) IS NOT NULL
),
sold_ AS MATERIALIZED (
    SELECT key_::VARCHAR AS product_, number_, units_, CASE WHEN price_ > 0 THEN price_ END AS price_
    FROM __launch_volumes(sales, frequency, product_id, date, units, price)
    WHERE apart_ = 0
),
prices_ AS MATERIALIZED (
    FROM __launch_own_prices('keys_', 'listed_', 'sold_', (SELECT count(number_) > 0 FROM raw_ WHERE fine_))
),
competitors_ AS MATERIALIZED (
    SELECT
        group_, competitor_,
        count(DISTINCT product_) + coalesce(sum(rows_) FILTER (product_ IS NULL), 0)::BIGINT AS offers_,
        count(DISTINCT number_) AS periods_
    FROM offers_
    GROUP BY ALL
),
-- What of each competitor's offers could not be read.
unread_ AS (
    SELECT
        group_, competitor_, nullif(concat_ws('; ',
            CASE WHEN bad_prices_ > 0 THEN format(
                '{} of {} offers have no price above 0 that can be read, such as {}, and are left out', bad_prices_, rows_, coalesce('''' || price_like_ || '''', 'NULL')
            ) END,
            CASE WHEN bad_days_ > 0 THEN format(
                '{} of {} offers have a date that cannot be read, such as ''{}''{}', bad_days_, rows_, day_like_,
                CASE WHEN dated_ > 0 THEN ', and are left out' ELSE '' END
            ) END,
            __launch_currencies(currencies_, 'offers')
        ), '') AS note_, no_units_, fine_rows_
    FROM (
        SELECT
            group_, competitor_, count(*) AS rows_, count(*) FILTER (fine_ AND units_ IS NULL) AS no_units_,
            count(*) FILTER (fine_) AS fine_rows_, list(DISTINCT currency_) AS currencies_, count(*) FILTER (NOT fine_) AS bad_prices_, min(price_like_) AS price_like_,
            count(day_like_) FILTER (fine_) AS bad_days_, min(day_like_) FILTER (fine_) AS day_like_,
            count(number_) FILTER (fine_) AS dated_
        FROM raw_ WHERE competitor_ IS NOT NULL
        GROUP BY ALL
    )
),
-- A key that neither table has is a mistake, not a row.
wrong_ AS (
    SELECT
        CASE WHEN (SELECT count(*) FROM raw_) > 0 AND NOT (SELECT coalesce(bool_or(named_), false) FROM raw_)
            AND NOT (SELECT coalesce(bool_or(named_), false) FROM listed_)
        THEN error('column "' || "by" || '" not found in ' || offers
            || coalesce(' or ' || products, '; give the products table that has it') || ', or set by := NULL')
        ELSE true END AS right_
)
SELECT
    competitors_.group_ AS key,
    competitors_.competitor_ AS competitor,
    offers_ AS offers,
    __launch_finite(index_) AS price_index,
    gap_ AS price_gap,
    CASE WHEN moves_.slope_ * year_ < 20 THEN exp(moves_.slope_ * year_) - 1 END AS price_trend,
    promoted_ AS promotion_share,
    volatility_ AS volatility,
    sizes_.units_ / nullif(sizes_.total_, 0) AS sales_share,
    CASE WHEN sizes_.slope_ * year_ < 20 THEN exp(sizes_.slope_ * year_) - 1 END AS sales_trend,
    ahead_.price_ AS forecast_price,
    found_['elasticity'] AS cross_elasticity,
    'ok' AS status,
    concat_ws(
        '; ',
        CASE
            WHEN index_ IS NULL
            THEN 'no price of ours to compare with: give sales with prices, or products with a price'
            WHEN matched_ > 0 THEN 'prices compared for ' || matched_ || ' products that are ours too'
            ELSE 'no product is ours too: mean prices of ' || CASE WHEN "by" IS NULL THEN 'all products' ELSE "by" END
                || ' compared'
        END,
        CASE
            WHEN competitors_.periods_ = 0 THEN concat('offers have no date', CASE WHEN unread_.note_ IS NOT NULL THEN ' that can be read' END, ': nothing over time can be told')
            WHEN competitors_.periods_ = 1 THEN 'offers are of one period: nothing over time can be told'
            WHEN competitors_.periods_ < 8 THEN 'trends need 8 periods, got ' || competitors_.periods_
        END,
        CASE
            WHEN sizes_.units_ IS NULL THEN 'offers have no units: no share and trend of sales'
            WHEN sizes_.total_ IS NULL THEN 'no sales of ours in these periods: no share of sales'
        END,
        CASE WHEN sizes_.units_ IS NOT NULL AND unread_.no_units_ > 0 THEN format(
            '{} of {} offers have no units that can be read: its share of sales is too low by them', unread_.no_units_, unread_.fine_rows_
        ) END,
        CASE
            WHEN competitors_.periods_ < 2 THEN NULL
            WHEN found_ IS NULL THEN 'no cross elasticity: no sales of ours beside these offers'
            WHEN found_['elasticity'] IS NULL THEN 'no cross elasticity: ' || found_['reason']
            ELSE format(
                'cross elasticity from {:.2f} to {:.2f} with {:.0f} %, from {}',
                found_['lower'], found_['upper'], 100 * level_, found_['reason']
            )
        END,
        CASE WHEN sales IS NOT NULL AND competitors_.periods_ > 0 THEN (
            SELECT CASE WHEN count(*) > 0 THEN format(
                '{} of our products, such as {}, have no price in sales with known units: that of the products table counts',
                count(DISTINCT product_), min(product_)
            ) END
            FROM prices_ WHERE prices_.group_ = competitors_.group_ AND number_ IS NULL
        ) END,
        unread_.note_,
        (FROM __launch_unread(sales, NULL, product_id, date, units, price, 'launch_date', priced := true, summed := true))
    ) AS reason
FROM competitors_
CROSS JOIN options_
LEFT JOIN unread_ ON unread_.group_ = competitors_.group_ AND unread_.competitor_ = competitors_.competitor_
LEFT JOIN __launch_price_gaps('offers_', 'prices_') AS gaps_
    ON gaps_.group_ = competitors_.group_ AND gaps_.competitor_ = competitors_.competitor_
LEFT JOIN __launch_offer_moves('offers_') AS moves_
    ON moves_.group_ = competitors_.group_ AND moves_.competitor_ = competitors_.competitor_ AND periods_ > 1
LEFT JOIN __launch_offer_sizes('offers_', 'keys_', 'sold_') AS sizes_
    ON sizes_.group_ = competitors_.group_ AND sizes_.competitor_ = competitors_.competitor_
LEFT JOIN __launch_offer_ahead('offers_', horizon) AS ahead_
    ON ahead_.group_ = competitors_.group_ AND ahead_.competitor_ = competitors_.competitor_
LEFT JOIN __launch_offer_crosses('offers_', 'prices_', 'keys_', 'sold_', frequency, level) AS crossed_
    ON crossed_.group_ = competitors_.group_ AND crossed_.competitor_ = competitors_.competitor_
CROSS JOIN wrong_
WHERE right_ AND horizon_ > 0
UNION ALL BY NAME
SELECT
    group_ AS key, competitor_ AS competitor, count(*) AS offers, 'refused' AS status,
    CASE
        WHEN competitor_ IS NULL THEN 'competitor is NULL'
        WHEN NOT bool_or(fine_) THEN format(
            'no offer has a price above 0 that can be read, such as {}: FROM launch_doctor(..., offers := ...) tells more',
            coalesce('''' || min(price_like_) || '''', 'NULL')
        )
        WHEN group_ IS NULL THEN coalesce("by", 'key') || ' is NULL, or no product of these offers is in products'
    ELSE 'no date between 1970 and 2200, while other offers have one' END AS reason
FROM raw_, wrong_, options_
WHERE right_ AND level_ > 0 AND horizon_ > 0 AND NOT EXISTS (
    FROM competitors_ WHERE competitors_.group_ = raw_.group_ AND competitors_.competitor_ = raw_.competitor_
)
GROUP BY group_, competitor_
ORDER BY 1 NULLS LAST, 2
