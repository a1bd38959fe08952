-- The ids of a table with their texts, each once.
--
-- @param source: VARCHAR   the table; NULL for none
-- @param id: VARCHAR       its column of ids
-- @returns key_: same as input  the id
-- @returns text_: VARCHAR       its text
-- @example FROM __launch_keys('purchases', 'user_id')
SELECT key_, __launch_id_text(key_) AS text_
FROM (
    SELECT DISTINCT COLUMNS(lambda c: __launch_column(c, id, coalesce(source, id))) AS key_
    FROM query(__launch_from(source, [id], ['none']))
)
WHERE __launch_id_text(key_) IS NOT NULL
