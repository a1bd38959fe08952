-- A number of a table that a function made and somebody may have passed through a file: a text that is none is an error.
--
-- @scalar
-- @param given: ANY     the number, or a text of it
-- @param what: VARCHAR  the column and its table
-- @returns DOUBLE the number; NULL where there is none, or none that is finite
-- @example SELECT __launch_told_number('12.5', 'yhat of forecast')
CASE
    WHEN typeof(given) = 'VARCHAR' AND __launch_amount(given) IS NULL
        AND regexp_full_match(trim(given::VARCHAR), '.+') AND NOT regexp_full_match(lower(trim(given::VARCHAR)), '[-+]?(nan|inf|infinity|null)')
    THEN error(format(
        '{} is no number or may be read in two ways, such as ''{}'': write it with a point and without separators of thousands',
        what, given::VARCHAR
    ))
    ELSE __launch_finite(__launch_amount(given))
END
