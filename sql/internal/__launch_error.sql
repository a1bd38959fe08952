-- The error of a forecast, or NULL when either number is NULL, NaN or infinite. The metrics use it several times in
-- one expression, which DuckDB computes only once.
--
-- @scalar
-- @param actual: DOUBLE    what happened
-- @param forecast: DOUBLE  what was predicted
-- @returns DOUBLE actual less forecast
-- @example __launch_error(10, 12)
CASE WHEN isfinite(actual - forecast) THEN actual - forecast END
