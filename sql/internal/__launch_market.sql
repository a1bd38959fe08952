-- Users with their events and products with their attributes, as the functions of purchases read them: one row for each
-- user, and one for each product.
--
-- @param events: VARCHAR       the events table
-- @param products: VARCHAR     the products table
-- @param candidates: VARCHAR   the candidates table, or NULL
-- @param users: VARCHAR        the table of users that are asked about, or NULL for all
-- @param exclude: VARCHAR      a table of users not to be told, with products where it is of these alone; or NULL
-- @param user_id: VARCHAR      the column of users
-- @param product_id: VARCHAR   the column of products
-- @param date: VARCHAR         the column of dates
-- @param units: VARCHAR        the column of units
-- @param price: VARCHAR        the column of prices
-- @param event: VARCHAR        the column of what happened
-- @param channel: VARCHAR      the column of channels
-- @param purchase: VARCHAR     the value of event that stands for a purchase
-- @param launch_date: VARCHAR  the column of launch dates
-- @param category: VARCHAR     the column of categories
-- @param brand: VARCHAR        the column of brands
-- @param burn_in: BIGINT       days at the begin of events in which nothing is launched, where no launch dates are given
-- @returns user_: VARCHAR        the user; NULL in rows of products
-- @returns events_: STRUCT[]     what the user did
-- @returns asked_: BOOLEAN       whether the user is asked about
-- @returns excluded_: VARCHAR[]  products not to be told of, NULL among them for all
-- @returns code_: BIGINT         number of the product; NULL in rows of users
-- @returns product_: VARCHAR     its id
-- @returns launch_: DATE         its launch
-- @returns price_: DOUBLE        its price
-- @returns category_: VARCHAR    its category
-- @returns brand_: VARCHAR       its brand
-- @returns attributes_: STRUCT   its attributes
-- @returns candidate_: BOOLEAN   whether it is a candidate
-- @example FROM __launch_market('purchases', 'goods', 'new_goods', NULL, NULL, 'user_id', 'product_id', 'date', 'units',
--     'price', 'event', 'channel', 'purchase', 'launch_date', 'category', 'brand', 30)
WITH two_ AS MATERIALIZED (
    SELECT coalesce(a_.why_, b_.why_) AS why_
    FROM __launch_two_types(events, products, product_id) a_, __launch_two_types(products, candidates, product_id) b_
),
read_ AS MATERIALIZED (
    FROM __launch_events(events, user_id, product_id, date, units, price, event, channel, purchase) WHERE why_ IS NULL
),
-- Of a wrong name there would be no purchase at all.
named_ AS MATERIALIZED (
    SELECT CASE WHEN count(*) > 0 AND NOT bool_or(bought_) THEN
        'no ' || event || ' of ' || events || ' is ''' || purchase || ''': name the value that stands for a purchase, purchase := '''
        || min(event_) || ''' (there are: ' || array_to_string(list_sort(list_distinct(list(event_)))[:8], ', ') || ')'
    END AS why_
    FROM (SELECT event_, bool_or(bought_) AS bought_ FROM read_ GROUP BY event_)
),
offered_ AS MATERIALIZED (
    FROM __launch_offered(products, candidates, product_id, launch_date, price, category, brand)
),
codes_ AS MATERIALIZED (
    SELECT key_, row_number() OVER (ORDER BY key_::VARCHAR) AS code_
    FROM (
        SELECT DISTINCT CASE WHEN two_.why_ IS NULL AND named_.why_ IS NULL THEN key_ ELSE error(coalesce(two_.why_, named_.why_)) END AS key_
        FROM offered_, two_, named_
    )
    WHERE key_ IS NOT NULL
),
channels_ AS (
    SELECT channel_, row_number() OVER (ORDER BY channel_) AS number_ FROM (SELECT DISTINCT channel_ FROM read_)
    WHERE channel_ IS NOT NULL
),
-- Without a column of launch dates the first purchase is the launch, if nothing hides an earlier one.
first_ AS (
    SELECT code_, CASE WHEN first_ > start_ + burn_in::INTEGER THEN first_ END AS first_
    FROM (
        SELECT code_, min(day_) FILTER (bought_) AS first_ FROM read_ JOIN codes_ ON product_ = key_ GROUP BY code_
    ), (SELECT min(day_) AS start_ FROM read_)
),
users_ AS (
    SELECT
        user_::VARCHAR AS user_,
        list({
            'code': code_, 'day': day_, 'units': units_, 'price': price_, 'channel': number_, 'bought': bought_
        }) AS events_
    FROM read_ LEFT JOIN codes_ ON product_ = key_ LEFT JOIN channels_ USING (channel_)
    GROUP BY ALL
),
asked_ AS (
    SELECT DISTINCT COLUMNS(lambda c: __launch_column(c, user_id, coalesce(users, 'users')))::VARCHAR AS user_
    FROM query(__launch_from(users, [user_id], ['none']))
),
excluded_ AS (
    SELECT user_::VARCHAR AS user_, list(product_::VARCHAR) AS excluded_
    FROM (
        SELECT
            COLUMNS(lambda c: __launch_column(c, user_id, coalesce(exclude, 'exclude'))) AS user_,
            COLUMNS(lambda c: __launch_column(c, product_id, coalesce(exclude, 'exclude'))) AS product_
        FROM query(__launch_from(exclude, [user_id, product_id], ['product_id', product_id]))
    )
    GROUP BY ALL
)
SELECT
    user_, events_, users IS NULL OR asked_.user_ IS NOT NULL AS asked_, excluded_, NULL::BIGINT AS code_,
    NULL::VARCHAR AS product_, NULL::DATE AS launch_, NULL::DOUBLE AS price_, NULL::VARCHAR AS category_,
    NULL::VARCHAR AS brand_, NULL AS attributes_, NULL::BOOLEAN AS candidate_
FROM users_ FULL JOIN asked_ USING (user_) LEFT JOIN excluded_ USING (user_)
WHERE user_ IS NOT NULL
UNION ALL BY NAME
SELECT
    coalesce(code_, -1) AS code_, key_::VARCHAR AS product_, CASE WHEN named_ THEN launch_ ELSE first_ END AS launch_, price_,
    category_, brand_, attributes_, candidate_
FROM offered_ LEFT JOIN codes_ USING (key_) LEFT JOIN first_ USING (code_)
