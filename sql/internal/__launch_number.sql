-- A number with the type it came as, which a column of any type can be turned into.
--
-- @scalar
-- @param x: ANY  a number or boolean
-- @returns STRUCT value_, NULL when x is none, and type_
-- @example __launch_number(true)
{'value_': TRY_CAST(x AS DOUBLE), 'type_': typeof(x)}
