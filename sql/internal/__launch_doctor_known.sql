-- Checks of launch_doctor: covariates, events and offers beside sales, products and candidates. Nothing is found without
-- them.
--
-- @param covariates: VARCHAR   the covariates, or NULL
-- @param events: VARCHAR       a table of events with the columns date and name, or NULL
-- @param offers: VARCHAR       the offers of competitors, or NULL
-- @param sales: VARCHAR        the sales table
-- @param products: VARCHAR     the products table, or NULL
-- @param candidates: VARCHAR   the candidates, or NULL
-- @param signal_key: VARCHAR   the column of products and candidates that keys of covariates refer to; NULL for that of
--                              products
-- @param frequency: VARCHAR    day, week or month
-- @param horizon: BIGINT       periods of a launch
-- @param product_id: VARCHAR   the column of products in all of them
-- @param date: VARCHAR         the column of dates in sales
-- @param price: VARCHAR        the column of prices in offers
-- @param launch_date: VARCHAR  the column of launch dates; 'launch_date' need not exist
-- @returns name_: VARCHAR     the check
-- @returns bad_: BOOLEAN      whether there is something to mend
-- @returns fatal_: BOOLEAN    whether nothing can be learned before it is mended
-- @returns affected_: BIGINT  how many are concerned
-- @returns all_: BIGINT       of how many
-- @returns like_: VARCHAR     one of them
-- @returns fix_: VARCHAR      what to do
-- @example FROM __launch_doctor_known(NULL, NULL, NULL, 'sales', 'products', NULL, NULL, 'week', 13, 'product_id', 'date',
--          'price', 'launch_date')
WITH sold_ AS MATERIALIZED (
    SELECT key_::VARCHAR AS id_, min(day_) AS first_, max(day_) AS last_
    FROM (
        SELECT
            COLUMNS(lambda c: __launch_column(c, product_id, coalesce(sales, 'sales'))) AS key_,
            __launch_valid_day(COLUMNS(lambda c: __launch_column(c, date, coalesce(sales, 'sales')))) AS day_
        FROM query(__launch_read(sales, [product_id, date], [], [date], []))
    )
    GROUP BY ALL
),
span_ AS (SELECT min(first_) AS first_, max(last_) AS last_ FROM sold_),
listed_ AS MATERIALIZED (
    SELECT key_::VARCHAR AS id_, group_::VARCHAR AS group_
    FROM __launch_grouped(products, product_id, coalesce(signal_key, product_id))
),
-- Whose launches are ahead: those of candidates.
ahead_ AS MATERIALIZED (
    SELECT key_::VARCHAR AS id_, group_::VARCHAR AS group_, day_
    FROM (
        SELECT
            COLUMNS(lambda c: __launch_column(c, product_id, coalesce(candidates, 'candidates'))) AS key_,
            COLUMNS(
                lambda c: __launch_column(c, coalesce(signal_key, product_id), coalesce(candidates, 'candidates'))
            ) AS group_,
            __launch_valid_day(COLUMNS(lambda c: __launch_column(c, launch_date, coalesce(candidates, 'candidates')))) AS day_
        FROM query(__launch_read(
            candidates, [product_id, launch_date, coalesce(signal_key, product_id)], ['launch_date'], [launch_date], []
        ))
    )
    WHERE key_ IS NOT NULL
),
told_ AS MATERIALIZED (
    SELECT refers_, link_, max(day_) AS last_ FROM __launch_series(NULL, covariates, product_id) GROUP BY ALL
),
names_ AS (
    SELECT id_ AS link_, 'product' AS refers_ FROM sold_
    UNION ALL SELECT id_, 'product' FROM listed_
    UNION ALL SELECT id_, 'product' FROM ahead_
    UNION ALL SELECT group_, 'key' FROM listed_
    UNION ALL SELECT group_, 'key' FROM ahead_
    UNION ALL SELECT id_, 'key' FROM sold_ WHERE signal_key IS NULL
),
matched_ AS (
    SELECT
        count(*) FILTER (refers_ <> 'all') AS links_,
        count(*) FILTER (refers_ <> 'all' AND (refers_, link_) NOT IN (FROM (SELECT refers_, link_ FROM names_ WHERE link_ IS NOT NULL)))
            AS strange_,
        min(CASE WHEN refers_ <> 'all'
            AND (refers_, link_) NOT IN (FROM (SELECT refers_, link_ FROM names_ WHERE link_ IS NOT NULL))
            THEN refers_ || ' ' || link_ END) AS strange_like_
    FROM told_
),
-- Each candidate needs covariates up to its last step; without candidates, a launch just after the data.
ends_ AS (
    SELECT
        nullif(count(*), 0) AS wanting_,
        count(*) FILTER (short_) AS short_,
        min(CASE WHEN short_ THEN concat(
            'product ' || id_, coalesce(', ' || told_last_ || ' is the last date', ' has none'), ', ', until_, ' is needed'
        ) END) AS short_like_
    FROM (
        SELECT *, coalesce(__launch_period(told_last_, frequency) < __launch_period(until_, frequency), true) AS short_
        FROM (
            SELECT
                id_, max(told_.last_) AS told_last_,
                any_value(__launch_period_start(
                    __launch_period(day_, frequency) + __launch_horizon(horizon) - 1, frequency
                )) AS until_
            FROM (
                SELECT id_, group_, day_ FROM ahead_ WHERE day_ IS NOT NULL
                UNION ALL SELECT NULL, NULL, last_ + 1 FROM span_ WHERE candidates IS NULL AND last_ IS NOT NULL
            ) AS launch_
            LEFT JOIN told_ ON refers_ = 'all' OR id_ IS NULL
                OR (refers_ = 'product' AND link_ = id_) OR (refers_ = 'key' AND link_ = group_)
            WHERE covariates IS NOT NULL
            GROUP BY id_
        )
    )
),
events_ AS (
    SELECT
        nullif(count(*), 0) AS events_,
        count(*) FILTER (outside_) AS outside_,
        min(CASE WHEN outside_ THEN concat(name_, CASE WHEN seen_ THEN ' has no date after ' || last_
            WHEN next_ THEN ' has no date from ' || first_ || ' to ' || last_
            ELSE ' has no date from ' || first_ || ' on' END) END) AS outside_like_
    FROM (
        SELECT *, NOT (seen_ AND next_) AS outside_
        FROM (
            SELECT
                name_, coalesce(bool_or(day_ BETWEEN first_ AND last_), false) AS seen_,
                coalesce(bool_or(day_ > last_), false) AS next_, any_value(first_) AS first_, any_value(last_) AS last_
            FROM (
                SELECT
                    __launch_valid_day(COLUMNS(lambda c: __launch_column(c, 'date', coalesce(events, 'events')))) AS day_,
                    COLUMNS(lambda c: __launch_column(c, 'name', coalesce(events, 'events')))::VARCHAR AS name_
                FROM query(__launch_read(events, ['date', 'name'], [], ['date'], []))
            ), span_
            GROUP BY name_
        )
    )
),
offers_ AS (
    SELECT
        count(DISTINCT id_) AS offered_,
        count(DISTINCT id_) FILTER (foreign_) AS foreign_,
        min(CASE WHEN foreign_ THEN 'product ' || id_ END) AS foreign_like_,
        nullif(count(*), 0) AS offers_,
        count(*) FILTER (unread_) AS unread_,
        min(CASE WHEN unread_ THEN concat('product ', coalesce(id_, 'NULL'), ', price ', coalesce(price_, 'NULL')) END) AS unread_like_
    FROM (
        SELECT
            id_::VARCHAR AS id_, coalesce(__launch_valid_price(price_) < 1e-6, true) AS unread_, price_::VARCHAR AS price_,
            id_ IS NOT NULL AND id_::VARCHAR NOT IN (
                SELECT link_ FROM names_ WHERE refers_ = 'product' AND link_ IS NOT NULL
            ) AS foreign_
        FROM (
            SELECT
                COLUMNS(lambda c: __launch_column(c, product_id, coalesce(offers, 'offers'))) AS id_,
                COLUMNS(lambda c: __launch_column(c, price, coalesce(offers, 'offers'))) AS price_
            FROM query(__launch_read(offers, [product_id, price], ['product_id'], [], [price]))
        )
    )
)
SELECT unnest([
    {
        'name_': 'covariates_without_match', 'bad_': strange_ > 0, 'fatal_': strange_ = links_,
        'affected_': strange_, 'all_': nullif(links_, 0), 'like_': strange_like_,
        'fix_': concat(
            'These rows are not looked at: write them as in sales and products, name the column they refer to with signal_key := ',
            '''category'', or leave them out.'
        )
    },
    {
        'name_': 'covariates_end_before_horizon', 'bad_': short_ > 0, 'fatal_': false,
        'affected_': short_, 'all_': wanting_, 'like_': short_like_,
        'fix_': concat(
            'What is planned is not known to the end of the launch: add rows to ', covariates, ' for all periods, or ask for a ',
            'shorter horizon := ...'
        )
    },
    {
        'name_': 'events_outside_data', 'bad_': outside_ > 0, 'fatal_': false,
        'affected_': outside_, 'all_': events_, 'like_': outside_like_,
        'fix_': concat(
            'The effect of an event is learned from its past dates and used on its next ones: add both, ',
            '(SELECT date, name FROM ', events, ' UNION ALL VALUES (DATE ''2025-12-25'', ''name'')).'
        )
    },
    {
        'name_': 'offers_without_match', 'bad_': foreign_ > 0, 'fatal_': false,
        'affected_': foreign_, 'all_': nullif(offered_, 0), 'like_': foreign_like_,
        'fix_': concat(
            'Offers of products that are not ours are compared by their key alone: write ', product_id, ' as in sales and ',
            'products, or make it NULL, (SELECT * REPLACE (NULL AS ', product_id, ') FROM ', offers, ').'
        )
    },
    {
        'name_': 'offers_with_unread_price', 'bad_': unread_ > 0, 'fatal_': unread_ = offers_,
        'affected_': unread_, 'all_': offers_, 'like_': unread_like_,
        'fix_': concat(
            'These offers are left out: give numbers above 0, or say so, ', offers, ' WHERE regexp_matches(', price, '::VARCHAR, ''[1-9]'').'
        )
    }
], recursive := true)
FROM matched_, ends_, events_, offers_
