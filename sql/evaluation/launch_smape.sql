-- Symmetric mean absolute percentage error of forecasts: the mean of 2 |actual - forecast| / (|actual| + |forecast|),
-- where a row with both zero counts 0. Rows with a NULL, a NaN or an infinite number are skipped.
--
-- @scalar
-- @param actual: DOUBLE    what happened
-- @param forecast: DOUBLE  what was predicted
-- @returns DOUBLE 0 to 2; NULL without rows
-- @example SELECT launch_smape(units, 100) FROM sales
sum((
    -- No row counts more than 2: whole numbers of 2^-60 hold them all, and their sum does not depend on their order.
    CASE WHEN isfinite(actual - forecast) THEN
        CASE WHEN actual = forecast THEN 0 ELSE 2 * abs(actual - forecast) / (abs(actual) + abs(forecast)) END
    END * 1152921504606846976
)::BIGINT)::DOUBLE / 1152921504606846976 / count(CASE WHEN isfinite(actual - forecast) THEN 1 END)
