-- Compares each competitor's offers with our prices and sales, by category or any other key. An offer is compared with
-- our price of the same product in the same period; a competitor none of whose products are ours is compared with our
-- mean price of the same key and period. Our prices are those of the sales, else those of the products table. What
-- cannot be told is NULL, and the reason says why: offers of one date have no trend, no promotions and no forecast.
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
        CASE WHEN level > 0 AND level < 1 THEN level::DOUBLE
        ELSE error('level must be above 0 and below 1, got ' || coalesce(level::VARCHAR, 'NULL')) END AS level_,
        CASE __launch_frequency(frequency) WHEN 'day' THEN 365.25 WHEN 'week' THEN 365.25 / 7 ELSE 12 END AS year_
),
-- Our products by their key, and the price they are listed at.
listed_ AS MATERIALIZED (
    SELECT
        product_, bool_or(named_) AS named_, min(group_) AS group_,
        min(price_) FILTER (price_ > 0 AND price_ < 1e12) AS price_
    FROM (
        SELECT
            COLUMNS(lambda c: __launch_column(c, product_id, coalesce(products, 'products')))::VARCHAR AS product_,
            nullif(COLUMNS(
                lambda c: __launch_column(c, coalesce("by", '__launch_all'), coalesce(products, 'products'))
            )::VARCHAR, '__launch_none') AS group_,
            COLUMNS(
                lambda c: __launch_column(c, coalesce("by", '__launch_all'), coalesce(products, 'products'))
            )::VARCHAR IS DISTINCT FROM '__launch_none' AS named_,
            TRY_CAST(COLUMNS(lambda c: __launch_column(c, price, coalesce(products, 'products'))) AS DOUBLE) AS price_
        FROM (
            FROM query(
                'SELECT *, ''__launch_none'' AS "__launch_' || replace(coalesce("by", '__launch_all'), '"', '""')
                || '", NULL::DOUBLE AS "__launch_' || replace(price, '"', '""') || '" FROM '
                || coalesce(
                    products, '(SELECT NULL::VARCHAR AS "' || replace(product_id, '"', '""') || '" WHERE false)'
                )
            )
        )
    )
    WHERE product_ IS NOT NULL
    GROUP BY product_
),
raw_ AS MATERIALIZED (
    SELECT
        rows_.* EXCLUDE (group_),
        CASE WHEN "by" IS NULL THEN 'all' ELSE coalesce(listed_.group_, rows_.group_) END AS group_,
        listed_.product_ IS NOT NULL AS is_listed_,
        CASE WHEN day_ IS NOT NULL THEN __launch_period(day_, frequency_) END AS number_
    FROM __launch_offers(offers, product_id, competitor, date, price, units, "by") AS rows_
    LEFT JOIN listed_ ON listed_.product_ = rows_.product_
    CROSS JOIN options_
),
-- Offers without a date tell nothing beside those with one.
offers_ AS MATERIALIZED (
    SELECT
        group_, competitor_, product_, number_,
        sum(price_::DECIMAL(38, 9))::DOUBLE / count(*) AS price_,
        exp(sum(ln(price_)::DECIMAL(38, 9))::DOUBLE / count(*)) AS level_price_,
        sum(units_::DECIMAL(38, 9))::DOUBLE AS units_,
        count(*) AS rows_
    FROM raw_
    WHERE group_ IS NOT NULL AND (number_ IS NOT NULL OR (SELECT count(number_) FROM raw_) = 0)
    GROUP BY ALL
),
-- Our side: the key and the price of each product and period.
keys_ AS MATERIALIZED (
    SELECT product_, coalesce(min(own_), min(theirs_)) AS group_
    FROM (
        SELECT product_, CASE WHEN "by" IS NULL THEN 'all' ELSE group_ END AS own_, NULL AS theirs_ FROM listed_
        UNION ALL
        SELECT product_, NULL, group_ FROM raw_ WHERE product_ IS NOT NULL
    )
    GROUP BY product_
    HAVING coalesce(min(own_), min(theirs_)) IS NOT NULL
),
sold_ AS MATERIALIZED (
    SELECT key_::VARCHAR AS product_, number_, units_, CASE WHEN price_ > 0 THEN price_ END AS price_
    FROM __launch_periods(sales, frequency, product_id, date, units, price)
),
-- A product has the price of a period, or one price for all periods (number_ NULL): the listed one, where sales tell
-- none. Offers without dates are compared with the latest price.
prices_ AS MATERIALIZED (
    SELECT keys_.group_, sold_.product_, number_, price_
    FROM sold_ JOIN keys_ ON keys_.product_ = sold_.product_
    WHERE price_ IS NOT NULL AND (SELECT count(number_) FROM raw_) > 0
    UNION ALL
    SELECT keys_.group_, keys_.product_, NULL, coalesce(last_.price_, listed_.price_)
    FROM keys_
    LEFT JOIN listed_ ON listed_.product_ = keys_.product_
    LEFT JOIN (
        SELECT product_, max_by(price_, number_) AS price_ FROM sold_ WHERE price_ IS NOT NULL GROUP BY product_
    ) AS last_ ON last_.product_ = keys_.product_
    WHERE coalesce(last_.price_, listed_.price_) IS NOT NULL
        AND (last_.price_ IS NULL OR (SELECT count(number_) FROM raw_) = 0)
),
ours_ AS MATERIALIZED (
    SELECT
        group_, number_, count(*) AS count_, sum(price_::DECIMAL(38, 9)) AS sum_,
        sum(ln(price_)::DECIMAL(38, 9)) AS log_
    FROM prices_
    GROUP BY ALL
),
-- Theirs beside ours, for the same product.
twins_ AS MATERIALIZED (
    SELECT offers_.*, prices_.price_ AS own_
    FROM offers_ JOIN prices_ ON prices_.product_ = offers_.product_ AND prices_.number_ = offers_.number_
    UNION ALL
    SELECT offers_.*, prices_.price_
    FROM offers_ JOIN prices_ ON prices_.product_ = offers_.product_ AND prices_.number_ IS NULL
),
-- Theirs beside ours, for the whole key: prices of the period and those that hold in all periods.
sums_ AS (
    SELECT
        group_, competitor_, number_,
        sum(price_::DECIMAL(38, 9))::DOUBLE / count(*) AS price_,
        sum(ln(level_price_)::DECIMAL(38, 9))::DOUBLE / count(*) AS log_
    FROM offers_
    GROUP BY ALL
),
wholes_ AS MATERIALIZED (
    SELECT
        sums_.*,
        (coalesce(of_period_.sum_, 0) + coalesce(of_all_.sum_, 0))::DOUBLE
            / nullif(coalesce(of_period_.count_, 0) + coalesce(of_all_.count_, 0), 0) AS own_,
        (coalesce(of_period_.log_, 0) + coalesce(of_all_.log_, 0))::DOUBLE
            / nullif(coalesce(of_period_.count_, 0) + coalesce(of_all_.count_, 0), 0) AS own_log_
    FROM sums_
    LEFT JOIN ours_ AS of_period_ ON of_period_.group_ = sums_.group_ AND of_period_.number_ = sums_.number_
    LEFT JOIN ours_ AS of_all_ ON of_all_.group_ = sums_.group_ AND of_all_.number_ IS NULL
    WHERE coalesce(of_period_.count_, of_all_.count_) IS NOT NULL
),
compared_ AS (
    SELECT
        coalesce(same_.group_, whole_.group_) AS group_, coalesce(same_.competitor_, whole_.competitor_) AS competitor_,
        coalesce(same_.pairs_, whole_.pairs_) AS pairs_, same_.matched_ AS matched_,
        exp(CASE WHEN same_.pairs_ > 0 THEN same_.log_ ELSE whole_.log_ END) AS index_,
        CASE WHEN same_.pairs_ > 0 THEN same_.gap_ ELSE whole_.gap_ END AS gap_
    FROM (
        SELECT
            group_, competitor_, count(*) AS pairs_, count(DISTINCT product_) AS matched_,
            sum((ln(level_price_) - ln(own_))::DECIMAL(38, 9))::DOUBLE / count(*) AS log_,
            sum((price_ - own_)::DECIMAL(38, 9))::DOUBLE / count(*) AS gap_
        FROM twins_ GROUP BY ALL
    ) AS same_
    FULL JOIN (
        SELECT
            group_, competitor_, count(*) AS pairs_,
            sum((log_ - own_log_)::DECIMAL(38, 9))::DOUBLE / count(*) AS log_,
            sum((price_ - own_)::DECIMAL(38, 9))::DOUBLE / count(*) AS gap_
        FROM wholes_ GROUP BY ALL
    ) AS whole_ ON whole_.group_ = same_.group_ AND whole_.competitor_ = same_.competitor_
),
-- Each offer through time.
timed_ AS MATERIALIZED (
    SELECT
        *,
        number_ - avg(number_) OVER (PARTITION BY group_, competitor_, product_) AS time_,
        CASE WHEN count(*) OVER near_ >= 5 THEN price_ <= 0.95 * median(price_) OVER near_ END AS promoted_,
        CASE WHEN number_ - lag(number_) OVER each_ = 1 THEN ln(price_) - ln(lag(price_) OVER each_) END AS change_
    FROM offers_
    WHERE number_ IS NOT NULL
    WINDOW
        each_ AS (PARTITION BY group_, competitor_, product_ ORDER BY number_),
        near_ AS (
            PARTITION BY group_, competitor_, product_ ORDER BY number_ RANGE BETWEEN 6 PRECEDING AND 6 FOLLOWING
        )
),
moves_ AS (
    SELECT
        group_, competitor_, count(DISTINCT number_) AS periods_, max(number_) AS last_,
        CASE WHEN count(DISTINCT number_) >= 8
        THEN sum((time_ * ln(level_price_))::DECIMAL(38, 9))::DOUBLE
            / nullif(sum((time_ * time_)::DECIMAL(38, 9))::DOUBLE, 0)
        END AS slope_,
        count(*) FILTER (promoted_) / nullif(count(promoted_), 0) AS promoted_,
        CASE WHEN count(change_) >= 2 THEN sqrt(greatest(
            sum((change_ * change_)::DECIMAL(38, 9))::DOUBLE
                - sum(change_::DECIMAL(38, 9))::DOUBLE ^ 2 / count(change_), 0
        ) / (count(change_) - 1)) END AS volatility_
    FROM timed_
    GROUP BY ALL
),
-- Their units by period, and all units of the key in the periods that its offers cover.
volumes_ AS MATERIALIZED (
    SELECT
        group_, competitor_, number_, sum(units_::DECIMAL(38, 9))::DOUBLE AS units_,
        number_ - avg(number_) FILTER (sum(units_::DECIMAL(38, 9)) > 0) OVER (PARTITION BY group_, competitor_) AS time_
    FROM offers_
    WHERE number_ IS NOT NULL AND units_ IS NOT NULL
    GROUP BY group_, competitor_, number_
),
totals_ AS (
    SELECT
        theirs_.group_,
        theirs_.units_ + sum(greatest(sold_.units_, 0)::DECIMAL(38, 9))::DOUBLE AS units_
    FROM (
        SELECT group_, sum(units_::DECIMAL(38, 9))::DOUBLE AS units_, min(number_) AS first_, max(number_) AS last_
        FROM volumes_ GROUP BY group_
    ) AS theirs_
    JOIN keys_ ON keys_.group_ = theirs_.group_
    JOIN sold_ ON sold_.product_ = keys_.product_ AND sold_.number_ BETWEEN first_ AND last_
    GROUP BY theirs_.group_, theirs_.units_
),
sizes_ AS (
    SELECT
        group_, competitor_, sum(units_::DECIMAL(38, 9))::DOUBLE AS units_,
        CASE WHEN count(*) FILTER (units_ > 0) >= 8
        THEN sum((time_ * ln(nullif(units_, 0)))::DECIMAL(38, 9)) FILTER (units_ > 0)::DOUBLE
            / nullif(sum((time_ * time_)::DECIMAL(38, 9)) FILTER (units_ > 0)::DOUBLE, 0)
        END AS slope_
    FROM volumes_
    GROUP BY ALL
),
-- Offers seen in the last four periods of their competitor, with the price of each period up to the last; a price holds
-- until the next one is seen.
filled_ AS (
    SELECT group_, competitor_, product_, list(price_ ORDER BY number_) AS prices_
    FROM (
        SELECT
            every_.group_, every_.competitor_, every_.product_, every_.number_,
            last_value(timed_.price_ IGNORE NULLS) OVER (
                PARTITION BY every_.group_, every_.competitor_, every_.product_ ORDER BY every_.number_
            ) AS price_
        FROM (
            SELECT group_, competitor_, product_, unnest(range(first_, last_ + 1)) AS number_
            FROM (
                SELECT timed_.group_, timed_.competitor_, product_, min(number_) AS first_, min(last_) AS last_
                FROM timed_
                JOIN moves_ ON moves_.group_ = timed_.group_ AND moves_.competitor_ = timed_.competitor_
                WHERE periods_ > 1
                GROUP BY ALL
                HAVING max(number_) > min(last_) - 4
            )
        ) AS every_
        LEFT JOIN timed_
            ON timed_.group_ = every_.group_ AND timed_.competitor_ = every_.competitor_
            AND timed_.product_ IS NOT DISTINCT FROM every_.product_ AND timed_.number_ = every_.number_
    )
    GROUP BY ALL
),
coming_ AS (
    SELECT
        group_, competitor_,
        sum(ahead_::DECIMAL(38, 9))::DOUBLE / nullif(count(ahead_), 0) AS price_
    FROM (
        SELECT group_, competitor_, __launch_finite(__launch_forecast_price(prices_, horizon_)) AS ahead_
        FROM filled_, options_
    )
    WHERE ahead_ < 1e12
    GROUP BY ALL
),
-- Our sales beside their price: of the same product, else of the key.
numbered_ AS MATERIALIZED (SELECT product_, row_number() OVER (ORDER BY product_) AS id_ FROM keys_),
crossed_ AS (
    SELECT
        group_, competitor_,
        __launch_cross_elasticity(
            id_, number_, __launch_period(__launch_period_start(number_, frequency_), 'month'), units_, own_, their_,
            level := level_
        ) AS found_
    FROM (
        SELECT twins_.group_, twins_.competitor_, twins_.product_, twins_.number_, sold_.units_, sold_.price_ AS own_,
            twins_.price_ AS their_
        FROM twins_
        JOIN sold_ ON sold_.product_ = twins_.product_ AND sold_.number_ = twins_.number_
        UNION ALL
        SELECT sums_.group_, sums_.competitor_, sold_.product_, sums_.number_, sold_.units_, sold_.price_,
            exp(sums_.log_)
        FROM sums_
        JOIN keys_ ON keys_.group_ = sums_.group_
        JOIN sold_ ON sold_.product_ = keys_.product_ AND sold_.number_ = sums_.number_
        WHERE (sums_.group_, sums_.competitor_) NOT IN (SELECT (group_, competitor_) FROM twins_)
    )
    JOIN numbered_ USING (product_)
    CROSS JOIN options_
    GROUP BY ALL
),
competitors_ AS MATERIALIZED (
    SELECT
        group_, competitor_,
        count(DISTINCT product_) + coalesce(sum(rows_) FILTER (product_ IS NULL), 0)::BIGINT AS offers_,
        count(DISTINCT number_) AS periods_
    FROM offers_
    GROUP BY ALL
),
-- A key that neither table has is a mistake, not a row.
wrong_ AS (
    SELECT
        CASE WHEN (SELECT count(*) FROM raw_) > 0 AND NOT (SELECT coalesce(bool_or(named_), false) FROM raw_)
            AND NOT (SELECT coalesce(bool_or(named_), false) FROM listed_)
        THEN error('column "' || "by" || '" not found in offers ' || offers
            || coalesce(' or products ' || products, '; give the products table that has it') || ', or set by := NULL')
        ELSE true END AS fine_
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
    sizes_.units_ / nullif(totals_.units_, 0) AS sales_share,
    CASE WHEN sizes_.slope_ * year_ < 20 THEN exp(sizes_.slope_ * year_) - 1 END AS sales_trend,
    coming_.price_ AS forecast_price,
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
            WHEN competitors_.periods_ = 0 THEN 'offers have no date: nothing over time can be told'
            WHEN competitors_.periods_ = 1 THEN 'offers are of one period: nothing over time can be told'
            WHEN competitors_.periods_ < 8 THEN 'trends need 8 periods, got ' || competitors_.periods_
        END,
        CASE
            WHEN sizes_.units_ IS NULL THEN 'offers have no units: no share and trend of sales'
            WHEN totals_.units_ IS NULL THEN 'no sales of ours in these periods: no share of sales'
        END,
        CASE
            WHEN competitors_.periods_ < 2 THEN NULL
            WHEN found_ IS NULL THEN 'no cross elasticity: no sales of ours beside these offers'
            WHEN found_['elasticity'] IS NULL THEN 'no cross elasticity: ' || found_['reason']
            ELSE format(
                'cross elasticity from {:.2f} to {:.2f} with {:.0f} %, from {}',
                found_['lower'], found_['upper'], 100 * level_, found_['reason']
            )
        END
    ) AS reason
FROM competitors_
CROSS JOIN options_
LEFT JOIN compared_ ON compared_.group_ = competitors_.group_ AND compared_.competitor_ = competitors_.competitor_
LEFT JOIN moves_
    ON moves_.group_ = competitors_.group_ AND moves_.competitor_ = competitors_.competitor_ AND moves_.periods_ > 1
LEFT JOIN sizes_ ON sizes_.group_ = competitors_.group_ AND sizes_.competitor_ = competitors_.competitor_
LEFT JOIN totals_ ON totals_.group_ = competitors_.group_
LEFT JOIN coming_ ON coming_.group_ = competitors_.group_ AND coming_.competitor_ = competitors_.competitor_
LEFT JOIN crossed_ ON crossed_.group_ = competitors_.group_ AND crossed_.competitor_ = competitors_.competitor_
CROSS JOIN wrong_
WHERE fine_
UNION ALL
SELECT
    group_, competitor_, count(*), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'refused',
    CASE WHEN group_ IS NULL THEN coalesce("by", 'key') || ' is NULL, or no product of these offers is in products'
    ELSE 'no date between 1970 and 2200, while other offers have one' END
FROM raw_, wrong_, options_
WHERE fine_ AND level_ > 0 AND NOT EXISTS (
    FROM competitors_ WHERE competitors_.group_ = raw_.group_ AND competitors_.competitor_ = raw_.competitor_
)
GROUP BY group_, competitor_
ORDER BY 1 NULLS LAST, 2
