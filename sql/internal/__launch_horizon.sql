-- Checks a number of periods.
--
-- @scalar
-- @param horizon: BIGINT  the number
-- @returns BIGINT the number, if it is between 1 and 520
-- @example __launch_horizon(13)
CASE WHEN horizon BETWEEN 1 AND 520 THEN horizon
ELSE error('horizon must be between 1 and 520, got ' || coalesce(horizon::VARCHAR, 'NULL')) END
