-- The columns of a table, in lower case. No rows without a table, and of one without rows.
--
-- @param source: VARCHAR  the table, or NULL
-- @returns name_: VARCHAR  a column
-- @example FROM __launch_columns('products')
SELECT DISTINCT unnest([lower(n_) FOR n_ IN json_keys(to_json(struct_pack(*COLUMNS(*))))]) AS name_
FROM (FROM query(__launch_from(source, ['none'], [])) LIMIT 1)
