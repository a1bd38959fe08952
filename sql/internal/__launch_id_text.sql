-- An id as a text: numbers of all types alike.
--
-- @scalar
-- @param id: ANY  the id
-- @returns VARCHAR the text; NULL for an empty one
-- @example __launch_id_text(12.0)
CASE
    WHEN __launch_kind(typeof(id)) = 'number' THEN regexp_replace(id::VARCHAR, '\.0+$', '')
    WHEN trim(id::VARCHAR) <> '' THEN id::VARCHAR
END
