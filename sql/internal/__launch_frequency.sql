-- Checks the name of a calendar.
--
-- @scalar
-- @param frequency: VARCHAR  day, week or month, in any case
-- @returns VARCHAR the name in lower case
-- @example __launch_frequency('Week')
__launch_option('frequency', frequency, ['day', 'week', 'month'])
