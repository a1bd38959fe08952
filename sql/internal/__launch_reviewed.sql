-- Reviews, products, candidates and users as launch_review_tendency learns from them: one row each, by kind, with numbers in
-- place of ids.
--
-- @param reviews: VARCHAR      the reviews table
-- @param products: VARCHAR     the products table, or NULL
-- @param candidates: VARCHAR   the candidates table
-- @param users: VARCHAR        the table of users that are asked about, or NULL
-- @param as_of: DATE           the day that is asked as of, or NULL for the launch of each candidate
-- @param product_id: VARCHAR   the column of products
-- @param user_id: VARCHAR      the column of users
-- @param date: VARCHAR         the column of dates
-- @param rating: VARCHAR       the column of ratings
-- @param launch_date: VARCHAR  the column of launch dates
-- @returns kind_: VARCHAR       review, product, candidate, user or, for a user that is known only, reviewer; told for a text on all
-- @returns number_: BIGINT      number of the product, in rows of users of the user; from 0
-- @returns other_: BIGINT       of a review the number of the user
-- @returns day_: DATE           the day of a review; of a candidate the day that is asked as of
-- @returns rating_: DOUBLE      the rating
-- @returns text_: VARCHAR       the id of a candidate or user
-- @returns note_: VARCHAR       why a review cannot be read, or a candidate not be asked about; what is told of all
-- @returns attributes_: STRUCT  the attributes of a product
-- @example FROM __launch_reviewed('reviews', 'goods', 'new_goods', NULL, NULL, 'product_id', 'user_id', 'date', 'rating',
--     'launch_date')
WITH two_ AS MATERIALIZED (
    SELECT coalesce(a_.why_, b_.why_) AS why_
    FROM __launch_two_types(reviews, nullif(trim(products), ''), product_id) a_,
        __launch_two_types(reviews, candidates, product_id) b_
),
given_ AS MATERIALIZED (
    SELECT
        __launch_id_text(CASE WHEN two_.why_ IS NULL THEN key_ ELSE error(two_.why_) END) AS product_,
        __launch_id_text(user_) AS user_, typeof(user_) AS type_, raw_rating_, __launch_amount(raw_rating_) AS rating_, raw_day_, __launch_valid_day(raw_day_) AS day_
    FROM (
        SELECT
            COLUMNS(lambda c: __launch_column(c, product_id, reviews)) AS key_,
            COLUMNS(lambda c: __launch_column(c, user_id, reviews)) AS user_,
            COLUMNS(lambda c: __launch_column(c, date, reviews)) AS raw_day_,
            COLUMNS(lambda c: __launch_column(c, rating, reviews)) AS raw_rating_
        FROM query(__launch_read(
            __launch_named(reviews, 'reviews'), [product_id, user_id, date, rating], ['user_id', 'date'], [date], []
        ))
    ), two_
),
offered_ AS MATERIALIZED (
    SELECT *, __launch_id_text(key_) AS product_, count(*) OVER (PARTITION BY candidate_, __launch_id_text(key_)) AS same_
    FROM __launch_offered(
        coalesce(nullif(trim(products), ''), '(FROM (FROM ' || candidates || ') WHERE false)'),
        candidates, product_id, launch_date, 'price', 'category', 'brand'
    )
),
products_ AS MATERIALIZED (
    SELECT product_, row_number() OVER (ORDER BY product_) - 1 AS number_
    FROM (SELECT product_ FROM given_ UNION SELECT product_ FROM offered_)
    WHERE product_ IS NOT NULL
),
asked_ AS MATERIALIZED (
    SELECT __launch_id_text(user_) AS user_, typeof(user_) AS type_, count(*) AS rows_
    FROM (
        SELECT COLUMNS(lambda c: __launch_column(c, user_id, coalesce(users, 'users'))) AS user_
        FROM query(__launch_from(nullif(trim(users), ''), [user_id], ['none']))
    )
    GROUP BY ALL
),
-- Of ids of two types none would be found: numbers are not texts. Without a column of users there is none to find.
met_ AS MATERIALIZED (
    SELECT CASE WHEN __launch_kind(type_) <> __launch_kind(asked_type_) AND type_ <> '"NULL"' THEN concat(
        'ids of two types: ', user_id, ' is ', type_, ' in ', reviews, ' and ', asked_type_, ' in ', users, ': cast one of them'
    ) END AS why_
    FROM (SELECT max(type_) AS type_ FROM given_ WHERE user_ IS NOT NULL),
        (SELECT max(type_) AS asked_type_ FROM asked_ WHERE user_ IS NOT NULL)
),
users_ AS MATERIALIZED (
    SELECT user_, max(asked_) AS asked_, row_number() OVER (ORDER BY user_) - 1 AS number_
    FROM (
        SELECT user_, false AS asked_ FROM given_
        UNION SELECT CASE WHEN why_ IS NULL THEN user_ ELSE error(why_) END, true FROM asked_, met_
    )
    WHERE user_ IS NOT NULL
    GROUP BY user_
),
-- Ids that do not meet, which no row could tell.
told_ AS (
    SELECT CASE WHEN lacking_ = all_ THEN format(
        'none of the {} reviewed products is in {}, such as ''{}'': {} must be written alike in both tables',
        all_, products, like_, product_id
    ) ELSE format(
        '{} of {} reviewed products are not in {}, such as ''{}'': nothing but their reviews is known', lacking_, all_, products, like_
    ) END AS note_
    FROM (
        SELECT
            count(*) AS all_, count(*) FILTER (there_.product_ IS NULL) AS lacking_,
            min(known_.product_) FILTER (there_.product_ IS NULL) AS like_
        FROM (SELECT DISTINCT product_ FROM given_ WHERE product_ IS NOT NULL) known_
        LEFT JOIN (SELECT DISTINCT product_ FROM offered_) there_ ON there_.product_ = known_.product_
    )
    WHERE lacking_ > 0 AND nullif(trim(products), '') IS NOT NULL
    UNION ALL
    SELECT format('{} ids of {} differ only in case or blanks and stand for different ones, such as {}', sum(ids_)::BIGINT, what_, min(like_))
    FROM (
        SELECT what_, count(*) AS ids_, concat('''', min(id_), ''' and ''', max(id_), '''') AS like_
        FROM (SELECT product_id AS what_, product_ AS id_ FROM products_ UNION ALL SELECT user_id, user_ FROM users_)
        GROUP BY what_, __launch_spelling(id_)
        HAVING count(*) > 1
    )
    GROUP BY what_
    UNION ALL
    SELECT format('{} of {} rows of {} have no {}', (sum(rows_) FILTER (user_ IS NULL))::BIGINT, sum(rows_)::BIGINT, users, user_id)
    FROM asked_ HAVING count(*) FILTER (user_ IS NULL) > 0
    UNION ALL
    SELECT format('{} of {} rows of {} have no {}', count(*) FILTER (__launch_id_text(key_) IS NULL), count(*), products, product_id)
    FROM (
        SELECT COLUMNS(lambda c: __launch_column(c, product_id, coalesce(products, 'products'))) AS key_
        FROM query(__launch_from(nullif(trim(products), ''), [product_id], ['none']))
    )
    HAVING count(*) FILTER (__launch_id_text(key_) IS NULL) > 0
)
SELECT
    'review' AS kind_, products_.number_, users_.number_ AS other_, day_, rating_, NULL::VARCHAR AS text_,
    CASE
        WHEN given_.product_ IS NULL THEN 'no product'
        WHEN raw_rating_ IS NULL THEN 'no rating'
        WHEN rating_ IS NULL OR NOT isfinite(rating_) THEN 'a rating that is no number'
        WHEN raw_day_ IS NOT NULL AND day_ IS NULL THEN 'a date that is none from 1970 to 2200'
    END AS note_, NULL AS attributes_
FROM given_ LEFT JOIN products_ USING (product_) LEFT JOIN users_ USING (user_)
UNION ALL BY NAME
-- What is known of a product is what stands in products; of one that is a candidate alone, what stands there.
SELECT 'product' AS kind_, number_, attributes_
FROM products_ LEFT JOIN (
    FROM offered_ QUALIFY row_number() OVER (PARTITION BY product_ ORDER BY candidate_, attributes_::VARCHAR) = 1
) USING (product_)
UNION ALL BY NAME
SELECT
    'candidate' AS kind_, number_, coalesce(as_of, launch_) AS day_, product_ AS text_,
    CASE
        WHEN product_ IS NULL THEN 'no ' || product_id
        WHEN same_ > 1 THEN same_ || ' candidates have this ' || product_id
        WHEN as_of IS NULL AND unread_ IS NOT NULL THEN
            launch_date || ' ''' || unread_ || ''' is no date from 1970 to 2200'
    END AS note_
FROM offered_ LEFT JOIN products_ USING (product_) WHERE candidate_
UNION ALL BY NAME
SELECT CASE WHEN asked_ THEN 'user' ELSE 'reviewer' END AS kind_, number_, CASE WHEN asked_ THEN user_ END AS text_ FROM users_
UNION ALL BY NAME
SELECT 'told' AS kind_, note_ FROM told_
