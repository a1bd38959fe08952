-- Mean absolute scaled error: the mean absolute error as a multiple of that of a baseline. Below 1, the forecasts are
-- better than the baseline. Rows with a NULL, a NaN or an infinite number are skipped.
--
-- @scalar
-- @param actual: DOUBLE    what happened
-- @param forecast: DOUBLE  what was predicted
-- @param baseline: DOUBLE  the forecast to compare with
-- @returns DOUBLE a ratio; NULL when the baseline makes no error
-- @example SELECT launch_mase(units, 100, 120) FROM sales
__launch_exact_ratio(abs(actual - forecast) + 0 * baseline, abs(actual - baseline))
