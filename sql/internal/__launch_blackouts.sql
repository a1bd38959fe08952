-- The days on which customers are to see nothing new, as ranges that do not touch each other. No rows without a table.
--
-- @param blackout: VARCHAR  the table, with a column date, one day per row, or the columns first and last; or NULL
-- @param date: VARCHAR      its column of days; 'date' need not exist
-- @returns first_: DATE     first day
-- @returns last_: DATE      last day
-- @returns told_: VARCHAR   what it is called: the names, where there is a column name, and the days
-- @example FROM __launch_blackouts('(SELECT DATE ''2024-12-24'' AS date)', 'date')
WITH given_ AS MATERIALIZED (
    SELECT
        coalesce(raw_first_::VARCHAR, raw_day_::VARCHAR) AS like_, coalesce(raw_last_::VARCHAR, 'NULL') AS last_like_,
        coalesce(__launch_valid_day(raw_first_), CASE WHEN raw_first_ IS NULL THEN __launch_valid_day(raw_day_) END) AS first_,
        coalesce(
            __launch_valid_day(raw_last_), CASE WHEN raw_first_ IS NULL AND raw_last_ IS NULL THEN __launch_valid_day(raw_day_) END
        ) AS last_,
        nullif(trim(raw_name_::VARCHAR), '') AS name_
    FROM (
        SELECT
            COLUMNS(lambda c: __launch_column(c, date, coalesce(blackout, 'blackout'))) AS raw_day_,
            COLUMNS(lambda c: __launch_column(c, 'first', coalesce(blackout, 'blackout'))) AS raw_first_,
            COLUMNS(lambda c: __launch_column(c, 'last', coalesce(blackout, 'blackout'))) AS raw_last_,
            COLUMNS(lambda c: __launch_column(c, 'name', coalesce(blackout, 'blackout'))) AS raw_name_
        FROM query(__launch_read(blackout, [date, 'first', 'last'], ['date', 'first', 'last', 'name'], [date, 'first', 'last'], []))
    )
),
wrong_ AS (
    SELECT CASE WHEN count(*) > 0 THEN format(
        'blackout {} has {} of {} rows without a day: give a column date, or first and last with first not after last, dates from '
            || '1970 to 2200; such as {}',
        blackout, count(*), (SELECT count(*) FROM given_), min(coalesce(like_, 'NULL') || ' to ' || last_like_)
    ) END AS why_
    FROM given_
    WHERE NOT coalesce(first_ <= last_, false)
),
islands_ AS (
    SELECT *, sum(begins_::INTEGER) OVER (ORDER BY first_, last_, name_ ROWS UNBOUNDED PRECEDING) AS island_
    FROM (
        SELECT *, coalesce(first_ > 1 + max(last_) OVER (
            ORDER BY first_, last_, name_ ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ), true) AS begins_
        FROM given_
    )
)
SELECT
    min(first_) AS first_, max(last_) AS last_,
    concat(
        coalesce(array_to_string(list_sort(list(DISTINCT name_) FILTER (name_ IS NOT NULL)), ', '), 'a blackout'), ', ', min(first_),
        CASE WHEN max(last_) > min(first_) THEN ' to ' || max(last_) END
    ) AS told_
FROM islands_, wrong_
WHERE CASE WHEN why_ IS NULL THEN true ELSE error(why_) END
GROUP BY island_
