-- Signals and covariates by period of each launch, as launch_fit and launch_predict take them.
--
-- @param launches: VARCHAR    launches with the columns key_, launch_, frequency_, horizon_ and required_ (whether it
--                             is an error when a table tells nothing of any launch), one row each; the last three are
--                             the same in all rows
-- @param products: VARCHAR    the table of these products, or NULL
-- @param product_id: VARCHAR  the column of products in products and covariates
-- @param signals: VARCHAR     the table of signals, or NULL
-- @param covariates: VARCHAR  the table of covariates, or NULL
-- @param signal_key: VARCHAR  the column of products that keys refer to; NULL for that of products
-- @returns id_: VARCHAR           the product
-- @returns covariates_: STRUCT[]  its series, NULL when there are none
-- @example FROM __launch_aligned(
--          '(SELECT product_id AS key_, launch_date AS launch_, ''week'' AS frequency_, 13 AS horizon_,
--          true AS required_ FROM products)',
--          'products', 'product_id', '(SELECT category AS key, launch_date AS date, price AS value FROM products)',
--          NULL, 'category')
WITH launches_ AS MATERIALIZED (
    SELECT
        asked_.key_::VARCHAR AS id_,
        CASE WHEN signal_key IS NULL THEN asked_.key_::VARCHAR ELSE linked_.link_ END AS link_,
        __launch_period(asked_.launch_, frequency_) AS number_,
        frequency_,
        __launch_horizon(horizon_)::BIGINT AS steps_,
        required_
    FROM query('FROM ' || launches) AS asked_
    LEFT JOIN (
        SELECT key_, min(group_::VARCHAR) AS link_
        FROM __launch_grouped(products, product_id, coalesce(signal_key, product_id))
        GROUP BY key_
    ) AS linked_ ON linked_.key_::VARCHAR = asked_.key_::VARCHAR
    WHERE launch_ BETWEEN DATE '1970-01-01' AND DATE '2200-12-31'
),
-- What each launch is told by: its own rows, those of its key, and those for all.
links_ AS (
    SELECT 'product' AS refers_, id_ AS link_, id_, number_, steps_ FROM launches_
    UNION ALL SELECT 'key', link_, id_, number_, steps_ FROM launches_
    UNION ALL SELECT 'all', '__launch_none', id_, number_, steps_ FROM launches_
),
rows_ AS MATERIALIZED (FROM __launch_series(signals, covariates, product_id)),
-- Rows for all products have one value on a date, and no column of products' ids, else that column is called otherwise.
several_ AS (
    SELECT min(CASE WHEN count_ > 1 THEN
        'covariates ' || covariates || ' have ' || count_ || ' rows on ' || day_ || ' and no column ' || product_id
        || ' or key: rename the column of products, or give one row per date'
    END) AS why_
    FROM (
        SELECT day_, name_, count(*) AS count_ FROM rows_ WHERE planned_ AND refers_ = 'all' GROUP BY day_, name_
        ORDER BY count_ DESC, day_, name_ LIMIT 1
    )
    UNION ALL
    SELECT min(
        'column ' || name_ || ' of covariates ' || covariates || ' holds ids of products: rename it to ' || product_id
        || ', or leave it out'
    )
    FROM (
        -- Ids are those of launches, and nothing is planned before these: the numbers of weeks or months begin anew.
        SELECT name_
        FROM rows_ LEFT JOIN (
            SELECT TRY_CAST(id_ AS DOUBLE) AS id_, min(number_) AS begins_, min(frequency_) AS frequency_
            FROM launches_ GROUP BY ALL
        ) AS ids_ ON ids_.id_ = value_
        WHERE planned_ AND refers_ = 'all' AND whole_
        GROUP BY name_
        HAVING bool_and(CASE WHEN frequency_ IS NULL THEN false ELSE __launch_period(day_, frequency_) >= begins_ - 1 END)
            AND count(DISTINCT value_) >= greatest(3, (SELECT count(*) FROM launches_) / 2)
    )
),
periods_ AS MATERIALIZED (
    SELECT
        planned_, refers_, link_, name_, __launch_period(day_, frequency_) AS number_,
        __launch_average(value_) AS value_, min(day_) AS first_, max(day_) AS last_
    FROM rows_
    CROSS JOIN (SELECT min(frequency_) AS frequency_ FROM launches_ HAVING count(*) > 0)
    GROUP BY ALL
),
series_ AS MATERIALIZED (
    SELECT id_, list({'name': name_, 'planned': planned_, 'values': values_} ORDER BY planned_, name_) AS covariates_
    FROM (
        SELECT
            id_, planned_, name_,
            list_transform(
                range(CASE WHEN planned_ THEN 0 ELSE -8 END, min(steps_)),
                lambda step: map(list(step_), list(value_))[step]
            ) AS values_
        FROM (
            SELECT *, number_ + step_ AS period_ FROM (SELECT *, unnest(range(-8, steps_)) AS step_ FROM links_)
        ) AS asked_
        JOIN periods_
            ON periods_.refers_ = asked_.refers_ AND periods_.link_ = asked_.link_ AND periods_.number_ = asked_.period_
        WHERE step_ >= 0 OR NOT planned_
        GROUP BY id_, planned_, name_
    )
    GROUP BY id_
),
wrong_ AS (
    SELECT min(CASE
        WHEN told_.planned_ IS NULL THEN table_ || ' has no row with a key, a date and a number'
        WHEN NOT matched_ THEN
            'no key of ' || table_ || ', such as ''' || told_.link_ || ''', is the '
            || CASE WHEN refers_ = 'key' THEN coalesce(signal_key, product_id) ELSE product_id END
            || ' of a past launch, such as '''
            || coalesce((SELECT min(CASE WHEN refers_ = 'key' THEN link_ ELSE id_ END) FROM launches_), 'NULL') || ''''
            || CASE WHEN refers_ = 'key' THEN ': signal_key names the column of products that keys refer to' ELSE '' END
        WHEN NOT coalesce((
            SELECT bool_or(series_['planned'] = told_.planned_) FROM (SELECT unnest(covariates_) AS series_ FROM series_)
        ), false) THEN
            'no date of ' || table_ || ', ' || first_ || ' to ' || last_ || ', is in the weeks before or the steps of a past launch, '
            || (SELECT min(begins_) || ' to ' || max(begins_) FROM (
                SELECT __launch_period_start(number_, frequency_) AS begins_ FROM launches_
            ))
    END) AS why_
    FROM (
        SELECT false AS planned_, 'signals ' || signals AS table_
        UNION ALL SELECT true, 'covariates ' || covariates
    ) AS given_
    LEFT JOIN (
        SELECT
            planned_, refers_, min(link_) AS link_,
            min(first_)::VARCHAR AS first_, max(last_)::VARCHAR AS last_,
            bool_or((refers_, link_) IN (SELECT (refers_, link_) FROM links_ WHERE link_ IS NOT NULL)) AS matched_
        FROM periods_
        GROUP BY ALL
    ) AS told_ ON told_.planned_ = given_.planned_
    WHERE (SELECT bool_or(required_) FROM launches_) AND table_ IS NOT NULL
)
SELECT id_, covariates_
FROM launches_ LEFT JOIN series_ USING (id_) CROSS JOIN wrong_ CROSS JOIN (SELECT min(why_) AS why_ FROM several_) AS several_
WHERE CASE
    WHEN coalesce(several_.why_, wrong_.why_) IS NULL THEN true ELSE error(coalesce(several_.why_, wrong_.why_))
END
