-- What a table as launch_elasticity returns it knows of each key with status ok; the key NULL is all products. No rows
-- without a table. A number that is none, or an elasticity that no candidate may have, is as good as a refusal.
--
-- @param elasticities: VARCHAR  the table: key, elasticity, lower, upper, status; or NULL
-- @returns category_: VARCHAR   the key
-- @returns estimate_: DOUBLE    the elasticity
-- @returns deviation_: DOUBLE   its standard error, as the ends are those of a central interval of 90 %
-- @returns twice_: VARCHAR      why it cannot be used, if it stands there more than once or has no interval around it
-- @example FROM __launch_known_elasticities(
--          '(SELECT NULL AS key, -2.0 AS elasticity, -2.5 AS lower, -1.5 AS upper, ''ok'' AS status)')
SELECT
    category_, min(estimate_) AS estimate_, min((upper_ - lower_) / (2 * __launch_normal_width(0.9))) AS deviation_,
    CASE
        WHEN count(*) > 1 THEN
            'elasticities has ' || count(*) || ' rows with status ok for ' || coalesce('category ' || category_, 'all products')
            || ': keep one'
        WHEN NOT bool_and(coalesce(lower_ <= estimate_ AND estimate_ <= upper_ AND upper_ - lower_ < 100, false)) THEN format(
            'the elasticity of {} in elasticities, {:.2f}, is not between its lower and upper: correct the row, or leave it out',
            coalesce('category ' || category_, 'all products'), min(estimate_)
        )
    END AS twice_
FROM (
    SELECT
        COLUMNS(lambda c: __launch_column(c, 'key', coalesce(elasticities, 'elasticities')))::VARCHAR AS category_,
        TRY_CAST(COLUMNS(
            lambda c: __launch_column(c, 'elasticity', coalesce(elasticities, 'elasticities'))
        ) AS DOUBLE) AS estimate_,
        TRY_CAST(COLUMNS(lambda c: __launch_column(c, 'lower', coalesce(elasticities, 'elasticities'))) AS DOUBLE) AS lower_,
        TRY_CAST(COLUMNS(lambda c: __launch_column(c, 'upper', coalesce(elasticities, 'elasticities'))) AS DOUBLE) AS upper_,
        COLUMNS(lambda c: __launch_column(c, 'status', coalesce(elasticities, 'elasticities')))::VARCHAR AS status_
    FROM query(__launch_from(elasticities, ['key', 'elasticity', 'lower', 'upper', 'status'], []))
)
WHERE status_ = 'ok' AND estimate_ BETWEEN -20 AND 0
GROUP BY category_
