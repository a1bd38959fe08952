-- A forecast table under fixed names, rows without product or date too. A date or number in it that cannot be read is an
-- error.
--
-- @param forecast: VARCHAR  the forecast table: product_id, date, step, yhat; yhat_lower and yhat_upper need not exist
-- @param by: VARCHAR        a column to group by, or NULL
-- @returns key_: same as input    the product
-- @returns day_: DATE             the first day of the period
-- @returns step_: BIGINT          periods since the launch
-- @returns yhat_: DOUBLE          the forecast, NULL when it is not finite
-- @returns lower_: DOUBLE         the lower bound
-- @returns upper_: DOUBLE         the upper bound
-- @returns group_: same as input  the value to group by
-- @example WITH forecast AS (SELECT product_id, date, 1 AS step, units AS yhat FROM sales)
--          FROM __launch_forecast_rows('forecast', NULL)
SELECT key_, day_, step_, yhat_, lower_, upper_, group_
FROM (
    SELECT
        COLUMNS(lambda c: __launch_column(c, 'product_id', forecast)) AS key_,
        __launch_told_day(COLUMNS(lambda c: __launch_column(c, 'date', forecast)), 'date of ' || forecast) AS day_,
        TRY_CAST(COLUMNS(lambda c: __launch_column(c, 'step', forecast)) AS BIGINT) AS step_,
        __launch_told_number(COLUMNS(lambda c: __launch_column(c, 'yhat', forecast)), 'yhat of ' || forecast) AS yhat_,
        __launch_told_number(COLUMNS(lambda c: __launch_column(c, 'yhat_lower', forecast)), 'yhat_lower of ' || forecast) AS lower_,
        __launch_told_number(COLUMNS(lambda c: __launch_column(c, 'yhat_upper', forecast)), 'yhat_upper of ' || forecast) AS upper_,
        COLUMNS(lambda c: __launch_column(c, coalesce("by", '__launch_all'), forecast)) AS group_
    FROM query(__launch_from(forecast, ['product_id', 'date', 'step', 'yhat'], ['yhat_lower', 'yhat_upper', 'all']))
)
