-- A value that moves sales too, as a number.
--
-- @scalar
-- @param x: ANY         a number or boolean
-- @param name: VARCHAR  what errors call it
-- @returns DOUBLE the number, NULL for none; an error for a value of another type
-- @example __launch_control(true, 'promotion')
CASE WHEN regexp_full_match(typeof(x), 'U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|FLOAT|DOUBLE|DECIMAL.*|BOOLEAN|"NULL"')
THEN TRY_CAST(x AS DOUBLE)
ELSE error('control "' || name || '" has type ' || typeof(x) || ': give numbers or booleans') END
