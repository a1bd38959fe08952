-- A value as a day.
--
-- @scalar
-- @param moment: ANY  a date, timestamp or text
-- @returns DATE the day; NULL when it is none from 1970 to 2200
-- @example __launch_valid_day('2024-01-31')
CASE WHEN TRY_CAST(moment AS DATE) BETWEEN DATE '1970-01-01' AND DATE '2200-12-31' THEN TRY_CAST(moment AS DATE) END
