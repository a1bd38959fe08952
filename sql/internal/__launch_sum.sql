-- The sum of numbers. It is exact to nine decimals, so it does not depend on the order of the rows.
--
-- @scalar
-- @param x: DOUBLE  a number below 1e15 on either side of zero, or NULL
-- @returns DOUBLE the sum, NULL without numbers
-- @example SELECT __launch_sum(units) FROM sales
sum(x::DECIMAL(38, 9))::DOUBLE
