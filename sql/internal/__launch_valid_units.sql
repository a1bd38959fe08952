-- A value as a number of units, or any other measure that can be summed.
--
-- @scalar
-- @param amount: ANY  a number or text
-- @returns DOUBLE the number; NULL when it is none, not finite, or 1e15 and more on either side of zero
-- @example __launch_valid_units('12')
CASE WHEN abs(__launch_amount(amount)) < 1e15 THEN __launch_amount(amount) END
