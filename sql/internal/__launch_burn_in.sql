-- Checks the number of periods at the start of the data in which no launch is seen.
--
-- @scalar
-- @param burn_in: BIGINT  the number
-- @returns BIGINT the number, if it is not negative
-- @example __launch_burn_in(1)
CASE WHEN burn_in BETWEEN 0 AND 100000 THEN burn_in
ELSE error('burn_in must be between 0 and 100000, got ' || coalesce(burn_in::VARCHAR, 'NULL')) END
