-- Weighted absolute percentage error of forecasts: the sum of absolute errors as a share of the sum of actuals. 0 is
-- perfect, 1 is as bad as forecasting nothing. Rows with a NULL, a NaN or an infinite number are skipped.
--
-- @scalar
-- @param actual: DOUBLE    what happened
-- @param forecast: DOUBLE  what was predicted
-- @returns DOUBLE a share; NULL when the actuals are all zero
-- @example SELECT launch_wape(units, 100) FROM sales
__launch_exact_ratio(abs(actual - forecast), abs(actual))
