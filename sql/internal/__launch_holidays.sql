-- The days of a table of events, each once. No rows without a table.
--
-- @param events: VARCHAR  the table, with the columns of days and name; or NULL
-- @param date: VARCHAR    its column of days
-- @returns off_: DATE      the day
-- @returns name_: VARCHAR  what it is
-- @example FROM __launch_holidays('(SELECT DATE ''2024-12-25'' AS date, ''Christmas'' AS name)', 'date')
WITH given_ AS MATERIALIZED (
    SELECT *, __launch_valid_day(raw_) AS off_
    FROM (
        SELECT
            COLUMNS(lambda c: __launch_column(c, date, coalesce(events, 'events'))) AS raw_,
            nullif(trim(COLUMNS(lambda c: __launch_column(c, 'name', coalesce(events, 'events')))::VARCHAR), '') AS name_
        FROM query(__launch_read(events, [date, 'name'], [], [date], []))
    )
),
wrong_ AS (
    SELECT CASE WHEN count(*) > 0 THEN format(
        '{} of {} rows of events {} have no name, or no date from 1970 to 2200, such as {}', count(*), (SELECT count(*) FROM given_),
        events, coalesce(min(concat(coalesce(raw_::VARCHAR, 'NULL'), ' ', coalesce(name_, 'NULL'))), 'NULL')
    ) END AS why_
    FROM given_
    WHERE off_ IS NULL OR name_ IS NULL
)
SELECT off_, string_agg(DISTINCT name_, ', ' ORDER BY name_) AS name_
FROM given_, wrong_
WHERE CASE WHEN why_ IS NULL THEN true ELSE error(why_) END
GROUP BY off_
