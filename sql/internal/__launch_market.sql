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
-- @returns unread_: VARCHAR      what was given as its launch, if that is no date
-- @example FROM __launch_market('purchases', 'goods', 'new_goods', NULL, NULL, 'user_id', 'product_id', 'date', 'units',
--     'price', 'event', 'channel', 'purchase', 'launch_date', 'category', 'brand', 30)
WITH two_ AS MATERIALIZED (
    SELECT coalesce(a_.why_, b_.why_) AS why_
    FROM __launch_two_types(events, products, product_id) a_, __launch_two_types(products, candidates, product_id) b_
),
read_ AS MATERIALIZED (
    FROM __launch_events(events, user_id, product_id, date, units, price, event, channel, purchase) WHERE why_ IS NULL
),
-- Of a wrong name there would be no purchase at all; of a wrong year all others would be long ago.
checked_ AS MATERIALIZED (
    SELECT CASE
        WHEN count(*) > 0 AND NOT bool_or(bought_) THEN
            'no ' || event || ' of ' || events || ' is ''' || coalesce(purchase, 'NULL')
            || ''': name the value that stands for a purchase, purchase := '''
            || min(event_) || ''' (there are: ' || array_to_string(list_sort(list_distinct(list(event_)))[:8], ', ') || ')'
        WHEN max(last_) > max(late_) + 366 AND max(rows_) > 100 THEN
            'a few dates of ' || events || ' are more than a year after all others, such as ' || max(last_)
            || ' where nearly all are before ' || (max(late_) + 1) || ': correct them or leave them out'
        WHEN min(first_) < min(early_) - 366 AND max(rows_) > 100 THEN
            'a few dates of ' || events || ' are more than a year before all others, such as ' || min(first_)
            || ' where nearly all are after ' || (min(early_) - 1) || ': correct them or leave them out'
    END AS why_
    FROM (SELECT event_, bool_or(bought_) AS bought_, min(day_) AS first_, max(day_) AS last_ FROM read_ GROUP BY event_), (
        -- The last day before, and the first behind, which there are but a few rows and a gap of more than a year.
        SELECT
            min(earlier_) FILTER (day_ - earlier_ > 366 AND before_ >= 0.998) AS late_,
            max(day_) FILTER (day_ - earlier_ > 366 AND before_ <= 0.002) AS early_, sum(own_) AS rows_
        FROM (
            SELECT day_, lag(day_) OVER (ORDER BY day_) AS earlier_, count(*) AS own_,
                (sum(count(*)) OVER (ORDER BY day_) - count(*)) / sum(count(*)) OVER () AS before_
            FROM read_ GROUP BY day_
        )
    )
),
offered_ AS MATERIALIZED (
    FROM __launch_offered(products, candidates, product_id, launch_date, price, category, brand)
),
excluded_ AS MATERIALIZED (
    SELECT lower(trim(__launch_id_text(user_))) AS same_, list(lower(trim(__launch_id_text(product_)))) AS excluded_
    FROM (
        SELECT
            COLUMNS(lambda c: __launch_column(c, user_id, coalesce(exclude, 'exclude'))) AS user_,
            COLUMNS(lambda c: __launch_column(c, product_id, coalesce(exclude, 'exclude'))) AS product_
        FROM query(__launch_from(nullif(trim(exclude), ''), [user_id, product_id], ['product_id', product_id]))
    )
    WHERE __launch_id_text(user_) IS NOT NULL
    GROUP BY ALL
),
-- Those who are not to be told would be, if they or the products were called otherwise.
met_ AS MATERIALIZED (
    SELECT CASE
        WHEN count(*) > 0 AND count(user_) = 0 THEN
            'no user of ' || exclude || ' is among those of ' || events || ', such as ''' || min(same_) || ''' where events have '''
            || (SELECT min(user_::VARCHAR) FROM read_) || ''': without exclude nobody is left out'
        WHEN count(*) > 0 AND count(*) FILTER (product_ IS NULL OR there_) = 0 THEN
            'no product of ' || exclude || ' is among the candidates, such as ''' || min(product_)
            || ''': without exclude nobody is left out'
    END AS why_
    FROM (SELECT same_, unnest(excluded_) AS product_ FROM excluded_)
    LEFT JOIN (SELECT DISTINCT lower(trim(__launch_id_text(user_))) AS user_ FROM read_) ON same_ = user_
    LEFT JOIN (SELECT DISTINCT lower(trim(__launch_id_text(key_))) AS key_, true AS there_ FROM offered_ WHERE candidate_) ON product_ = key_
),
-- Of products that nobody knows there is nothing to tell who will buy; training says so itself.
strange_ AS MATERIALIZED (
    SELECT CASE WHEN candidates IS NOT NULL AND count(*) > 0 AND count(key_) = 0 THEN
        'no product of ' || events || ' is in ' || products || ', such as ''' || min(bought_of_)
        || ''': product_id must be written alike in both tables' END AS why_
    FROM (SELECT DISTINCT product_::VARCHAR AS bought_of_ FROM read_ WHERE product_ IS NOT NULL)
    LEFT JOIN (SELECT DISTINCT key_::VARCHAR AS key_ FROM offered_) ON key_ = bought_of_
),
codes_ AS MATERIALIZED (
    SELECT key_, row_number() OVER (ORDER BY key_::VARCHAR) AS code_
    FROM (
        SELECT DISTINCT CASE
            WHEN coalesce(two_.why_, checked_.why_, met_.why_, strange_.why_) IS NULL THEN key_
            ELSE error(coalesce(two_.why_, checked_.why_, met_.why_, strange_.why_)) END AS key_
        FROM offered_, two_, checked_, met_, strange_
    )
    WHERE key_ IS NOT NULL
),
channels_ AS (
    SELECT channel_, row_number() OVER (ORDER BY channel_) AS number_ FROM (SELECT DISTINCT channel_ FROM read_)
    WHERE channel_ IS NOT NULL
),
-- Without a column of launch dates the first purchase is the launch, if nothing hides an earlier one.
first_ AS (
    SELECT code_, CASE WHEN first_ > start_ + CASE WHEN burn_in >= 0 THEN burn_in ELSE error('burn_in must not be below 0 or NULL, got ' || coalesce(burn_in::VARCHAR, 'NULL')) END::INTEGER THEN first_ END AS first_
    FROM (
        SELECT code_, min(day_) FILTER (bought_) AS first_ FROM read_ JOIN codes_ ON product_ = key_ GROUP BY code_
    ), (SELECT min(day_) AS start_ FROM read_)
),
users_ AS (
    SELECT
        __launch_id_text(user_) AS user_,
        list({
            'code': code_, 'day': day_, 'units': units_, 'price': price_, 'channel': number_, 'bought': bought_
        }) AS events_
    FROM read_ LEFT JOIN codes_ ON product_ = key_ LEFT JOIN channels_ USING (channel_)
    GROUP BY ALL
),
asked_ AS (
    SELECT DISTINCT __launch_id_text(COLUMNS(lambda c: __launch_column(c, user_id, coalesce(users, 'users')))) AS user_
    FROM query(__launch_from(nullif(trim(users), ''), [user_id], ['none']))
)
SELECT
    user_, events_, users IS NULL OR asked_.user_ IS NOT NULL AS asked_, excluded_, NULL::BIGINT AS code_,
    NULL::VARCHAR AS product_, NULL::DATE AS launch_, NULL::DOUBLE AS price_, NULL::VARCHAR AS category_,
    NULL::VARCHAR AS brand_, NULL AS attributes_, NULL::BOOLEAN AS candidate_, NULL::VARCHAR AS unread_
FROM users_ FULL JOIN asked_ USING (user_) LEFT JOIN excluded_ ON lower(trim(user_)) = same_
WHERE user_ IS NOT NULL
UNION ALL BY NAME
SELECT
    coalesce(code_, -1) AS code_, __launch_id_text(key_) AS product_, CASE WHEN named_ THEN launch_ ELSE first_ END AS launch_, price_,
    category_, brand_, attributes_, candidate_, unread_
FROM offered_ LEFT JOIN codes_ USING (key_) LEFT JOIN first_ USING (code_)
