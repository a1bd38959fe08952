-- What is to be told of a table that has rows which lack something that is needed.
--
-- @scalar
-- @param unread: BIGINT    how many they are
-- @param rows_seen: BIGINT  of how many
-- @param what: VARCHAR     the table
-- @param needs: VARCHAR    what they lack
-- @param example: VARCHAR  what one of them has in its place, or NULL
-- @returns VARCHAR the text, NULL when there is nothing to tell
-- @example SELECT __launch_unread_rows(2, 9, 'events holidays', 'date from 1970 to 2200', '31.31.2024')
CASE WHEN unread > 0 THEN format(
    '{} of {} rows of {} have no {}, such as {}', unread, rows_seen, what, needs, coalesce('''' || example || '''', 'NULL')
) END
