-- Units of a period as if all its rows were known: those that are stand for those that are not.
--
-- @scalar
-- @param units: DOUBLE      the sum of its known rows
-- @param unknown: DOUBLE    the sum of what its rows lack, as __launch_sales tells
-- @param rows_seen: BIGINT  its rows
-- @returns DOUBLE the units; NULL where less than a quarter is known
-- @example SELECT __launch_whole(12, 1, 4)
CASE WHEN NOT unknown > 0 THEN units WHEN 1 - unknown / rows_seen >= 0.25 THEN greatest(units, 0) / (1 - unknown / rows_seen) END
