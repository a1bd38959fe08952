-- What is known of periods beside the values of series: covariates and events, one row per series and column.
--
-- @param covariates: VARCHAR  a table with the columns date, that of series or key or neither, and numbers or booleans; or
--                             NULL
-- @param events: VARCHAR      a table with the columns date and name, and that of series where it is of some alone; or NULL
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
events_ AS MATERIALIZED (
    SELECT *, __launch_valid_day(raw_day_) AS day_
    FROM (
        SELECT
            COLUMNS(lambda c: __launch_column(c, 'date', coalesce(events, 'events'))) AS raw_day_,
            COLUMNS(lambda c: __launch_column(c, 'name', coalesce(events, 'events')))::VARCHAR AS name_,
            nullif(trim(COLUMNS(lambda c: __launch_column(c, series, coalesce(events, 'events')))::VARCHAR), '') AS link_
        FROM query(__launch_read(events, ['date', 'name'], [series], ['date'], []))
    )
),
-- What would be averaged, left out or taken for something else than was meant.
wrong_ AS (
    SELECT concat_ws('; ', rows_why_, several_why_, events_why_) AS why_
    FROM (
        SELECT CASE WHEN covariates IS NOT NULL AND count(*) = 0 THEN
            'covariates ' || covariates || ' have no row with a date from 1970 to 2200 and a number'
        END AS rows_why_
        FROM rows_
    ), (
        SELECT min(CASE WHEN link_ IS NULL THEN
            'covariates ' || covariates || ' have ' || count_ || ' rows on ' || day_ || ' and no column ' || series
            || ' or key: rename the column of series, or give one row per date'
        ELSE
            'covariates ' || covariates || ' have ' || count_ || ' rows of ' || link_ || ' on ' || day_
            || ': give one row per ' || series || ' and date'
        END) AS several_why_
        FROM (
            SELECT link_, day_, count(*) AS count_ FROM rows_ GROUP BY link_, day_, name_ HAVING count(*) > 1
            ORDER BY link_ NULLS FIRST, count_ DESC, day_ LIMIT 1
        )
    ), (
        SELECT coalesce(
            __launch_unread_rows(
                count(*) FILTER (day_ IS NULL OR name_ IS NULL), count(*), 'events ' || events, 'name, or no date from 1970 to 2200',
                min(raw_day_::VARCHAR) FILTER (day_ IS NULL)
            ),
            -- Effects are learned from dates before; hundreds of names are no events that come again.
            CASE WHEN count(DISTINCT name_) > 100 THEN format(
                'events {} have {} names: give an event the same name each time it comes, 100 names at most', events,
                count(DISTINCT name_)
            ) END
        ) AS events_why_
        FROM events_
    )
),
periods_ AS (
    SELECT link_, name_, false AS event_, __launch_period(day_, frequency) AS number_, __launch_average(value_) AS value_
    FROM rows_
    GROUP BY ALL
    UNION ALL
    SELECT DISTINCT link_, name_, true, __launch_period(day_, frequency), 1 FROM events_
)
SELECT
    link_, name_, event_, list(number_ ORDER BY number_) AS periods_, list(value_ ORDER BY number_) AS values_
FROM wrong_ LEFT JOIN periods_ ON true
WHERE CASE WHEN why_ = '' THEN number_ IS NOT NULL ELSE error(why_) END
GROUP BY ALL
