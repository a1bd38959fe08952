-- What is said of dates that have a time zone.
--
-- @scalar
-- @param type_name: VARCHAR  the type of the column, as typeof() names it
-- @returns VARCHAR the time zone of the session, whose days count; NULL for other types
-- @example __launch_zone_note('TIMESTAMP WITH TIME ZONE')
CASE WHEN type_name = 'TIMESTAMP WITH TIME ZONE' THEN
    'dates are days of the time zone '
    || coalesce((SELECT any_value(value) FROM duckdb_settings() WHERE lower(name) = 'timezone'), 'UTC')
END
