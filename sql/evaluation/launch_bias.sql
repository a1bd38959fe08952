-- Bias of forecasts: by which share all forecasts together are above (positive) or below (negative) the actuals. Rows
-- with a NULL, a NaN or an infinite number are skipped.
--
-- @scalar
-- @param actual: DOUBLE    what happened
-- @param forecast: DOUBLE  what was predicted
-- @returns DOUBLE a share; NULL when the actuals sum to zero
-- @example SELECT launch_bias(units, 100) FROM sales
__launch_exact_ratio(forecast - actual, actual)
