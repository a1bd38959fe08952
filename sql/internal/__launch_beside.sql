-- What is known beside a plan and does not move it, as its effect on sales has not been measured: how many users may buy it, how it
-- may be reviewed, where its price stands, and what competitors have announced. No rows without a table.
--
-- @param plan: VARCHAR        the plans: key_, category_, rank_, day_
-- @param audience: VARCHAR    a table as launch_audience returns it, or NULL
-- @param tendency: VARCHAR    a table as launch_review_tendency returns it, or NULL
-- @param positions: VARCHAR   a table as launch_price_position returns it, or NULL
-- @param announced: VARCHAR   a table with date and, if there is one, category; or NULL
-- @param product_id: VARCHAR  the column of products in all of them
-- @returns id_: VARCHAR           the candidate
-- @returns rank_: BIGINT          the plan
-- @returns users_: DOUBLE         buyers to be expected among the users of the audience
-- @returns positive_: DOUBLE      probability of a positive review
-- @returns percentile_: DOUBLE    of the price among those of competitors
-- @returns announced_: BIGINT     launches from four weeks before to four weeks after
-- @returns unmatched_: VARCHAR    which of the tables have rows, but of no product of the plan; NULL for none
-- @returns beside_unread_: VARCHAR  rows of audience and announced that cannot be read, NULL for none
-- @example FROM __launch_beside('(SELECT 1 AS key_, ''A'' AS category_, 1 AS rank_, DATE ''2024-05-01'' AS day_)', NULL, NULL, NULL,
--          '(SELECT DATE ''2024-05-10'' AS date)', 'product_id')
WITH plan_ AS (
    SELECT key_::VARCHAR AS id_, __launch_id_text(key_) AS same_, category_, rank_::BIGINT AS rank_, day_ FROM query('FROM ' || plan)
    WHERE day_ IS NOT NULL AND coalesce(audience, tendency, positions, announced) IS NOT NULL
),
users_ AS (
    SELECT
        __launch_id_text(COLUMNS(lambda c: __launch_column(c, product_id, coalesce(audience, 'audience')))) AS id_,
        COLUMNS(lambda c: __launch_column(c, 'probability', coalesce(audience, 'audience')))::VARCHAR AS given_,
        __launch_amount(COLUMNS(lambda c: __launch_column(c, 'probability', coalesce(audience, 'audience')))) AS probability_
    FROM query(__launch_from(audience, [product_id, 'probability'], []))
),
reviews_ AS (
    SELECT id_, min(probability_) AS probability_
    FROM (
        SELECT
            __launch_id_text(COLUMNS(lambda c: __launch_column(c, product_id, coalesce(tendency, 'tendency')))) AS id_,
            COLUMNS(lambda c: __launch_column(c, 'user_id', coalesce(tendency, 'tendency'))) AS user_,
            __launch_amount(COLUMNS(lambda c: __launch_column(c, 'probability', coalesce(tendency, 'tendency')))) AS probability_
        FROM query(__launch_from(tendency, [product_id, 'probability'], ['user_id']))
    )
    WHERE user_ IS NULL
    GROUP BY id_
),
positions_ AS (
    SELECT id_, min(percentile_) AS percentile_
    FROM (
        SELECT
            __launch_id_text(COLUMNS(lambda c: __launch_column(c, product_id, coalesce(positions, 'positions')))) AS id_,
            __launch_amount(COLUMNS(lambda c: __launch_column(c, 'percentile', coalesce(positions, 'positions')))) AS percentile_
        FROM query(__launch_from(positions, [product_id, 'percentile'], []))
    )
    GROUP BY id_
),
announced_ AS (
    SELECT
        __launch_valid_day(COLUMNS(lambda c: __launch_column(c, 'date', coalesce(announced, 'announced')))) AS announced_day_,
        lower(trim(COLUMNS(lambda c: __launch_column(c, 'category', coalesce(announced, 'announced')))::VARCHAR)) AS of_,
        COLUMNS(lambda c: __launch_part(c, 'date', 1, coalesce(announced, 'announced')))::VARCHAR AS raw_day_
    FROM query(__launch_read(announced, ['date'], ['category'], ['date'], []))
)
SELECT
    plan_.id_, plan_.rank_,
    CASE WHEN audience IS NOT NULL THEN (
        SELECT coalesce(sum(probability_::DECIMAL(18, 12))::DOUBLE, 0) FROM users_ WHERE users_.id_ = plan_.same_ AND probability_ BETWEEN 0 AND 1
    ) END AS users_,
    probability_ AS positive_, percentile_,
    CASE WHEN announced IS NOT NULL THEN (
        SELECT count(*) FROM announced_
        WHERE announced_day_ BETWEEN day_ - 28 AND day_ + 28 AND (of_ IS NULL OR of_ = lower(trim(category_)))
    ) END AS announced_,
    (
        SELECT string_agg(of_, ' and ' ORDER BY of_)
        FROM (
            SELECT of_
            FROM (
                SELECT 'audience' AS of_, id_ FROM users_ UNION ALL SELECT 'tendency', id_ FROM reviews_
                UNION ALL SELECT 'positions', id_ FROM positions_
            ) LEFT JOIN (SELECT DISTINCT same_ FROM plan_) ON same_ = id_
            GROUP BY of_ HAVING count(same_) = 0
        )
    ) AS unmatched_,
    (
        SELECT nullif(concat_ws('; ', users_why_, announced_why_), '')
        FROM (
            SELECT __launch_unread_rows(
                count(*) FILTER (NOT coalesce(probability_ BETWEEN 0 AND 1, false)), count(*), 'audience', 'probability from 0 to 1',
                min(given_) FILTER (NOT coalesce(probability_ BETWEEN 0 AND 1, false))
            ) || ', and count for nobody' AS users_why_
            FROM users_
        ), (
            SELECT __launch_unread_rows(
                count(*) FILTER (announced_day_ IS NULL), count(*), 'announced', 'date from 1970 to 2200',
                min(raw_day_) FILTER (announced_day_ IS NULL)
            ) || ', and are left out' AS announced_why_
            FROM announced_
        )
    ) AS beside_unread_
FROM plan_
LEFT JOIN reviews_ ON reviews_.id_ = plan_.same_
LEFT JOIN positions_ ON positions_.id_ = plan_.same_
