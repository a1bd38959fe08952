-- A name as a quoted identifier of SQL.
--
-- @scalar
-- @param label: VARCHAR  the name, or NULL
-- @returns VARCHAR the name in double quotes, NULL without one
-- @example __launch_identifier('my column')
'"' || replace(label, '"', '""') || '"'
