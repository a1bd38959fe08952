-- Checks the probability of an interval.
--
-- @scalar
-- @param probability: DOUBLE  the number
-- @returns DOUBLE the number, if it is above 0 and below 1
-- @example __launch_level(0.8)
CASE WHEN probability > 0 AND probability < 1 THEN probability::DOUBLE
ELSE error('level must be above 0 and below 1, got ' || coalesce(probability::VARCHAR, 'NULL')) END
