-- Coverage of prediction intervals: the share of actuals inside their interval, bounds included. Intervals of level
-- 0.8 should cover 0.8. Rows with a NULL or NaN are skipped.
--
-- @scalar
-- @param actual: DOUBLE  what happened
-- @param lower: DOUBLE   the lower bound
-- @param upper: DOUBLE   the upper bound
-- @returns DOUBLE 0 to 1; NULL without rows
-- @example SELECT launch_coverage(units, 50, 150) FROM sales
avg(
    CASE WHEN isfinite(actual) AND NOT isnan(lower) AND NOT isnan(upper)
    THEN (actual BETWEEN lower AND upper)::INTEGER::DOUBLE END
)
