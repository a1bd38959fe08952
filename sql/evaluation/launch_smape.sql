-- Symmetric mean absolute percentage error of forecasts: the mean of 2 |actual - forecast| / (|actual| + |forecast|),
-- where a row with both zero counts 0. Rows with a NULL, a NaN or an infinite number are skipped.
--
-- @scalar
-- @param actual: DOUBLE    what happened
-- @param forecast: DOUBLE  what was predicted
-- @returns DOUBLE 0 to 2; NULL without rows
-- @example SELECT launch_smape(units, 100) FROM sales
__launch_exact_mean(
    -- 1e-300 makes 0 of a row with both zero.
    2 * abs(actual - forecast) / (abs(actual) + abs(forecast) + 1e-300)
)
