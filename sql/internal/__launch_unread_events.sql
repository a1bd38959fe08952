-- What is wrong with a table of events that has rows without a name or a date.
--
-- @scalar
-- @param unread: BIGINT    how many they are
-- @param rows: BIGINT      of how many
-- @param events: VARCHAR   the table
-- @param example: VARCHAR  a date that is none, or NULL
-- @returns VARCHAR the text, NULL when there is nothing to tell
-- @example __launch_unread_events(2, 9, 'holidays', '31.31.2024')
CASE WHEN unread > 0 THEN format(
    '{} of {} rows of events {} have no name, or no date from 1970 to 2200, such as ''{}''', unread, rows, events, coalesce(example, 'NULL')
) END
