-- The error of a forecast; NaN when either number is NaN or infinite. Written without CASE, so that DuckDB computes it
-- only once where a metric uses it several times.
--
-- @scalar
-- @param actual: DOUBLE    what happened
-- @param forecast: DOUBLE  what was predicted
-- @returns DOUBLE actual less forecast
-- @example __launch_error(10, 12)
actual - forecast + 0 * (actual - forecast)
