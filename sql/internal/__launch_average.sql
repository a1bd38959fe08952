-- The mean of numbers. Their sum is exact to nine decimals, so it does not depend on the order of the rows.
--
-- @scalar
-- @param x: DOUBLE  a number below 1e15 on either side of zero, or NULL
-- @returns DOUBLE the mean, NULL without numbers
-- @example SELECT __launch_average(price) FROM sales
sum(x::DECIMAL(38, 9))::DOUBLE / nullif(count(x), 0)
