-- Pinball loss of forecasts of a quantile: each unit that the actual is above the forecast costs quantile, each unit
-- below it costs 1 - quantile. Rows with a NULL, a NaN or an infinite number are skipped.
--
-- @scalar
-- @param actual: DOUBLE    what happened
-- @param forecast: DOUBLE  the predicted quantile
-- @param quantile: DOUBLE  which quantile, 0 to 1
-- @returns DOUBLE in the unit of the measure; NULL without rows
-- @example SELECT launch_pinball(units, 100, 0.9) FROM sales
__launch_exact_mean(
    CASE WHEN quantile BETWEEN 0 AND 1 THEN quantile - 0.5
    WHEN quantile IS NOT NULL THEN error('quantile must be between 0 and 1, got ' || quantile) END
    * (actual - forecast)
    + 0.5 * abs(actual - forecast)
)
