-- How many steps after its launch date a product sold nothing, where chance would not leave it so: at the pace of the steps since
-- its first sale, 7 units or more would have been sold after the first step, which may be short; none is, once in a thousand. Else 0.
--
-- @scalar
-- @param units: DOUBLE[]  units by step, NULL where not known
-- @returns BIGINT the first steps without a sale
-- @example __launch_idle([0, 0, 104, 99])
coalesce(CASE
    WHEN (len(list_filter(units, lambda u: u > 0)) = 0) THEN 0
    WHEN list_avg(units[list_position(list_transform(units, lambda u: coalesce(u > 0, false)), true):])
        * len(list_filter(units[:list_position(list_transform(units, lambda u: coalesce(u > 0, false)), true) - 1][2:], lambda u: u = 0)) >= 7
    THEN list_position(list_transform(units, lambda u: coalesce(u > 0, false)), true) - 1
END, 0)
