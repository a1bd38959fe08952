-- What is known of periods beside the values of series: covariates and events, one row per series and column.
--
-- @param covariates: VARCHAR  a table with the columns date, that of series or key or neither, and numbers or booleans; or
--                             NULL
-- @param events: VARCHAR      a table with the columns date and name, or NULL
-- @param series: VARCHAR      the column of series
-- @param frequency: VARCHAR   length of a period
-- @returns link_: VARCHAR     the series, NULL for all of them
-- @returns name_: VARCHAR     the column, or the name of the event
-- @returns event_: BOOLEAN    whether it is an event
-- @returns periods_: BIGINT[]  numbers of periods, in order, each once
-- @returns values_: DOUBLE[]   their values
-- @example FROM __launch_known(NULL, '(SELECT DATE ''2024-12-25'' AS date, ''Christmas'' AS name)', 'store', 'day')
WITH rows_ AS MATERIALIZED (
    SELECT CASE WHEN refers_ <> 'all' THEN link_ END AS link_, name_, day_, value_
    FROM __launch_series(NULL, covariates, series)
),
-- Rows for all series have one value on a date, else a column of series is called otherwise.
several_ AS (
    SELECT min(CASE WHEN count_ > 1 THEN
        'covariates ' || covariates || ' have ' || count_ || ' rows on ' || day_ || ' and no column ' || series
        || ' or key: rename the column of series, or give one row per date'
    END) AS why_
    FROM (
        SELECT day_, count(*) AS count_ FROM rows_ WHERE link_ IS NULL GROUP BY day_, name_
        ORDER BY count_ DESC, day_ LIMIT 1
    )
),
periods_ AS (
    SELECT link_, name_, false AS event_, __launch_period(day_, frequency) AS number_, __launch_average(value_) AS value_
    FROM rows_
    GROUP BY ALL
    UNION ALL
    SELECT DISTINCT NULL, name_, true, __launch_period(day_, frequency), 1
    FROM (
        SELECT
            __launch_valid_day(COLUMNS(lambda c: __launch_column(c, 'date', coalesce(events, 'events')))) AS day_,
            COLUMNS(lambda c: __launch_column(c, 'name', coalesce(events, 'events')))::VARCHAR AS name_
        FROM query(__launch_from(events, ['date', 'name'], []))
    )
    WHERE day_ IS NOT NULL AND name_ IS NOT NULL
)
SELECT
    link_, name_, event_, list(number_ ORDER BY number_) AS periods_, list(value_ ORDER BY number_) AS values_
FROM periods_ CROSS JOIN several_
WHERE CASE WHEN why_ IS NULL THEN true ELSE error(why_) END
GROUP BY ALL
