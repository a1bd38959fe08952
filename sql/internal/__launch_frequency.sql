-- Checks the name of a calendar.
--
-- @scalar
-- @param frequency: VARCHAR  day, week or month, in any case
-- @returns VARCHAR the name in lower case
-- @example __launch_frequency('Week')
CASE WHEN lower(frequency) IN ('day', 'week', 'month') THEN lower(frequency)
ELSE error('frequency must be one of day, week, month, got ' || coalesce('''' || frequency || '''', 'NULL')) END
