-- Checks that a table is named.
--
-- @scalar
-- @param source: VARCHAR  the table
-- @param label: VARCHAR   what it is called
-- @returns VARCHAR the table
-- @example __launch_named('events', 'events')
CASE WHEN trim(source) <> '' THEN source ELSE error(label || ' must name a table, got ' || coalesce('''' || source || '''', 'NULL')) END
