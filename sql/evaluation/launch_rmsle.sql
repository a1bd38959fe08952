-- Root mean squared logarithmic error of forecasts, the root of the mean of (ln(1 + forecast) - ln(1 + actual))
-- squared: it judges ratios, so slow sellers count as much as fast ones. Negative numbers are taken as 0. Rows with a
-- NULL, a NaN or an infinite number are skipped.
--
-- @scalar
-- @param actual: DOUBLE    what happened
-- @param forecast: DOUBLE  what was predicted
-- @returns DOUBLE 0.1 is an error near 10 %; NULL without rows
-- @example SELECT launch_rmsle(units, 100) FROM sales
sqrt(
    __launch_exact_mean_square(
        CASE WHEN isfinite(actual - forecast) THEN ln((1 + greatest(actual, 0)) / (1 + greatest(forecast, 0))) END
    )
)
