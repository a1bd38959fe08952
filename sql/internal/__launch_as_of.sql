-- Checks a day that is asked as of.
--
-- @scalar
-- @param moment: ANY  the day, or NULL
-- @returns DATE the day
-- @example __launch_as_of('2024-01-31')
CASE
    WHEN moment IS NOT NULL AND __launch_valid_day(moment) IS NULL
    THEN error('as_of must be a date from 1970 to 2200, got ''' || moment::VARCHAR || '''')
    ELSE __launch_valid_day(moment)
END
