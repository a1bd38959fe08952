-- A text as a literal of SQL.
--
-- @scalar
-- @param content: VARCHAR  the text, or NULL
-- @returns VARCHAR the text in quotes, or the word NULL
-- @example __launch_quoted('it''s')
coalesce('''' || replace(content, '''', '''''') || '''', 'NULL')
