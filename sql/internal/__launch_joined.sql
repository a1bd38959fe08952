-- What may stand after FROM to read a table whose products are named by several columns, such as 'product_id, store':
-- the table with a further column of their values as one text, separated by ' | '; a | within a value is written twice,
-- so no two products have the same text. A NULL among the values gives NULL. A column whose own name has the comma goes
-- first: see __launch_part.
--
-- @scalar
-- @param source: VARCHAR  what may stand after FROM
-- @param label: VARCHAR   the names, separated by commas; a table with a single one is left as it is
-- @returns VARCHAR the query
-- @example __launch_joined('sales', 'product_id, date')
CASE WHEN contains(label, ',') THEN
    '(SELECT * EXCLUDE ('
    || array_to_string(['__launch_key_' || k_ FOR k_ IN range(1, len(string_split(label, ',')) + 1)], ', ')
    || '), '
    || array_to_string(
        ['replace(__launch_key_' || k_ || ', ''|'', ''||'')' FOR k_ IN range(1, len(string_split(label, ',')) + 1)],
        ' || '' | '' || '
    )
    || ' AS ' || __launch_identifier('__launch_' || label)
    || ' FROM (SELECT *'
    || array_to_string(
        [
            ', COLUMNS(lambda c: __launch_part(c, ' || __launch_quoted(label) || ', ' || k_ || ', '
            || __launch_quoted(source) || '))::VARCHAR AS __launch_key_' || k_
            FOR k_ IN range(1, len(string_split(label, ',')) + 1)
        ],
        ''
    )
    || ' FROM ' || source || '))'
ELSE source END
