-- A date of a table that a function made and somebody may have passed through a file: a text that is none is an error.
--
-- @scalar
-- @param given: ANY     the date, or a text of it
-- @param what: VARCHAR  the column and its table
-- @returns DATE the date; NULL where there is none from 1970 to 2200
-- @example SELECT __launch_told_day('2024-12-31', 'date of forecast')
CASE
    WHEN typeof(given) = 'VARCHAR' AND __launch_valid_day(given) IS NULL AND regexp_full_match(trim(given::VARCHAR), '.+')
        AND lower(trim(given::VARCHAR)) <> 'null'
    THEN error(format('{} is no date from 1970 to 2200, such as ''{}'': write it as year-month-day', what, given::VARCHAR))
    ELSE __launch_valid_day(given)
END
