-- A value as a price.
--
-- @scalar
-- @param amount: ANY  a number or text
-- @returns DOUBLE the price; NULL when it is none, negative, not finite, or 1e12 and more
-- @example __launch_valid_price('9.99')
CASE WHEN __launch_amount(amount) >= 0 AND __launch_amount(amount) < 1e12 THEN __launch_amount(amount) END
