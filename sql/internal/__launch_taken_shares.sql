-- The share of a launch's units that comes out of other products, by category, from a table as launch_cannibalization
-- returns it: units that all launches of a category together took from its other products, over their own units (the
-- rows without product_id; those of single launches are mostly noise and only counted). The share of a category is
-- pulled to that of all as by five further launches of mean size that took that much. No rows without a table.
--
-- @param cannibalization: VARCHAR  the table: product_id, key, affected, units_change, gross_units, status; or NULL
-- @returns category_: VARCHAR      the category; NULL for all
-- @returns all_: BOOLEAN           whether it is all categories
-- @returns launches_: BIGINT       its launches
-- @returns share_: DOUBLE          the share, 0 to 1
-- @example FROM __launch_taken_shares('(SELECT NULL AS product_id, ''toys'' AS key, ''category'' AS affected,
--          -40 AS units_change, 200 AS gross_units, ''ok'' AS status)')
WITH taken_ AS MATERIALIZED (
    SELECT
        CASE WHEN grouped_ = 0 THEN category_ END AS category_, grouped_ = 1 AS all_, launches_,
        lost_ / gross_ AS raw_, gross_, lost_
    FROM (
        SELECT
            category_, GROUPING(category_) AS grouped_, greatest(1, count(launched_)) AS launches_,
            -sum(change_::DECIMAL(38, 9)) FILTER (launched_ IS NULL)::DOUBLE AS lost_,
            sum(gross_::DECIMAL(38, 9)) FILTER (launched_ IS NULL)::DOUBLE AS gross_
        FROM (
            SELECT
                COLUMNS(
                    lambda c: __launch_column(c, 'product_id', coalesce(cannibalization, 'cannibalization'))
                )::VARCHAR AS launched_,
                COLUMNS(lambda c: __launch_column(c, 'key', coalesce(cannibalization, 'cannibalization')))::VARCHAR AS category_,
                COLUMNS(
                    lambda c: __launch_column(c, 'affected', coalesce(cannibalization, 'cannibalization'))
                )::VARCHAR AS affected_,
                TRY_CAST(COLUMNS(
                    lambda c: __launch_column(c, 'units_change', coalesce(cannibalization, 'cannibalization'))
                ) AS DOUBLE) AS change_,
                TRY_CAST(COLUMNS(
                    lambda c: __launch_column(c, 'gross_units', coalesce(cannibalization, 'cannibalization'))
                ) AS DOUBLE) AS gross_,
                COLUMNS(
                    lambda c: __launch_column(c, 'status', coalesce(cannibalization, 'cannibalization'))
                )::VARCHAR AS status_
            FROM query(__launch_from(
                cannibalization, ['product_id', 'key', 'affected', 'units_change', 'gross_units', 'status'], []
            ))
        )
        WHERE status_ = 'ok' AND affected_ = 'category' AND abs(change_) < 1e15 AND gross_ > 0 AND gross_ < 1e15
        GROUP BY GROUPING SETS ((category_), ())
        HAVING gross_ > 0
    )
)
SELECT
    own_.category_, own_.all_, own_.launches_,
    least(1, greatest(0,
        CASE WHEN own_.all_ THEN own_.raw_
        ELSE (own_.lost_ + 5 * own_.gross_ / own_.launches_ * least(1, greatest(0, every_.raw_)))
            / (own_.gross_ + 5 * own_.gross_ / own_.launches_) END
    )) AS share_
FROM taken_ AS own_ CROSS JOIN taken_ AS every_
WHERE every_.all_ AND (own_.all_ OR own_.category_ IS NOT NULL)
