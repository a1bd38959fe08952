-- Mean absolute error of forecasts. Rows with a NULL, a NaN or an infinite number are skipped.
--
-- @scalar
-- @param actual: DOUBLE    what happened
-- @param forecast: DOUBLE  what was predicted
-- @returns DOUBLE in the unit of the measure; NULL without rows
-- @example SELECT launch_mae(units, 100) FROM sales
__launch_exact_mean(abs(actual - forecast))
