-- What query() takes to read a table: all its columns, and an empty one named __launch_<name> for each column that need
-- not exist. Without a table there are no rows. Where a name lists several columns, there is a further one of their
-- values together: see __launch_joined.
--
-- @scalar
-- @param source: VARCHAR      what may stand after FROM: a table, a table with a WHERE, a query in parentheses; or NULL
-- @param columns: VARCHAR[]   the columns that must exist, which there are without a table too
-- @param optional: VARCHAR[]  the columns that need not exist
-- @returns VARCHAR the query
-- @example __launch_from('sales', ['product_id', 'date', 'units'], ['price'])
'SELECT *'
|| array_to_string(
    [
        ', NULL AS ' || __launch_identifier('__launch_' || c_)
        FOR c_ IN list_sort(list_distinct([lower(n_) FOR n_ IN optional]))
    ],
    ''
)
|| ' FROM ' || coalesce(
    __launch_joined(source, list_filter(columns, lambda n: contains(n, ','))[1]),
    source,
    '(SELECT ' || array_to_string(
        ['NULL AS ' || __launch_identifier(c_) FOR c_ IN list_sort(list_distinct([lower(n_) FOR n_ IN columns]))],
        ', '
    ) || ' WHERE false)'
)
