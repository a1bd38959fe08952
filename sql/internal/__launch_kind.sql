-- What values of a type can be compared with.
--
-- @scalar
-- @param type_name: VARCHAR  the type, as typeof() names it
-- @returns VARCHAR number, text or date; other types as they are
-- @example __launch_kind('BIGINT')
CASE
    WHEN regexp_matches(type_name, '^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|BIGNUM|FLOAT|DOUBLE|DECIMAL.*|BOOLEAN)$') THEN 'number'
    WHEN type_name = 'VARCHAR' OR starts_with(type_name, 'ENUM') THEN 'text'
    WHEN type_name = 'DATE' OR starts_with(type_name, 'TIMESTAMP') THEN 'date'
    ELSE type_name
END
