-- A number as units to order.
--
-- @scalar
-- @param number: DOUBLE  the number, or NULL
-- @returns DOUBLE the units; NULL when they are below 0, not finite, or 1e15 and more
-- @example __launch_order_units(12)
CASE WHEN number >= 0 AND number < 1e15 THEN number::DOUBLE END
